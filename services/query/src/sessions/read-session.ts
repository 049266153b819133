import {
  messageView,
  sessionIdOf,
  type MessageView,
  type Owner,
  type Positions,
  type Reader,
  type SessionState,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { DocumentStore } from '@opensync/stores';
import type { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { optionalChoiceOf, optionalText, requiredText } from '../parameters.ts';
import { decodeMessageCursor, type MessageCursor } from './cursors.ts';

/** Query string of the routes that show a session, for either kind of id. */
const readSessionFields = {
  messageLimit: inQuery(limitOf(1_000, 1_000, 'Maximum number of messages')),
  messageCursor: optionalText(1_000, 'The `messageCursor` of the previous page'),
  media: optionalChoiceOf(['link', 'inline'], 'Return blobs as links or as they were sent; see Media'),
};
export const readSessionSchema = onlyFields(readSessionFields);
export type ReadSession = z.infer<typeof readSessionSchema>;

export const readSessionByIdSchema = onlyFields({
  id: requiredText(512, 'The session’s id, assigned by OpenSync or by its plugin'),
  ...readSessionFields,
});

/** A message of a session, and where the list continues after it. */
export interface PageMessage {
  readonly view: MessageView;
  readonly cursor: MessageCursor;
}

/** Keys of messages that are read at once. */
const KEYS_PER_READ = 1_001;
/** Bodies in memory at once, besides the answer; a larger message comes alone. */
const READ_BYTES = 1024 * 1024;

/**
 * The session with this id: ours (`ses_…`), or, for the reader's own sessions, its plugin's. Its contents are read in
 * the scope of its owner.
 * @throws AppError NOT_FOUND, also if the reader may not see the session
 */
export async function findSession(documents: DocumentStore, reader: Reader, id: string): Promise<SessionState> {
  // Our ids are derived from the plugins', so both readings of `id` are one lookup.
  const candidates = [id, sessionIdOf(reader, id)];
  const sessions = await documents.sessionsById(reader, candidates);
  const session = candidates.map((candidate) => sessions.get(candidate)).find((found) => found !== undefined);
  if (!session) throw new AppError('NOT_FOUND', 'There is no session with this id');
  return session;
}

/** Where a page begins; undefined: at the first message. @throws AppError INVALID_REQUEST for another list's cursor */
export function startOf(
  { messageCursor }: Pick<ReadSession, 'messageCursor'>,
  positions: Positions,
): MessageCursor | undefined {
  return messageCursor === undefined ? undefined : decodeMessageCursor(messageCursor, positions);
}

/** The messages of a session in order, one more than the limit if there are more. */
export async function* readMessages(
  documents: DocumentStore,
  owner: Owner,
  sessionId: string,
  { limit: messageLimit, after }: { limit: number; after: MessageCursor | undefined },
): AsyncGenerator<PageMessage> {
  let cursor = after;
  for (let wanted = messageLimit + 1; wanted > 0;) {
    const limit = Math.min(wanted, KEYS_PER_READ);
    const keys = await documents.messageKeys(owner, sessionId, { limit, ...(cursor && { after: keyset(cursor) }) });
    for (let ids: readonly string[] = keys.map((key) => key.id); ids.length > 0;) {
      const { messages, rest } = await documents.wholeMessages(owner, ids, READ_BYTES);
      for (const { message, parts } of messages) {
        const view = messageView(message, parts);
        cursor = [view.createdAt, message.span.firstSequence];
        yield { view, cursor };
      }
      ids = rest;
    }
    if (keys.length < limit) return;
    wanted -= limit;
  }
}

function keyset([createdAt, sequence]: MessageCursor) {
  return { createdAt, sequence };
}
