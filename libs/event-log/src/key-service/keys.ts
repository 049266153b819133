import { ownerOf, type Principal } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { KeyDirectory } from '../keys/index.ts';
import { isExpired, type ApiKeyRecord } from '../keys/records.ts';
import type { KeyServiceCommand, Result } from './protocol.ts';
import { assertMayAssign, assertOwnScopes, mayInvite } from './rules.ts';

type Command<Name extends KeyServiceCommand['command']> = Extract<KeyServiceCommand, { command: Name }>;

/** Keys of a member that are valid. Everybody who checks keys holds all of them in memory. */
export const MOST_KEYS = 50;
/** Keys of a member in all, with those that are revoked or have expired. */
const MOST_RECORDS = 200;
/** How long a key that cannot be used any more is kept in any case: people look at what happened. */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000;
/** How long a rotated key stays valid beside the new one, at most. */
export const LONGEST_OVERLAP_MS = 30 * 24 * 60 * 60_000;

/** @throws AppError */
export async function createKey(
  keys: KeyDirectory,
  caller: Principal,
  { name, scopes, expiresAt }: Command<'create-key'>,
): Promise<Result<'create-key'>> {
  assertOwnScopes(caller, scopes);
  if (expiresAt !== undefined && expiresAt <= Date.now()) {
    throw new AppError('INVALID_REQUEST', 'The key would have expired already');
  }
  await makeRoom(keys, caller);
  return keys.createFor({ owner: ownerOf(caller), name, scopes, expiresAt: noLaterThan(keys, caller, expiresAt) });
}

/**
 * Rotates a key of the caller: see {@link replaceKey}. The new key does not outlive the one that asks for it. @throws AppError
 */
export async function rotateKey(
  keys: KeyDirectory,
  caller: Principal,
  { keyId, endsAt }: Command<'rotate-key'>,
): Promise<Result<'rotate-key'>> {
  const known = ownKey(keys, caller, keyId);
  assertOwnScopes(caller, known.scopes);
  await makeRoom(keys, caller);
  return replaceKey(keys, known, { endsAt, expiresAt: noLaterThan(keys, caller, known.expiresAt) });
}

/**
 * A new key with the name, the scopes and the owner of another one, which stays valid until `endsAt`, at most for
 * {@link LONGEST_OVERLAP_MS}: clients can change over one after the other. What the caller may do is checked before.
 * @throws AppError CONFLICT if the key cannot be used any more or was rotated, NOT_FOUND if its owner is no member, UNAVAILABLE
 */
export async function replaceKey(
  keys: KeyDirectory,
  known: ApiKeyRecord,
  { endsAt, expiresAt }: { readonly endsAt: number; readonly expiresAt: number | undefined },
): Promise<Result<'rotate-key'>> {
  if (known.revokedAt !== undefined || isExpired(known)) {
    throw new AppError('CONFLICT', 'This key is revoked or has expired; create another one');
  }
  if (known.replacedBy !== undefined) {
    throw new AppError(
      'CONFLICT',
      `This key was rotated already; rotate the one that replaced it, ${known.replacedBy}`,
    );
  }
  const { name, scopes } = known;
  const { key, record } = await keys.createFor({ owner: known.owner, name, scopes, expiresAt });
  const latest = Date.now() + LONGEST_OVERLAP_MS;
  const former = await keys.replace(known.id, { by: record.id, endsAt: Math.min(endsAt, latest) });
  return { key, record, former: former! };
}

/** Revokes the caller's own key, or a member's if the caller manages members. @throws AppError */
export async function revokeKey(
  keys: KeyDirectory,
  caller: Principal,
  { keyId }: Command<'revoke-key'>,
): Promise<Result<'revoke-key'>> {
  const found = keys.record(keyId);
  if (!found || found.owner.workspaceId !== caller.workspaceId) throw noSuchKey();
  if (found.owner.userId !== caller.userId) {
    if (!mayInvite(caller.role)) throw noSuchKey();
    assertMayAssign(caller, [keys.people.roleFor(found.owner)]);
  }
  const record = await keys.revoke(keyId);
  return { record: record! };
}

function ownKey(keys: KeyDirectory, { workspaceId, userId }: Principal, keyId: string): ApiKeyRecord {
  const found = keys.record(keyId);
  const isOwn = found?.owner.userId === userId && found.owner.workspaceId === workspaceId;
  if (!found || !isOwn) throw noSuchKey();
  return found;
}

/** The oldest keys that cannot be used any more make room. @throws AppError CONFLICT */
async function makeRoom(keys: KeyDirectory, caller: Principal): Promise<void> {
  const own = keys.listOf(ownerOf(caller));
  const valid = own.filter((record) => record.revokedAt === undefined && !isExpired(record));
  if (valid.length >= MOST_KEYS) {
    throw new AppError('CONFLICT', `You have ${MOST_KEYS} keys already; revoke one that you no longer use`);
  }
  const tooMany = own.length - MOST_RECORDS + 1;
  if (tooMany <= 0) return;
  const forgettable = own.filter((record) => isForgettable(record, Date.now())).slice(0, tooMany);
  if (forgettable.length < tooMany) {
    throw new AppError('CONFLICT', `You have made ${MOST_RECORDS} keys within a day; try again tomorrow`);
  }
  for (const { id } of forgettable) await keys.forget(id);
}

/** A key that names its owner itself says who is a member; no event does. */
function isForgettable({ revokedAt, expiresAt = Infinity, isOwnerOnLog }: ApiKeyRecord, now: number): boolean {
  return isOwnerOnLog === true && Math.min(revokedAt ?? Infinity, expiresAt) <= now - FORGOTTEN_AFTER_MS;
}

/** Otherwise somebody who found a key could make another one that outlives it. */
function noLaterThan(keys: KeyDirectory, caller: Principal, expiresAt: number | undefined): number | undefined {
  const keyId = caller.loginId === undefined ? caller.keyId : caller.loginKeyId;
  const own = keyId === undefined ? undefined : keys.record(keyId)?.expiresAt;
  return own === undefined ? expiresAt : Math.min(own, expiresAt ?? Infinity);
}

function noSuchKey(): AppError {
  return new AppError('NOT_FOUND', 'You have no such key');
}
