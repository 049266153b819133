import { setTimeout as delay } from 'node:timers/promises';
import {
  definitionOf,
  deletionBy,
  EMPTY_ROLLUP,
  ERASURE,
  evolve,
  isGone,
  sessionIdOfEvent,
  settlePart,
  touchedBy,
  type MessageHead,
  type Owner,
  type PartState,
  type SessionState,
  type StoredEvent,
} from '@opensync/contracts';
import { AppError, backoffMs } from '@opensync/platform';
import type { DocumentStore, MessageRef, Revised, SessionRef } from '@opensync/stores';

/** After losing this many races in a row, the consumer retries, which waits longer and reports that it is blocked. */
const MAX_ATTEMPTS = 20;
/** Maximum pause before the first retry; doubles with each further one. */
const BACKOFF = { firstPauseMs: 2, longestPauseMs: 250 };

/** Results of a fold, by session. */
export interface Folding {
  /** Their stored states, including those that no event names directly. */
  readonly sessions: Map<string, SessionState>;
  /** The stored states of messages that events touched. */
  readonly firstSequences: Map<string, number[]>;
}

export interface DocumentFoldingResources {
  readonly documents: DocumentStore;
  /** Called with the number of documents that another projector saved first; they are folded again. */
  readonly onConflicts?: ((count: number) => void) | undefined;
  /** Waits this many milliseconds; tests need not. */
  readonly pause?: ((ms: number) => Promise<unknown>) | undefined;
}

/**
 * Loads, folds and saves, until no other projector was faster. A session's rollup is recomputed whenever the session
 * is touched. The caller handles what a deletion requires beyond its tombstone.
 */
export class DocumentFolding {
  readonly #documents: DocumentStore;
  readonly #onConflicts: DocumentFoldingResources['onConflicts'];
  readonly #pause: (ms: number) => Promise<unknown>;

  constructor({ documents, onConflicts, pause = delay }: DocumentFoldingResources) {
    this.#documents = documents;
    this.#onConflicts = onConflicts;
    this.#pause = pause;
  }

  /**
   * Folds events into the stored documents, and returns the resulting states of their sessions.
   * @param after ignores stored messages that an event before this sequence has touched
   */
  async fold(owner: Owner, events: readonly StoredEvent[], after = 0): Promise<Folding> {
    const folding: Folding = { sessions: new Map(), firstSequences: new Map() };
    const ofMessages = new Map<string, StoredEvent[]>();
    const ofSessions = new Map<string, StoredEvent[]>();
    for (const event of events) {
      const { session, message } = touchedBy(event);
      const id = sessionIdOfEvent(event);
      if (message !== undefined) append(ofMessages, message, event);
      if (session !== undefined) append(ofSessions, session, event);
      // Only read: an event of a session that was deleted since must be noticed.
      else if (!ofSessions.has(id)) ofSessions.set(id, []);
    }
    // Messages first: the sessions' rollups are computed over the stored ones.
    await this.#untilSaved(ofMessages, (pending) => this.#saveMessages(owner, pending, folding, after));
    await this.#untilSaved(ofSessions, (pending) => this.#saveSessions(owner, pending, folding.sessions));
    return folding;
  }

  /** Edits a stored session; returns its new stored state. The edit can run several times. */
  async edit(owner: Owner, id: string, edit: (session: SessionState) => SessionState): Promise<SessionState> {
    const states = new Map<string, SessionState>();
    await this.#untilSaved(new Map([[id, []]]), (pending) => this.#saveSessions(owner, pending, states, edit));
    return states.get(id)!;
  }

  /**
   * Loads message heads, not bodies: a new text or part replaces the stored one by its sequence alone, and parts that
   * a message was sent again without are retired in the store.
   */
  async #saveMessages(
    owner: Owner,
    pending: ReadonlyMap<string, readonly StoredEvent[]>,
    folding: Folding,
    after: number,
  ): Promise<readonly string[]> {
    const loaded = await this.#documents.load(owner, { messages: [...pending.keys()] });
    const messages: Revised<MessageHead>[] = [];
    const replaced = new Set<string>();
    const parts: PartState[] = [];
    const settle: MessageRef[] = [];
    for (const [id, events] of pending) {
      const stored = loaded.messages.get(id);
      const isKept = stored && stored.span.firstSequence >= after;
      let message: MessageHead | undefined = isKept ? stored : undefined;
      const incoming = new Map<string, PartState>();
      for (const event of events) {
        message = evolve('message', message, event);
        const partId = touchedBy(event).part;
        const part = partId === undefined ? undefined : evolve('part', incoming.get(partId), event);
        if (part) incoming.set(part.id, part);
      }
      if (message && message !== stored) {
        messages.push({ ...message, revision: stored?.revision ?? 0 });
        if (stored && !isKept) replaced.add(id);
      }
      if (message) append(folding.firstSequences, message.sessionId, message.span.firstSequence);
      for (const part of incoming.values()) parts.push(settlePart(message, part));
      if (incoming.size > 0 || events.some(replacesParts)) settle.push({ owner, id });
    }
    // Their sessions are always saved next, and nothing is acknowledged before.
    return this.#documents.save({ sessions: [], messages, replaced, parts, settle, durable: false });
  }

  /** Sessions without events are saved only if they are edited. The stored results are put into `states`. */
  async #saveSessions(
    owner: Owner,
    pending: ReadonlyMap<string, readonly StoredEvent[]>,
    states: Map<string, SessionState>,
    edit?: (session: SessionState) => SessionState,
  ): Promise<readonly string[]> {
    const touched = [...pending].filter(([, events]) => edit || events.length > 0).map(([id]) => id);
    const ids = [...new Set([...pending.keys(), ERASURE])];
    const loaded = await this.#documents.load(owner, { sessions: ids, rollups: touched });
    const erasure = loaded.gone.get(ERASURE);
    const sessions: Revised<SessionState>[] = [];
    const partly: SessionRef[] = [];
    for (const [id, events] of pending) {
      const stored = loaded.sessions.get(id) ?? loaded.gone.get(id);
      let session: SessionState | undefined = stored;
      if (erasure && id !== ERASURE && isErasedBy(erasure, stored, events)) {
        const deletion = deletionBy(
          { id: ERASURE, owner, time: erasure.span.lastAt, sequence: erasure.deletion!.sequence },
          { id, externalId: stored?.externalId ?? externalIdOf(events) },
        );
        session = evolve('session', session, deletion);
      }
      for (const event of events) session = evolve('session', session, event);
      if (session && edit) session = edit(session);
      if (!session) continue;
      states.set(id, session);
      const rollup = isGone(session) ? EMPTY_ROLLUP : loaded.rollups.get(id);
      if (rollup) sessions.push({ ...session, rollup, revision: stored?.revision ?? 0 });
      else partly.push({ owner, sessionId: id });
    }
    return this.#documents.save({ sessions, messages: [], parts: [], touched: partly });
  }

  /**
   * Repeats `save` for documents that lost the race for their revision, until none did. It pauses in between, each
   * projector for a different time: projectors that race in step would collide repeatedly.
   * @throws AppError UNAVAILABLE if it keeps losing: no event is at fault, so none is poison
   */
  async #untilSaved(
    groups: ReadonlyMap<string, readonly StoredEvent[]>,
    save: (pending: ReadonlyMap<string, readonly StoredEvent[]>) => Promise<readonly string[]>,
  ): Promise<void> {
    let pending = groups;
    for (let attempt = 0; pending.size > 0; attempt++) {
      if (attempt === MAX_ATTEMPTS) {
        throw new AppError('UNAVAILABLE', `other projectors keep saving ${pending.size} of these documents first`);
      }
      if (attempt > 0) {
        await this.#pause(Math.random() * backoffMs(attempt, BACKOFF));
      }
      const lost = new Set(await save(pending));
      if (lost.size > 0) this.#onConflicts?.(lost.size);
      pending = new Map([...pending].filter(([id]) => lost.has(id)));
    }
  }
}

/** Whether a session, or an event of it, is from before an erasure that has not reached it yet. */
function isErasedBy(
  { deletion }: SessionState,
  stored: SessionState | undefined,
  events: readonly StoredEvent[],
): boolean {
  const { sequence } = deletion!;
  // Deleted before the erasure: erased as well, in either order.
  if (stored?.deletion) return stored.deletion.sequence < sequence;
  return (stored?.span.firstSequence ?? Infinity) < sequence || events.some((event) => event.sequence < sequence);
}

function externalIdOf([event]: readonly StoredEvent[]): string {
  const { sessionExternalId, externalId } = event!.data as { sessionExternalId?: string; externalId?: string };
  return sessionExternalId ?? externalId ?? '';
}

function replacesParts(event: StoredEvent): boolean {
  return definitionOf(event.type).replacesParts?.(event.data) ?? false;
}

function append<Item>(groups: Map<string, Item[]>, key: string, item: Item): void {
  const group = groups.get(key);
  if (group) group.push(item);
  else groups.set(key, [item]);
}
