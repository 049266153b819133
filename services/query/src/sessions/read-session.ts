import {
  messageView,
  sessionIdOf,
  type MessageView,
  type Owner,
  type Place,
  type Reader,
  type SessionState,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { DocumentStore, MessageKey } from '@opensync/stores';
import type { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { optionalChoiceOf, optionalNumberOf, optionalText, requiredText } from '../parameters.ts';
import { placeOfMessage, type PageRange } from './page-range.ts';
import { toolResults, type Results } from './tool-results.ts';

/** Query string of the routes that show a session, for either kind of id. */
const readSessionFields = {
  messageLimit: inQuery(limitOf(1_000, 1_000, 'Maximum number of messages')),
  messageCursor: optionalText(1_000, 'The `messageCursor` of the previous page'),
  after: optionalText(512, 'The messages after this one: a `position`, or the id of a message'),
  before: optionalText(512, 'The last messages before this one: a `position`, or the id of a message'),
  around: optionalText(512, 'This message with its neighbors: a `position`, or the id of a message'),
  preview: inQuery(optionalNumberOf(100, 100_000, 'Characters after which texts and contents are cut; see Previews')),
  media: optionalChoiceOf(['link', 'inline'], 'Return blobs as links or as they were sent; see Media'),
};
export const readSessionSchema = onlyFields(readSessionFields);
export type ReadSession = z.infer<typeof readSessionSchema>;

export const readSessionByIdSchema = onlyFields({
  id: requiredText(512, 'The session’s id, assigned by OpenSync or by its plugin'),
  ...readSessionFields,
});

/** A message of a session, and its place there. */
export interface MessageWithPlace {
  readonly message: MessageView;
  readonly place: Place;
}

/** The same with the results of its tool calls. */
export interface PageMessage {
  readonly view: MessageView;
  readonly place: Place;
  readonly results: Results;
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

/** The messages of a range in order, one more than its limit if there are more. */
export async function* readMessages(
  documents: DocumentStore,
  owner: Owner,
  sessionId: string,
  range: Pick<PageRange, 'first' | 'after' | 'limit'>,
): AsyncGenerator<PageMessage> {
  for await (const messages of readMessagesAtOnce(documents, owner, sessionId, range)) yield* messages;
}

/** The same, as many at once as are read at once. */
export async function* readMessagesAtOnce(
  documents: DocumentStore,
  owner: Owner,
  sessionId: string,
  { first, after, limit: most }: Pick<PageRange, 'first' | 'after' | 'limit'>,
): AsyncGenerator<readonly PageMessage[]> {
  const whole = (keys: readonly MessageKey[]) => wholeMessages(documents, owner, sessionId, keys);
  yield* whole(first);
  let last = after;
  for (let wanted = most + 1 - first.length; wanted > 0;) {
    const limit = Math.min(wanted, KEYS_PER_READ);
    const keys = await documents.messageKeys(owner, sessionId, { limit, ...(last && { after: last }) });
    yield* whole(keys);
    if (keys.length < limit) return;
    last = keys.at(-1);
    wanted -= limit;
  }
}

async function* wholeMessages(
  documents: DocumentStore,
  owner: Owner,
  sessionId: string,
  keys: readonly MessageKey[],
): AsyncGenerator<readonly PageMessage[]> {
  for (let ids: readonly string[] = keys.map(({ id }) => id); ids.length > 0;) {
    const read = await documents.wholeMessages(owner, ids, READ_BYTES);
    const messages = read.messages.map(({ message, parts }): MessageWithPlace => ({
      message: messageView(message, parts),
      place: placeOfMessage(message),
    }));
    const results = await toolResults(documents, owner, sessionId, messages);
    yield messages.map(({ message, place }, at) => ({ view: message, place, results: results[at]! }));
    ids = read.rest;
  }
}
