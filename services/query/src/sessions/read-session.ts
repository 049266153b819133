import {
  messageView,
  sessionIdOf,
  sessionView,
  type MessageState,
  type Owner,
  type SessionView,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { DocumentStore } from '@opensync/stores';
import type { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { optionalText, requiredText } from '../parameters.ts';
import { completeMessage, type PayloadReader } from './complete-message.ts';
import { decodeMessageCursor, encodeCursor, type MessageCursor } from './cursors.ts';
import { messageJson, type MessageJson } from './session-json.ts';

/** Query string of the routes that show a session, whichever way its id is given. */
const readSessionFields = {
  messageLimit: inQuery(limitOf(1_000, 1_000, 'How many messages')),
  messageCursor: optionalText(1_000, 'The `messageCursor` of the page before'),
};
export const readSessionSchema = onlyFields(readSessionFields);
export type ReadSession = z.infer<typeof readSessionSchema>;

export const readSessionByIdSchema = onlyFields({
  id: requiredText(512, 'The session’s id, ours or the one that its plugin gave'),
  ...readSessionFields,
});

export interface SessionWithMessages {
  readonly session: SessionView;
  readonly messages: readonly MessageJson[];
  /** Where the messages go on; null where these are the last. */
  readonly messageCursor: string | null;
}

/** Keys of messages that are read at once. */
const KEYS_PER_READ = 1_001;
/** Bodies that are in memory at once, beside the answer; a message that is larger comes alone. */
const READ_BYTES = 2 * 1024 * 1024;
/** A page ends early beyond this, so that a few long sessions at once cannot exhaust memory. */
const PAGE_CHARACTERS = 16 * 1024 * 1024;

/**
 * A session with a page of its messages, content from the payload store in place.
 * `id` is ours (`ses_…`) or the one that the plugin gave.
 * @throws AppError NOT_FOUND, also where the session is someone else's
 */
export async function readSession(
  { documents, payloads }: { documents: DocumentStore; payloads: PayloadReader },
  owner: Owner,
  id: string,
  { messageLimit, messageCursor }: ReadSession,
): Promise<SessionWithMessages> {
  const after = messageCursor === undefined ? undefined : decodeMessageCursor(messageCursor);
  // Our ids derive from the plugins', so both readings of `id` are one lookup.
  const candidates = [id, sessionIdOf(owner, id)];
  const { sessions } = await documents.load(owner, { sessions: candidates });
  const session = candidates.map((candidate) => sessions.get(candidate)).find((found) => found !== undefined);
  if (!session) throw new AppError('NOT_FOUND', 'There is no session with this id');

  const messages: MessageJson[] = [];
  let characters = 0;
  let cursor: MessageCursor | undefined = after;
  for (;;) {
    // One more than wanted says whether there is a next page.
    const limit = Math.min(messageLimit - messages.length + 1, KEYS_PER_READ);
    const keys = await documents.messageKeys(owner, session.id, { limit, ...(cursor && { after: keyset(cursor) }) });
    for (let ids: readonly string[] = keys.map(({ id }) => id); ids.length > 0;) {
      const read = await documents.wholeMessages(owner, ids, READ_BYTES);
      for (const stored of read.messages) {
        if (messages.length === messageLimit || characters > PAGE_CHARACTERS) {
          return { session: sessionView(session), messages, messageCursor: encodeCursor(cursor!) };
        }
        const { message, ...size } = await completeMessage(owner, messageView(stored.message, stored.parts), payloads);
        characters += size.characters;
        messages.push(messageJson(message));
        cursor = cursorAfter(stored.message, message.createdAt);
      }
      ids = read.rest;
    }
    if (keys.length < limit) return { session: sessionView(session), messages, messageCursor: null };
  }
}

function keyset([createdAt, sequence]: MessageCursor) {
  return { createdAt, sequence };
}

function cursorAfter(message: MessageState, createdAt: number): MessageCursor {
  return [createdAt, message.span.firstSequence];
}
