import { headingVersion, messageVersion, type Owner, type SessionState } from '@opensync/contracts';
import type { DocumentStore, MessageSummary, WholeMessage } from '@opensync/stores';
import type { Refused } from './change-batch.ts';
import type { DocumentIndex, IndexedRow, SessionMessages } from './document-index.ts';
import { fairOrder } from './fair-order.ts';
import { hasHeading, headingOf } from './heading.ts';
import { messageIds as allMessageIds, messagePagesOf, PAGE_MESSAGES } from './message-pages.ts';
import type { WorkTurn } from './work-turn.ts';

/** As many documents as a change names. */
const NAMED_AT_ONCE = 500;

export interface NamedDocuments {
  readonly sessions: Iterable<string>;
  readonly messages: Iterable<string>;
  /** Deleted sessions whose rows were removed in an earlier turn, and may not all be written again. */
  readonly rewritten?: Iterable<string> | undefined;
}

/** Documents of one owner on their way into an index, in one turn. */
export class OwnerIndexing {
  readonly #owner: Owner;
  readonly #documents: DocumentStore;
  readonly #index: DocumentIndex;
  readonly #turn: WorkTurn;
  readonly #refused: Refused = { sessions: new Map(), messages: new Map() };
  /**
   * Sessions whose rows are written individually, whatever the session's own row says: another replica that writes
   * them at the same time writes that row last, even if some of its other rows were removed here before.
   */
  readonly #rewritten = new Set<string>();

  constructor(owner: Owner, documents: DocumentStore, index: DocumentIndex, turn: WorkTurn) {
    this.#owner = owner;
    this.#documents = documents;
    this.#index = index;
    this.#turn = turn;
  }

  /** Removes all rows of deleted sessions. Call it before their current documents are written. */
  async remove(sessionIds: readonly string[]): Promise<void> {
    for (const id of sessionIds) this.#rewritten.add(id);
    if (sessionIds.length > 0) await this.#index.remove(this.#owner, sessionIds);
  }

  /** Returns the documents that the index rejects. Unfinished ones at the end of the turn are in its `left`. */
  async run({ sessions, messages, rewritten = [] }: NamedDocuments): Promise<Refused> {
    for (const id of rewritten) this.#rewritten.add(id);
    const sessionIds = [...sessions];
    const messageIds = [...messages];
    for (let at = 0; at < Math.max(sessionIds.length, messageIds.length); at += NAMED_AT_ONCE) {
      const end = at + NAMED_AT_ONCE;
      if (this.#turn.isOver) this.#turn.leave([...sessionIds.slice(at, end), ...messageIds.slice(at, end)]);
      else await this.#untilSettled(sessionIds.slice(at, end), messageIds.slice(at, end));
    }
    return this.#refused;
  }

  /**
   * Writes rows, then checks whether a heading has changed since it was read. Another replica may have changed it,
   * and indexed that change, before these rows existed to be rewritten. The same applies to deletions: rows from
   * before one may have higher versions than those from after it, so all rows of the session are removed and written
   * again.
   */
  async #untilSettled(sessionIds: readonly string[], messageIds: readonly string[]): Promise<void> {
    for (let named = sessionIds; ;) {
      const { written, outlived } = await this.#write(named, messageIds);
      const { sessions, gone } = await this.#documents.load(this.#owner, { sessions: written.map(({ id }) => id) });
      const deleted = written.filter((read) => {
        return gone.has(read.id) || sessions.get(read.id)?.deletion?.sequence !== read.deletion?.sequence;
      });
      const onceDeleted = written.filter(({ deletion }) => deletion);
      const ahead = outlived.length > 0 ? [] : await this.#aheadOfDocuments(onceDeleted, messageIds);
      const stale = new Set([...outlived, ...deleted.map(({ id }) => id), ...ahead]);
      if (stale.size > 0) {
        await this.remove([...stale]);
        named = [...new Set([...sessionIds, ...stale])];
        continue;
      }
      const isAsRead = (read: SessionState) => hasHeading(sessions.get(read.id) ?? read, headingOf(read));
      if (written.every(isAsRead)) return;
    }
  }

  /**
   * Those sessions that have a row ahead of the documents: it contains an event from before the deletion that another
   * replica had stored and not removed yet. Only a deletion lowers versions, and a row with too high a version would
   * stay.
   */
  async #aheadOfDocuments(
    onceDeleted: readonly SessionState[],
    messageIds: readonly string[],
  ): Promise<readonly string[]> {
    if (onceDeleted.length === 0) return [];
    const ids = onceDeleted.map(({ id }) => id);
    // Rows first: documents can only have grown since.
    const sessionRows = await this.#index.indexed(this.#owner, ids);
    const loaded = await this.#documents.load(this.#owner, { sessions: ids });
    const ahead = new Set<string>();
    for (const session of loaded.sessions.values()) {
      if ((sessionRows.get(session.id)?.headingVersion ?? 0) > headingVersion(session)) ahead.add(session.id);
      const isAhead = (page: readonly string[]) => this.#hasRowsAhead(session.id, page);
      if (!this.#rewritten.has(session.id)) {
        if (await isAhead(messageIds)) ahead.add(session.id);
        continue;
      }
      for await (const page of allMessageIds(this.#documents, this.#owner, session.id)) {
        if (await isAhead(page)) ahead.add(session.id);
      }
    }
    return [...ahead];
  }

  async #hasRowsAhead(sessionId: string, messageIds: readonly string[]): Promise<boolean> {
    const rows = await this.#index.indexed(this.#owner, messageIds);
    const summaries = await this.#documents.messageSummaries(this.#owner, messageIds);
    return [...rows].some(([id, row]) => {
      const summary = summaries.get(id);
      const version = summary ? messageVersion(summary.message, summary.parts.version) : 0;
      return row.sessionId === sessionId && row.version - row.headingVersion > version;
    });
  }

  /**
   * The deleted sessions whose rows have outlived the deletion: an indexer may have written them after it was
   * announced, and died before it noticed.
   */
  async #outlived(
    gone: ReadonlyMap<string, unknown>,
    missing: readonly string[],
    rows: ReadonlyMap<string, IndexedRow>,
  ): Promise<readonly string[]> {
    // Of a session in the trash, all messages are stored, and any of them may have a row.
    const rowIds = [...rows].flatMap(([id, { sessionId }]) => [id, sessionId]);
    const ofGone = [...new Set(rowIds)].filter((id) => gone.has(id));
    const ofMissing = new Set(missing.flatMap((id) => rows.get(id)?.sessionId ?? []));
    if (ofMissing.size === 0) return ofGone;
    const loaded = await this.#documents.load(this.#owner, { sessions: [...ofMissing] });
    const deleted = [...loaded.sessions.values(), ...loaded.gone.values()].filter(({ deletion }) => deletion);
    return [...ofGone, ...deleted.map(({ id }) => id)];
  }

  /** Returns the sessions as they were read; writes nothing if rows have outlived a deletion. */
  async #write(
    sessionIds: readonly string[],
    messageIds: readonly string[],
  ): Promise<{ readonly written: readonly SessionState[]; readonly outlived: readonly string[] }> {
    const summaries = await this.#documents.messageSummaries(this.#owner, messageIds);
    const named = new Set([...sessionIds, ...[...summaries.values()].map(({ message }) => message.sessionId)]);
    const [{ sessions, gone }, rows] = await Promise.all([
      this.#documents.load(this.#owner, { sessions: [...named] }),
      this.#index.indexed(this.#owner, [...named, ...messageIds]),
    ]);
    const missing = messageIds.filter((id) => !summaries.has(id));
    const outlived = await this.#outlived(gone, missing, rows);
    if (outlived.length > 0) return { written: [], outlived };
    const byTurn = (a: SessionState, b: SessionState) => this.#turn.lastWorked(a.id) - this.#turn.lastWorked(b.id);
    const inTurn = [...sessions.values()].toSorted(byTurn);
    const changed = inTurn.filter((session) => {
      const row = rows.get(session.id);
      // A session that lost its rows before and has none may be in the middle of being rewritten.
      const lostRows = session.deletion !== undefined || session.sequences.trashedAt !== undefined;
      const isChanged = row ? !hasHeading(session, row) : lostRows;
      if (isChanged && lostRows) this.#rewritten.add(session.id);
      return isChanged || this.#rewritten.has(session.id);
    });
    const isChanged = new Set(changed.map(({ id }) => id));
    const outdated = [...summaries].filter(([id, summary]) => {
      const session = sessions.get(summary.message.sessionId);
      return session && !isChanged.has(session.id) && !isSettled(rows.get(id), summary, session);
    });

    const cutOff = new Set<string>();
    const rewriteChanged = async () => {
      for (const session of changed) if (!(await this.#rewrite(session))) cutOff.add(session.id);
    };
    const firstMessage = Math.min(...outdated.map(([, { message }]) => this.#turn.lastWorked(message.sessionId)));
    const rewritesFirst = changed.length > 0 && this.#turn.lastWorked(changed[0]!.id) <= firstMessage;
    if (rewritesFirst) await rewriteChanged();
    await this.#writeOutdated(outdated, sessions);
    if (!rewritesFirst) await rewriteChanged();
    this.#turn.leave(cutOff);
    this.#turn.leave([...summaries].flatMap(([id, { message }]) => (cutOff.has(message.sessionId) ? id : [])));

    // The heading is written last: after a crash before that, the old one exists, and the whole session is processed
    // again.
    const written = inTurn.filter(({ id }) => !cutOff.has(id));
    const refused = await this.#index.writeSessions(this.#owner, written, this.#turn);
    for (const document of refused) this.#refused.sessions.set(document.id, document);
    return { written, outlived };
  }

  /** Writes all rows of a session that do not have its heading. Returns false if the turn ended before that. */
  async #rewrite(session: SessionState): Promise<boolean> {
    const sessions = new Map([[session.id, session]]);
    for await (const ids of allMessageIds(this.#documents, this.#owner, session.id)) {
      for (let at = 0; at < ids.length; at += PAGE_MESSAGES) {
        if (this.#turn.isOver) return false;
        const page = ids.slice(at, at + PAGE_MESSAGES);
        const [summaries, rows] = await Promise.all([
          this.#documents.messageSummaries(this.#owner, page),
          this.#index.indexed(this.#owner, page),
        ]);
        const outdated = [...summaries].filter(([id, summary]) => !isSettled(rows.get(id), summary, session));
        await this.#writeOutdated(outdated, sessions);
        if (outdated.some(([id]) => this.#turn.left.has(id))) return false;
      }
    }
    return true;
  }

  async #writeOutdated(
    outdated: readonly (readonly [id: string, MessageSummary])[],
    sessions: ReadonlyMap<string, SessionState>,
  ): Promise<void> {
    const sized = outdated.map((entry) => ({ entry, sessionId: entry[1].message.sessionId, bytes: entry[1].bytes }));
    const ordered = this.#index.inTurns ? fairOrder(sized, this.#turn.lastWorked) : sized;
    const open = new Map(ordered.map(({ entry }) => entry));
    for await (const page of messagePagesOf(this.#documents, this.#owner, open, this.#index.budget)) {
      await this.#writeMessages(inRuns(page, sessions));
      for (const { message } of page) open.delete(message.id);
      if (this.#turn.isOver) break;
    }
    // Also those that are no longer stored; the next turn does not find them.
    if (this.#turn.isOver) this.#turn.leave(open.keys());
  }

  async #writeMessages(of: readonly SessionMessages[]): Promise<void> {
    const refused = await this.#index.writeMessages(this.#owner, of, this.#turn);
    for (const document of refused) this.#refused.messages.set(document.id, document);
  }
}

/** Messages with their sessions, in order. */
function inRuns(page: readonly WholeMessage[], sessions: ReadonlyMap<string, SessionState>): SessionMessages[] {
  const runs: { session: SessionState; messages: WholeMessage[] }[] = [];
  for (const message of page) {
    const run = runs.at(-1);
    if (run?.session.id === message.message.sessionId) run.messages.push(message);
    else runs.push({ session: sessions.get(message.message.sessionId)!, messages: [message] });
  }
  return runs;
}

/** Whether a message needs no write: its row is current, or it is from before a deletion and about to be removed. */
function isSettled(row: IndexedRow | undefined, summary: MessageSummary, session: SessionState): boolean {
  const { deletion } = session;
  return (deletion && summary.message.span.firstSequence <= deletion.sequence) || saysAll(row, summary, session);
}

/**
 * Whether the row of a message reflects the message and its session's heading: then none of its texts need to be
 * loaded. Most changes concern data that no row contains, such as tokens.
 */
function saysAll(row: IndexedRow | undefined, { message, parts }: MessageSummary, session: SessionState): boolean {
  if (!row || !hasHeading(session, row)) return false;
  return row.version - row.headingVersion >= messageVersion(message, parts.version);
}
