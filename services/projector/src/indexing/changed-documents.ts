import { messageVersion, type Owner, type SessionState } from '@opensync/contracts';
import type { BatchOutcome, Delivery, Poison } from '@opensync/event-log';
import type { ByteBudget } from '@opensync/platform';
import type { DocumentStore, MessageSummary, SessionHeading, WholeMessage } from '@opensync/stores';
import { forEachOwner } from '../owners.ts';
import { lettersOf, readChanges, type IndexRefusal, type OwnerChanges, type Refused } from './change-batch.ts';
import { hasHeading, headingOf } from './heading.ts';
import { messagePages, messagePagesOf, PAGE_MESSAGES } from './message-pages.ts';

/** Remote stores answer many small requests as fast as one. */
const OWNERS_AT_ONCE = 4;

/** What an index has stored of a session or message. */
export interface IndexedRow extends Omit<SessionHeading, 'title'> {
  readonly version: number;
  readonly headingVersion: number;
}

/** What an index keeps up to date. Both indexers are this, over different stores. */
export interface DocumentIndex {
  /** Whole messages in memory on their way into this index; an index that is slow must not hold up another. */
  readonly budget: ByteBudget;
  /** What is stored of these sessions and messages. */
  indexed(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, IndexedRow>>;
  /**
   * Returns what the store will never take; all others are written. `onProgress` is told of each step of what takes
   * long, here and below.
   */
  writeSessions(
    owner: Owner,
    sessions: readonly SessionState[],
    onProgress?: () => void,
  ): Promise<readonly IndexRefusal[]>;
  /** As writeSessions. All at once: remote stores take hundreds of rows as fast as one. */
  writeMessages(
    owner: Owner,
    of: readonly SessionMessages[],
    onProgress?: () => void,
  ): Promise<readonly IndexRefusal[]>;
}

export interface SessionMessages {
  readonly session: SessionState;
  readonly messages: readonly WholeMessage[];
}

/**
 * Brings an index up to what the documents say now for the ids that a batch of CHANGES names. Rows repeat their
 * session's heading, so where that changed all messages of the session are written again, a page at a time. What the
 * index will never take is poison by itself, and holds up nothing that was named with it.
 */
export async function indexChanges(
  batch: readonly Delivery[],
  documents: DocumentStore,
  index: DocumentIndex,
): Promise<BatchOutcome> {
  const { changes, poison } = readChanges(batch);
  const letters: Poison[] = [];
  await forEachOwner(changes, OWNERS_AT_ONCE, async (ofOwner) => {
    const refused = await new OwnerIndexing(ofOwner.owner, documents, index).run(ofOwner);
    letters.push(...lettersOf(ofOwner, refused));
  });
  return { poison: [...poison, ...letters] };
}

/** The changes of one owner on their way into an index. */
class OwnerIndexing {
  readonly #owner: Owner;
  readonly #documents: DocumentStore;
  readonly #index: DocumentIndex;
  readonly #refused: Refused = { sessions: new Map(), messages: new Map() };

  constructor(owner: Owner, documents: DocumentStore, index: DocumentIndex) {
    this.#owner = owner;
    this.#documents = documents;
    this.#index = index;
  }

  /** Returns what the index refuses. */
  async run({ sessions, messages }: OwnerChanges): Promise<Refused> {
    const sessionIds = [...sessions];
    const messageIds = [...messages];
    for (let at = 0; at < Math.max(sessionIds.length, messageIds.length); at += PAGE_MESSAGES) {
      const end = at + PAGE_MESSAGES;
      await this.#untilSettled(sessionIds.slice(at, end), messageIds.slice(at, end));
    }
    return this.#refused;
  }

  /**
   * Writes rows, then looks whether a heading has changed since it was read. It may have been changed, and that change
   * indexed, by another replica before these rows were there to be rewritten by it.
   */
  async #untilSettled(sessionIds: readonly string[], messageIds: readonly string[]): Promise<void> {
    for (;;) {
      const written = await this.#write(sessionIds, messageIds);
      const { sessions } = await this.#documents.load(this.#owner, { sessions: written.map(({ id }) => id) });
      const isAsRead = (read: SessionState) => hasHeading(sessions.get(read.id) ?? read, headingOf(read));
      if (written.every(isAsRead)) return;
    }
  }

  /** Returns the sessions as they were read. */
  async #write(sessionIds: readonly string[], messageIds: readonly string[]): Promise<SessionState[]> {
    const summaries = await this.#documents.messageSummaries(this.#owner, messageIds);
    const named = new Set([...sessionIds, ...[...summaries.values()].map(({ message }) => message.sessionId)]);
    const [{ sessions }, rows] = await Promise.all([
      this.#documents.load(this.#owner, { sessions: [...named] }),
      this.#index.indexed(this.#owner, [...named, ...summaries.keys()]),
    ]);
    const rewritten = new Set<string>();
    for (const session of sessions.values()) {
      const row = rows.get(session.id);
      if (!row || hasHeading(session, row)) continue;
      rewritten.add(session.id);
      await this.#rewrite(session);
    }
    const outdated = [...summaries].filter(([id, summary]) => {
      const session = sessions.get(summary.message.sessionId);
      return session && !rewritten.has(session.id) && !saysAll(rows.get(id), summary, session);
    });
    for await (const page of messagePagesOf(this.#documents, this.#owner, new Map(outdated), this.#index.budget)) {
      const ofSessions = Map.groupBy(page, ({ message }) => sessions.get(message.sessionId)!);
      await this.#writeMessages([...ofSessions].map(([session, messages]) => ({ session, messages })));
    }
    // The heading is written last: a crash before that leaves the old one, and the whole session is done again.
    const written = [...sessions.values()];
    const refused = await this.#index.writeSessions(this.#owner, written);
    for (const document of refused) this.#refused.sessions.set(document.id, document);
    return written;
  }

  async #rewrite(session: SessionState): Promise<void> {
    for await (const messages of messagePages(this.#documents, this.#owner, session.id, this.#index.budget)) {
      await this.#writeMessages([{ session, messages }]);
    }
  }

  async #writeMessages(of: readonly SessionMessages[]): Promise<void> {
    const refused = await this.#index.writeMessages(this.#owner, of);
    for (const document of refused) this.#refused.messages.set(document.id, document);
  }
}

/**
 * Whether the row of a message says what the message and its session's heading say now: then none of its texts need to be
 * loaded. Most changes are of what is in no row, such as tokens.
 */
function saysAll(row: IndexedRow | undefined, { message, parts }: MessageSummary, session: SessionState): boolean {
  if (!row || !hasHeading(session, row)) return false;
  return row.version - row.headingVersion >= messageVersion(message, parts.version);
}

/** An index that tells of its progress whoever writes to it. */
export function reporting(index: DocumentIndex, onProgress: () => void): DocumentIndex {
  return {
    budget: index.budget,
    indexed: (owner, ids) => index.indexed(owner, ids),
    writeSessions: (owner, sessions) => index.writeSessions(owner, sessions, onProgress),
    writeMessages: (owner, of) => index.writeMessages(owner, of, onProgress),
  };
}
