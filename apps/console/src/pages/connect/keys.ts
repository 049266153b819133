import type { Answer } from '../../api/client.ts';
import { allows } from '../../session/access.ts';
import type { Role } from '../members/roles.ts';

export type Key = Answer<'/api/keys'>['keys'][number];
export type KeyScope = Key['scopes'][number];

/** What a key can be for, the most usual first. */
export const PURPOSES: readonly {
  readonly scopes: readonly KeyScope[];
  readonly name: string;
  readonly about: string;
}[] = [
  { scopes: ['ingest', 'read'], name: 'A plugin', about: 'writes sessions, and reads yours' },
  { scopes: ['ingest'], name: 'Writing alone', about: 'writes sessions, and reads nothing' },
  { scopes: ['read'], name: 'Reading alone', about: 'searches and reads; for agents over MCP, and for scripts' },
  { scopes: ['admin'], name: 'Everything', about: 'also deletes, shares and makes keys; for scripts of yours' },
];

/** Those that a key of somebody with this role can serve: a role that sends nothing makes no key for sending. Pure. */
export function purposesOf(role: Role) {
  const writes = allows({ role, scopes: ['ingest'] }, 'ingest');
  return PURPOSES.filter(({ scopes }) => writes || !scopes.includes('ingest'));
}

/** Days until a key expires; 0: never. */
export const LIFETIMES: readonly { readonly days: number; readonly name: string }[] = [
  { days: 0, name: 'never' },
  { days: 7, name: 'in a week' },
  { days: 30, name: 'in 30 days' },
  { days: 90, name: 'in 90 days' },
  { days: 365, name: 'in a year' },
];

/** Hours for which a key stays valid after it was rotated. */
export const OVERLAPS: readonly { readonly hours: number; readonly name: string }[] = [
  { hours: 0, name: 'at once' },
  { hours: 1, name: 'in an hour' },
  { hours: 24, name: 'in a day' },
  { hours: 7 * 24, name: 'in a week' },
  { hours: 30 * 24, name: 'in 30 days' },
];

const DAY_MS = 24 * 60 * 60_000;
/** From then on a key is shown as one that expires soon. */
const SOON_MS = 7 * DAY_MS;

/** The body of `POST /api/keys`. Pure. */
export function newKey(name: string, scopes: readonly KeyScope[], days: number, now: number) {
  return {
    name: name.trim(),
    scopes,
    ...(days > 0 && { expiresAt: new Date(now + days * DAY_MS).toISOString() }),
  };
}

/** How a key is, in a word, and how to colour it. Pure. */
export function conditionOf({ state, expiresAt, replacedBy }: Key, now: number) {
  if (state !== 'valid') return { kind: 'quiet', word: state } as const;
  if (replacedBy !== undefined) return { kind: 'warn', word: 'replaced' } as const;
  if (expiresAt !== undefined && expiresAt - now < SOON_MS) return { kind: 'warn', word: 'expires soon' } as const;
  return { kind: 'ok', word: 'valid' } as const;
}
