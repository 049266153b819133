import { ERASURE, readerOf, sessionIdOf, type NewEvent, type Owner } from '@opensync/contracts';
import { AppError, uuidv7 } from '@opensync/platform';
import type { QueryResources } from '../resources.ts';

export interface DeletedSession {
  readonly ok: true;
  readonly sessionId: string;
  readonly deleted: true;
}

/**
 * Deletes the session with this id, ours (`ses_…`) or its plugin's: stores an event, which the projections carry out.
 * Repeated, it deletes events sent since. Returns the sequence of the event with the answer.
 * @throws AppError NOT_FOUND, also if the session is someone else's; FORBIDDEN if the caller may only see it;
 * UNAVAILABLE
 */
export async function deleteSession(
  { documents, publisher }: Pick<QueryResources, 'documents' | 'publisher'>,
  caller: Owner,
  id: string,
  now: number,
): Promise<{ readonly answer: DeletedSession; readonly sequence: number }> {
  // The record of a user's erasure is not a session.
  const candidates = [id, sessionIdOf(caller, id)].filter((candidate) => candidate !== ERASURE);
  const { sessions, gone } = await documents.load(caller, { sessions: candidates });
  const session = candidates.map((candidate) => sessions.get(candidate) ?? gone.get(candidate)).find(Boolean);
  if (!session) {
    const shared = await documents.sessionsById(readerOf(caller), [id]);
    if (shared.size > 0) throw new AppError('FORBIDDEN', 'Only its owner can delete a shared session');
    throw new AppError('NOT_FOUND', 'There is no session with this id');
  }
  const { id: sessionId, externalId } = session;
  const data = { sessionId, externalId };
  const event: NewEvent = { id: uuidv7(), type: 'dev.opensync.session.deleted.v1', owner: caller, time: now, data };
  // Even a deleted session: its plugin may have sent it again since, and that may not be in the documents yet.
  const [sequence] = await publisher.publish([event]);
  return { answer: { ok: true, sessionId, deleted: true }, sequence: sequence! };
}
