import { createHash } from 'node:crypto';
import { isGone, isHidden, isTrashed, type NewEvent, type Owner, type SessionState } from '@opensync/contracts';
import { AppError, uuidv7 } from '@opensync/platform';
import { onlyFields } from '../input.ts';
import { optionalChoiceOf } from '../parameters.ts';
import type { QueryResources } from '../resources.ts';
import { Curations, noSession, type Curated, type CurationResources, type Found } from './curations.ts';

/** How long a session in the trash can be taken out. */
export const UNDO_MS = 24 * 3_600_000;

/** Query string of `DELETE /api/sessions/:id`. */
export const deleteSchema = onlyFields({
  permanent: optionalChoiceOf(['true', 'false'], 'Delete it for good at once; it cannot be restored'),
});

export type ErasureResources = CurationResources & Pick<QueryResources, 'publisher'>;

export interface DeletedSession {
  readonly ok: true;
  readonly sessionId: string;
  readonly deleted: true;
  /** Until then it can be restored; absent if it was deleted for good. */
  readonly restorableUntil?: number;
}

export interface Deletion {
  readonly answer: DeletedSession;
  readonly sequence: number;
}

/** What puts a session into the trash; repeated, it changes nothing. @throws AppError NOT_FOUND, FORBIDDEN */
export function toTrash({ session, isOwn }: Found, now: number) {
  assertOwn(isOwn);
  if (isTrashed(session)) {
    if (session.fields.erasing) throw noSession();
    return {};
  }
  if (isGone(session)) throw noSession();
  return { trashedAt: now };
}

/** What takes a session out of the trash; repeated, it changes nothing. @throws AppError NOT_FOUND, FORBIDDEN */
export function outOfTrash({ session, isOwn }: Found, now: number) {
  assertOwn(isOwn);
  if (!isHidden(session)) return {};
  const { trashedAt, erasing } = session.fields;
  if (trashedAt == null || erasing || trashedAt <= now - UNDO_MS) throw noSession();
  return { trashedAt: null };
}

/**
 * Deletes the session with this id, ours (`ses_…`) or its plugin's: for a day it can be restored, unless `permanent`.
 * A session that was deleted for good before is deleted again, as its plugin may have sent it since.
 * @throws AppError NOT_FOUND, also if the session is someone else's; FORBIDDEN if the caller may only see it;
 * UNAVAILABLE
 */
export async function deleteSession(
  resources: ErasureResources,
  caller: Owner,
  { id, permanent, now }: { id: string; permanent: boolean; now: number },
): Promise<Deletion> {
  const curations = new Curations(resources, caller, now);
  if (permanent) return deletionOf(await erase(resources, curations, { id, now }));
  const { session } = await curations.change(id, (found) => {
    return isGone(found.session) && found.isOwn ? {} : toTrash(found, now);
  });
  if (isGone(session)) return deletionOf(await erase(resources, curations, { id, now }));
  return trashedAnswer(session);
}

/** The answer about a session in the trash. */
function trashedAnswer({ id, fields, sequences }: SessionState): Deletion {
  const restorableUntil = fields.trashedAt! + UNDO_MS;
  return { answer: { ok: true, sessionId: id, deleted: true, restorableUntil }, sequence: sequences.trashedAt! };
}

function deletionOf({ session, sequence }: Erased): Deletion {
  return { answer: { ok: true, sessionId: session.id, deleted: true }, sequence };
}

interface Erased {
  readonly session: SessionState;
  readonly sequence: number;
}

/**
 * Deletes a session for good, in two steps. After the first one, nothing can take it out of the trash or change it:
 * the process that tries has not seen that event. A process that dies in between leaves the session to the keeper of the trash,
 * which finds it at once. The id of the second event follows from the first one, so that the log stores it once.
 * @param isDue asked about the session as it is: whether it may still be erased
 */
export async function erase(
  { publisher }: Pick<ErasureResources, 'publisher'>,
  curations: Curations,
  { id, now, isDue = () => true }: { id: string; now: number; isDue?: (session: SessionState) => boolean },
): Promise<Erased> {
  const { session }: Curated = await curations.change(id, ({ session, isOwn }) => {
    assertOwn(isOwn);
    if (!isDue(session)) throw noSession();
    return isGone(session) || session.fields.erasing ? {} : { erasing: true, trashedAt: 0 };
  });
  const { id: sessionId, externalId, owner, sequences } = session;
  const event: NewEvent = {
    id: sequences.erasing === undefined ? uuidv7() : derivedId(sessionId, sequences.erasing),
    type: 'dev.opensync.session.deleted.v1',
    ...{ owner, time: now, data: { sessionId, externalId } },
  };
  const [sequence] = await publisher.publish([event], { deduplicate: true });
  return { session, sequence: sequence! };
}

function assertOwn(isOwn: boolean): void {
  if (!isOwn) throw new AppError('FORBIDDEN', 'Only its owner can delete a shared session');
}

/** A UUID of version 8, the same for the same event. */
function derivedId(sessionId: string, sequence: number): string {
  const hex = createHash('sha256').update(`${sessionId} ${sequence}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
