import { sessionIdOf } from '@opensync/contracts';
import type { Claim } from '@opensync/event-log';
import { anOwner } from '@opensync/testkit';
import fc from 'fast-check';
import type { EventDraft } from './drafts.ts';
import { identityOf } from './request-identity.ts';
import { stampEvents } from './stamp.ts';

const ADA = anOwner('ada@example.com');
const BOB = anOwner('bob@example.com');
const draft = (title: string): EventDraft => ({
  type: 'dev.opensync.session.synced.v1',
  data: { sessionId: sessionIdOf(ADA, 's'), externalId: 's', title },
});
const identity = (key: string, body: unknown, owner = ADA, route = 'session') => identityOf(owner, key, route, body);
const idsOf = (titles: string[], given?: Claim) =>
  stampEvents([titles.map(draft)], { owner: ADA, time: 5, identity: given }).map(({ id }) => id);

it('keeps the order and adds owner and time', () => {
  expect(stampEvents([[draft('a')], [draft('b')]], { owner: ADA, time: 5 })).toMatchObject([
    { owner: ADA, time: 5, data: { title: 'a' } },
    { owner: ADA, time: 5, data: { title: 'b' } },
  ]);
});

it('gives new ids without a key, however often', () => {
  const titles = new Array<string>(1000).fill('a');
  const ids = [...idsOf(titles), ...idsOf(titles)];
  expect(new Set(ids).size).toBe(2000);
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
    true,
  );
});

describe('a request with an Idempotency-Key', () => {
  const body = { externalId: 's', title: 'a' };

  it('has the same ids again, and a different one for each of its events', () => {
    const items = [[draft('a'), draft('a')], [draft('a')]];
    const ids = () => stampEvents(items, { owner: ADA, time: 5, identity: identity('key', body) }).map(({ id }) => id);
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(3);
  });

  it.each([
    ['key', identity('other', body)],
    ['owner', identity('key', body, BOB)],
    ['body', identity('key', { ...body, title: 'b' })],
    ['route', identity('key', body, ADA, 'batch')],
  ])('has other ids for another %s', (_name, other) => {
    expect(idsOf(['a'], other)).not.toEqual(idsOf(['a'], identity('key', body)));
  });

  it('claims the key for its owner, whatever it contains and wherever it is sent', () => {
    const claimed = identity('key', body).id;
    expect(identity('key', { ...body, title: 'b' }).id).toBe(claimed);
    expect(identity('key', body, ADA, 'batch').id).toBe(claimed);
    expect(identity('other', body).id).not.toBe(claimed);
    expect(identity('key', body, BOB).id).not.toBe(claimed);
  });

  it('is the same one only for the same JSON', () => {
    const fingerprintOf = (json: string) => identity('key', JSON.parse(json)).fingerprint;
    fc.assert(
      fc.property(fc.json(), fc.json(), (one, other) => {
        const same = JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
        expect(fingerprintOf(one) === fingerprintOf(other)).toBe(same);
        expect(fingerprintOf(` ${one}\n`)).toBe(fingerprintOf(one));
      }),
    );
  });
});

it('is distinguished from others even if it is nested too deep for JSON.stringify', () => {
  const nested = (inner: string) => JSON.parse(`${'[{"a":'.repeat(20_000)}${inner}${'}]'.repeat(20_000)}`) as unknown;
  const fingerprint = (inner: string) => identity('key', { title: nested(inner) }).fingerprint;
  expect(fingerprint('1')).toBe(fingerprint('1'));
  expect(
    new Set(['1', '2', '"1"', 'null', '[]', '{}', '[1]', '{"b":1}', '[1,2]', '[[1],2]'].map(fingerprint)).size,
  ).toBe(10);
});
