import { conditionOf, newKey, PURPOSES, purposesOf, type Key } from './keys.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const DAY_MS = 24 * 60 * 60_000;
const key: Key = {
  ...{ id: 'key_1', hint: '…abcd', name: 'laptop', scopes: ['ingest', 'read'], state: 'valid', createdAt: NOW },
};

it('asks for a key that expires only if somebody chose that', () => {
  expect(newKey(' laptop ', ['ingest', 'read'], 0, NOW)).toEqual({ name: 'laptop', scopes: ['ingest', 'read'] });
  expect(newKey('ci', ['read'], 30, NOW)).toEqual({
    name: 'ci',
    scopes: ['read'],
    expiresAt: '2026-12-30T12:00:00.000Z',
  });
});

it('offers no purpose twice, and that of a plugin first', () => {
  expect(PURPOSES[0]!.scopes).toEqual(['ingest', 'read']);
  expect(new Set(PURPOSES.map(({ scopes }) => scopes.join())).size).toBe(PURPOSES.length);
});

it.each([
  ['member', 'ingest,read ingest read admin'],
  ['viewer', 'read admin'],
  ['analyst', 'read admin'],
] as const)('offers to a person with the role %s keys that can serve', (role, offered) => {
  expect(
    purposesOf(role)
      .map(({ scopes }) => scopes.join())
      .join(' '),
  ).toBe(offered);
});

it.each([
  [{}, 'valid', 'ok'],
  [{ expiresAt: NOW + 30 * DAY_MS }, 'valid', 'ok'],
  [{ expiresAt: NOW + DAY_MS }, 'expires soon', 'warn'],
  [{ expiresAt: NOW + DAY_MS, replacedBy: 'key_2' }, 'replaced', 'warn'],
  [{ state: 'revoked', replacedBy: 'key_2' }, 'revoked', 'quiet'],
  [{ state: 'expired' }, 'expired', 'quiet'],
] as const)('says of a key with %j that it is %s', (facts, word, kind) => {
  expect(conditionOf({ ...key, ...facts }, NOW)).toEqual({ word, kind });
});
