import type { Owner, SessionState } from '@opensync/contracts';
import type { BatchOutcome, Delivery, Poison } from '@opensync/event-log';
import type { DocumentStore, SessionHeading, WholeMessage } from '@opensync/stores';
import { forEachOwner } from '../owners.ts';
import { lettersOf, readChanges, type IndexRefusal, type OwnerChanges, type Refused } from './change-batch.ts';
import { hasHeading, headingOf } from './heading.ts';
import { messagePages, messagePagesOf, PAGE_MESSAGES } from './message-pages.ts';

/** Remote stores answer many small requests as fast as one; memory holds a page for each. */
const OWNERS_AT_ONCE = 4;

/** What an index keeps up to date. Both indexers are this, over different stores. */
export interface DocumentIndex {
  /** The headings that the index has stored for these sessions. */
  headings(owner: Owner, sessionIds: readonly string[]): Promise<ReadonlyMap<string, Omit<SessionHeading, 'title'>>>;
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
    const read = new Map<string, SessionState>();
    const rewritten = new Set<string>();
    const readSessions = async (ids: readonly string[]) => {
      const missing = [...new Set(ids)].filter((id) => !read.has(id));
      if (missing.length === 0) return;
      const [{ sessions }, stored] = await Promise.all([
        this.#documents.load(this.#owner, { sessions: missing }),
        this.#index.headings(this.#owner, missing),
      ]);
      for (const session of sessions.values()) {
        read.set(session.id, session);
        const before = stored.get(session.id);
        if (!before || hasHeading(session, before)) continue;
        rewritten.add(session.id);
        await this.#rewrite(session);
      }
    };
    for await (const page of messagePagesOf(this.#documents, this.#owner, messageIds)) {
      await readSessions(page.map(({ message }) => message.sessionId));
      const ofSessions = Map.groupBy(page, ({ message }) => message.sessionId);
      const changed = [...ofSessions].flatMap(([id, messages]) => {
        const session = rewritten.has(id) ? undefined : read.get(id);
        return session ? [{ session, messages }] : [];
      });
      if (changed.length > 0) await this.#writeMessages(changed);
    }
    await readSessions(sessionIds);
    // The heading is written last: a crash before that leaves the old one, and the whole session is done again.
    const sessions = [...read.values()];
    const refused = await this.#index.writeSessions(this.#owner, sessions);
    for (const document of refused) this.#refused.sessions.set(document.id, document);
    return sessions;
  }

  async #rewrite(session: SessionState): Promise<void> {
    for await (const messages of messagePages(this.#documents, this.#owner, session.id)) {
      await this.#writeMessages([{ session, messages }]);
    }
  }

  async #writeMessages(of: readonly SessionMessages[]): Promise<void> {
    const refused = await this.#index.writeMessages(this.#owner, of);
    for (const document of refused) this.#refused.messages.set(document.id, document);
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
