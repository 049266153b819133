import {
  documentChangesSchema,
  headingVersion,
  ownerKey,
  parseChangeSubject,
  type DocumentChanges,
  type MessageState,
  type MessageWithParts,
  type Owner,
  type SessionState,
} from '@opensync/contracts';
import type { BatchOutcome, Delivery } from '@opensync/event-log';
import type { DocumentStore, SessionHeading } from '@opensync/stores';
import { forEachOwner } from '../owners.ts';
import { headingOf } from './heading.ts';

/** Messages in memory at once, whatever a batch names: a backlog names many. */
const MESSAGES_PER_PAGE = 200;
/** Remote stores answer many small requests as fast as one; memory holds a page for each. */
const OWNERS_AT_ONCE = 4;

export type StoredMessage = MessageWithParts & { readonly message: MessageState };

/** What an index keeps up to date. Both indexers are this, over different stores. */
export interface DocumentIndex {
  /** The headings that the index has stored for these sessions. */
  headings(owner: Owner, sessionIds: readonly string[]): Promise<ReadonlyMap<string, Omit<SessionHeading, 'title'>>>;
  /** `onProgress` is told of each step of what takes long, here and below. */
  writeSessions(owner: Owner, sessions: readonly SessionState[], onProgress?: () => void): Promise<void>;
  /** All at once: remote stores take hundreds of rows as fast as one. */
  writeMessages(owner: Owner, of: readonly SessionMessages[], onProgress?: () => void): Promise<void>;
}

export interface SessionMessages {
  readonly session: SessionState;
  readonly messages: readonly StoredMessage[];
}

/**
 * Brings an index up to what the documents say now for the ids that a batch of CHANGES names. Rows repeat their
 * session's heading, so where that changed all messages of the session are written again, a page at a time.
 */
export async function indexChanges(
  batch: readonly Delivery[],
  documents: DocumentStore,
  index: DocumentIndex,
): Promise<BatchOutcome> {
  const poison: { delivery: Delivery; reason: string }[] = [];
  const byOwner = new Map<string, { owner: Owner; sessions: Set<string>; messages: Set<string> }>();
  for (const delivery of batch) {
    const change = readChange(delivery);
    if (typeof change === 'string') {
      poison.push({ delivery, reason: change });
      continue;
    }
    const key = ownerKey(change.owner);
    const group = byOwner.get(key) ?? { owner: change.owner, sessions: new Set(), messages: new Set() };
    byOwner.set(key, group);
    for (const id of change.sessions) group.sessions.add(id);
    for (const id of change.messages) group.messages.add(id);
  }
  await forEachOwner(byOwner.values(), OWNERS_AT_ONCE, async ({ owner, sessions, messages }) => {
    const sessionIds = [...sessions];
    const messageIds = [...messages];
    for (let at = 0; at < Math.max(sessionIds.length, messageIds.length); at += MESSAGES_PER_PAGE) {
      const end = at + MESSAGES_PER_PAGE;
      await indexUntilSettled(owner, sessionIds.slice(at, end), messageIds.slice(at, end), documents, index);
    }
  });
  return { poison };
}

/** The change, or why it is none. */
function readChange(delivery: Delivery): (DocumentChanges & { owner: Owner }) | string {
  const owner = parseChangeSubject(delivery.subject);
  if (!owner) return `not a change subject: ${delivery.subject}`;
  let body: unknown;
  try {
    body = JSON.parse(delivery.body());
  } catch {
    return 'the body is not JSON';
  }
  const parsed = documentChangesSchema.safeParse(body);
  return parsed.success ? { owner, ...parsed.data } : 'the body does not list sessions and messages';
}

/**
 * Writes rows, then looks whether a heading has changed since it was read. It may have been changed, and that change
 * indexed, by another replica before these rows were there to be rewritten by it.
 */
async function indexUntilSettled(
  owner: Owner,
  sessionIds: readonly string[],
  messageIds: readonly string[],
  documents: DocumentStore,
  index: DocumentIndex,
): Promise<void> {
  for (;;) {
    const written = await indexPage(owner, new Set(sessionIds), messageIds, documents, index);
    const { sessions } = await documents.load(owner, { sessions: written.map(({ id }) => id) });
    if (written.every((before) => headingVersion(sessions.get(before.id) ?? before) === headingVersion(before))) return;
  }
}

/** Returns the sessions as they were read. */
async function indexPage(
  owner: Owner,
  sessionIds: Set<string>,
  messageIds: readonly string[],
  documents: DocumentStore,
  index: DocumentIndex,
): Promise<SessionState[]> {
  const { messages } = await documents.load(owner, { messages: messageIds });
  const messagesOf = new Map<string, StoredMessage[]>();
  for (const { message, parts } of messages.values()) {
    // Parts that came before their message: it will bring them along.
    if (!message) continue;
    sessionIds.add(message.sessionId);
    const siblings = messagesOf.get(message.sessionId);
    if (siblings) siblings.push({ message, parts });
    else messagesOf.set(message.sessionId, [{ message, parts }]);
  }
  const ids = [...sessionIds];
  const [{ sessions }, stored] = await Promise.all([
    documents.load(owner, { sessions: ids }),
    index.headings(owner, ids),
  ]);
  // The heading is written last: a crash before that leaves the old one, and the whole session is done again.
  const changed: SessionMessages[] = [];
  for (const session of sessions.values()) {
    const before = stored.get(session.id);
    if (before && !sameHeading(before, session)) await rewriteSession(owner, session, documents, index);
    else if (messagesOf.has(session.id)) changed.push({ session, messages: messagesOf.get(session.id)! });
  }
  if (changed.length > 0) await index.writeMessages(owner, changed);
  const read = [...sessions.values()];
  await index.writeSessions(owner, read);
  return read;
}

function sameHeading(stored: Omit<SessionHeading, 'title'>, session: SessionState): boolean {
  const now: Readonly<Record<string, unknown>> = { ...headingOf(session) };
  return Object.entries(stored).every(([name, value]) => !(name in now) || now[name] === value);
}

async function rewriteSession(owner: Owner, session: SessionState, documents: DocumentStore, index: DocumentIndex) {
  let after: { createdAt: number; sequence: number } | undefined;
  for (;;) {
    const page = await documents.messages(owner, session.id, { limit: MESSAGES_PER_PAGE, after });
    if (page.length > 0) await index.writeMessages(owner, [{ session, messages: page }]);
    if (page.length < MESSAGES_PER_PAGE) return;
    const { fields, span } = page[page.length - 1]!.message;
    after = { createdAt: fields.createdAt ?? span.firstAt, sequence: span.firstSequence };
  }
}

/** An index that tells of its progress whoever writes to it. */
export function reporting(index: DocumentIndex, onProgress: () => void): DocumentIndex {
  return {
    headings: (owner, sessionIds) => index.headings(owner, sessionIds),
    writeSessions: (owner, sessions) => index.writeSessions(owner, sessions, onProgress),
    writeMessages: (owner, of) => index.writeMessages(owner, of, onProgress),
  };
}
