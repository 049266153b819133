import { jetstreamManager } from '@nats-io/jetstream';
import {
  comparableEmail,
  eventSubject,
  newErasureId,
  ownerKey,
  ownerOf,
  pictureSubjects,
  type Owner,
  type Principal,
  type UserErased,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { openBucket } from '../bucket.ts';
import type { LogConnection } from '../connection.ts';
import { removeMemberAndKeys, type KeyDirectory } from '../keys/index.ts';
import type { LoginDirectory } from '../logins/index.ts';
import { draft, removeMember, removeUser } from '../people/decisions.ts';
import { GRACE_MS } from '../removal/remove-payloads.ts';
import { PREFERENCE_BUCKET, STREAM, SUMMARY_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { eraseEvents, hasEventBehind } from './events.ts';
import { ErasureBook, isComplete, type Erasure, type Found } from './records.ts';

export interface ErasureResources {
  readonly nc: LogConnection;
  readonly keys: KeyDirectory;
  readonly logins: LoginDirectory;
}

/** A login that is older has to be repeated: somebody else may sit at the browser now. */
const RECENT_LOGIN_MS = 15 * 60_000;
/** How long one step may remove events: the caller waits for the answer. */
const STEP_MS = 5_000;

/**
 * Begins the erasure of the caller in their workspace: ends all access and hides everything. The record is stored first, so that
 * whatever happens afterwards, {@link continueErasure} finishes it. Repeated, it is the erasure that has begun already.
 * @throws AppError UNAVAILABLE, FORBIDDEN with a login that is not recent, CONFLICT for the last owner of a workspace
 */
export async function eraseMe(resources: ErasureResources, caller: Principal, found: Found): Promise<Erasure> {
  const { nc, keys, logins } = resources;
  const owner = ownerOf(caller);
  assertRecent(logins, caller);
  const book = new ErasureBook(nc);
  const begun = (await book.list(owner)).find((erasure) => !isComplete(erasure));
  if (begun) return hide(resources, begun);
  assertMayLeave(keys, owner);
  const erasure: Erasure = { id: newErasureId(), ...owner, requestedAt: Date.now(), found };
  await book.create(erasure);
  try {
    return await hide(resources, erasure);
  } catch (error) {
    // Another owner may have left at the same moment. Nothing has happened yet.
    if (error instanceof AppError && error.code === 'CONFLICT') await book.remove(erasure);
    throw error;
  }
}

/** What other services have verified since the last step. */
export interface Verified {
  /** Neither documents nor indexes have anything from before the event with this sequence. */
  readonly stores?: { readonly sequence: number; readonly sessions: number } | undefined;
  /** The payload store has nothing of the owner. */
  readonly payloads?: boolean | undefined;
}

/**
 * Does what is due of an erasure, in whatever state a process has left it. Events are removed last, when everything that was made from
 * them is gone, and no request that had begun before can add another one.
 * @throws AppError UNAVAILABLE
 */
export async function continueErasure(
  resources: ErasureResources,
  begun: Erasure,
  { stores, payloads }: Verified,
  { graceMs = GRACE_MS, stepMs = STEP_MS }: { readonly graceMs?: number; readonly stepMs?: number } = {},
): Promise<Erasure> {
  const { nc } = resources;
  const book = new ErasureBook(nc);
  if (isComplete(begun)) return begun;
  let erasure = await hide(resources, begun);
  const { sequence, at } = erasure.hidden!;
  const set = async (change: { [Step in keyof Erasure]?: Erasure[Step] | undefined }) => {
    // Unless another step has begun from the beginning meanwhile.
    const next = (stored: Erasure) => (stored.hidden?.sequence === sequence ? { ...stored, ...change } : stored);
    erasure = (await book.change(erasure, (stored) => next(stored) as Erasure)) ?? erasure;
  };
  const now = Date.now();
  const isSame = stores?.sequence === sequence;
  // What was verified once may have come back: a process that had read it before may have written it since.
  await set({
    stores: isSame ? { at: now, sessions: stores.sessions } : undefined,
    payloads: payloads ? { at: now } : undefined,
  });
  if (!erasure.stores || !erasure.payloads || now < at + graceMs) return erasure;
  const people = resources.keys.people.current();
  const isMember = people.roleOf(begun) !== undefined;
  if (!isMember && (await hasEventBehind(nc, begun, sequence))) return hide(resources, erasure, true);
  const isWhole = await eraseEvents(nc, begun, {
    before: sequence,
    isGone: people.user(begun.userId) === undefined,
    until: performance.now() + stepMs,
    // Recorded first: otherwise they would count as lost.
    onRemoving: (events) => set({ events: { removed: (erasure.events?.removed ?? 0) + events } }),
  });
  if (isWhole) await set({ events: { removed: erasure.events?.removed ?? 0, at: Date.now() } });
  return erasure;
}

/** Whether an erasure is unfinished, or has no record yet because the log was restored. @throws AppError UNAVAILABLE */
export async function hasOpenErasures(nc: LogConnection): Promise<boolean> {
  const known = await new ErasureBook(nc).list();
  return known.some((erasure) => !isComplete(erasure)) || (await unrecorded(nc, known)).length > 0;
}

/**
 * Records the erasures of a log that was restored without its records: they begin again. Of owners who have come back since, only what
 * is older than their erasure goes. @throws AppError UNAVAILABLE
 */
export async function findErasures({ nc, keys }: ErasureResources): Promise<void> {
  const book = new ErasureBook(nc);
  for (const { id, owner, sequence, at } of await unrecorded(nc, await book.list())) {
    const isBack = keys.people.current().roleOf(owner) !== undefined;
    const hidden = { at, sequence, keys: 0, invitations: 0 };
    await book.create({ id, ...owner, requestedAt: at, ...(isBack && { hidden }) });
  }
}

async function unrecorded(nc: LogConnection, known: readonly Erasure[]) {
  const ids = new Set(known.map(({ id }) => id));
  const found = [];
  for (const owner of await erasedOwners(nc)) {
    const last = await lastErasure(nc, owner);
    if (last?.id !== undefined && !ids.has(last.id)) found.push({ ...last, id: last.id, owner });
  }
  return found;
}

/**
 * Ends all access and stores the event that deletes everything from before it. Each step finds out whether it was done.
 * @param again stores another event although there is one
 */
async function hide(resources: ErasureResources, erasure: Erasure, again = false): Promise<Erasure> {
  if (erasure.hidden && !again) return erasure;
  const { nc, keys, logins } = resources;
  const { id, workspaceId, userId } = erasure;
  const owner = { workspaceId, userId };
  const email = keys.people.current().user(userId)?.email;
  if (keys.people.current().roleOf(owner) !== undefined) await removeMemberAndKeys(keys, workspaceId, userId, logins);
  await logins.forget(owner);
  await keys.revokeAll(keys.validKeysOf(owner));
  const known = await lastErasure(nc, owner);
  if (again || known?.id !== id) {
    const data: UserErased = { userId, erasureId: id };
    await keys.people.record(draft('dev.opensync.user.erased.v1', owner, data));
  }
  const { sequence, at } = (await lastErasure(nc, owner))!;
  const invitations = await logins.invitations.remove(
    (one) =>
      one.workspaceId === workspaceId &&
      (one.invitedBy === userId ||
        (email !== undefined && one.email !== undefined && comparableEmail(one.email) === comparableEmail(email))),
  );
  const people = keys.people.current();
  if (people.user(userId) && people.membershipsOf(userId).length === 0) await keys.people.change(removeUser(userId));
  const ended = keys.listOf(owner);
  for (const key of ended) await keys.forget(key.id);
  await forgetChoices(nc, owner);
  const book = new ErasureBook(nc);
  const { hidden, stores: _stores, payloads: _payloads, ...rest } = erasure;
  const counts = { keys: (hidden?.keys ?? 0) + ended.length, invitations: (hidden?.invitations ?? 0) + invitations };
  const after: Erasure = { ...rest, hidden: { at, sequence, ...counts } };
  return (await book.change(erasure, (stored) => (stored.hidden && !again ? stored : after))) ?? after;
}

/** Where summaries go, which ones were sent, and their pictures. */
async function forgetChoices(nc: LogConnection, owner: Owner): Promise<void> {
  const key = ownerKey(owner);
  await orUnavailable(nc, async () => {
    // Gateways that watch the bucket have to hear of it.
    await (await openBucket(nc, PREFERENCE_BUCKET)).delete(key);
    const manager = await jetstreamManager(nc, { checkAPI: false });
    await manager.streams.purge(`KV_${SUMMARY_BUCKET}`, { filter: `$KV.${SUMMARY_BUCKET}.${key}.>` });
    await manager.streams.purge(STREAM.pictures, { filter: pictureSubjects(owner) });
  });
}

function assertRecent(logins: LoginDirectory, { loginId, ...owner }: Principal): void {
  if (loginId === undefined) return;
  const login = logins.list(ownerOf(owner)).find(({ id }) => id === loginId);
  if (login && login.createdAt > Date.now() - RECENT_LOGIN_MS) return;
  throw new AppError(
    'FORBIDDEN',
    'Erasing everything needs a login of the last 15 minutes: log out and in, then repeat it',
  );
}

/** @throws AppError CONFLICT */
function assertMayLeave(keys: KeyDirectory, { workspaceId, userId }: Owner): void {
  try {
    removeMember(workspaceId, userId)(keys.people.current());
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'CONFLICT') throw error;
    throw new AppError(
      'CONFLICT',
      'You are the last owner of this workspace: make another member an owner first (PATCH /api/members/:id), or have it removed with its server',
    );
  }
}

interface LastErasure {
  readonly id: string | undefined;
  readonly sequence: number;
  readonly at: number;
}

async function lastErasure(nc: LogConnection, owner: Owner): Promise<LastErasure | undefined> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const last = await manager.streams.getMessage(STREAM.events, { last_by_subj: eventSubject(owner, 'erasure') });
    if (!last) return undefined;
    const { erasureId }: UserErased = last.json();
    return { id: erasureId, sequence: last.seq, at: last.time.getTime() };
  });
}

async function erasedOwners(nc: LogConnection): Promise<Owner[]> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const subjects_filter = eventSubject({ workspaceId: '*', userId: '*' }, 'erasure');
    const { state } = await manager.streams.info(STREAM.events, { subjects_filter });
    return Object.keys(state.subjects ?? {}).map((subject) => {
      const [, , workspaceId, userId] = subject.split('.') as [string, string, string, string];
      return { workspaceId, userId };
    });
  });
}
