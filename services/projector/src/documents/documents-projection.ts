import { setTimeout as delay } from 'node:timers/promises';
import {
  decodeEvent,
  definitionOf,
  evolve,
  MalformedEventError,
  ownerKey,
  settlePart,
  touchedBy,
  UnknownEventTypeError,
  type DocumentChanges,
  type MessageHead,
  type Owner,
  type PartState,
  type SessionState,
  type StoredEvent,
} from '@opensync/contracts';
import type { BatchOutcome, Delivery, Poison } from '@opensync/event-log';
import { AppError } from '@opensync/platform';
import type { DocumentStore, MessageRef, Revised } from '@opensync/stores';
import { forEachOwner } from '../owners.ts';

/** Lost this often in a row, a race is left to the consumer, which waits longer and says that it is blocked. */
const MAX_ATTEMPTS = 20;
/** Before the first attempt again, at most; each further one doubles it. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 250;
/** Stores answer several small requests as fast as one, and commit what waits together with one sync. */
const OWNERS_AT_ONCE = 16;

export interface DocumentsProjectionResources {
  readonly documents: DocumentStore;
  /** Tells the indexers; resolves once CHANGES has it on disk. */
  readonly publishChanges: (owner: Owner, changes: DocumentChanges) => Promise<void>;
  /** Told how many documents another projector saved first; they are folded again. */
  readonly onConflicts?: (count: number) => void;
  /** Waits that many milliseconds; tests need not. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/**
 * EVENTS → documents: load, fold, save. Safe to repeat and to run beside other replicas: the fold ignores what
 * it has seen, saving is guarded by revisions, and a session's rollup is counted anew whenever it is touched.
 */
export class DocumentsProjection {
  readonly #documents: DocumentStore;
  readonly #publishChanges: DocumentsProjectionResources['publishChanges'];
  readonly #onConflicts: DocumentsProjectionResources['onConflicts'];
  readonly #pause: NonNullable<DocumentsProjectionResources['pause']>;

  constructor({ documents, publishChanges, onConflicts, pause = delay }: DocumentsProjectionResources) {
    this.#pause = pause;
    this.#documents = documents;
    this.#publishChanges = publishChanges;
    this.#onConflicts = onConflicts;
  }

  /** Projects a batch. What cannot be read as an event is poison; failures of the store or the log are thrown. */
  async apply(batch: readonly Delivery[]): Promise<BatchOutcome> {
    const poison: Poison[] = [];
    const byOwner = new Map<string, StoredEvent[]>();
    for (const delivery of batch) {
      try {
        const event = decodeEvent(delivery);
        const key = ownerKey(event.owner);
        const events = byOwner.get(key);
        if (events) events.push(event);
        else byOwner.set(key, [event]);
      } catch (error) {
        if (!(error instanceof MalformedEventError)) throw error;
        const kind = error instanceof UnknownEventTypeError ? 'unknown-type' : 'malformed';
        poison.push({ delivery, kind, reason: error.message });
      }
    }
    await forEachOwner(byOwner.values(), OWNERS_AT_ONCE, (events) => this.#applyOwner(events[0]!.owner, events));
    return { poison };
  }

  async #applyOwner(owner: Owner, events: readonly StoredEvent[]): Promise<void> {
    const ofMessages = new Map<string, StoredEvent[]>();
    const ofSessions = new Map<string, StoredEvent[]>();
    const changed = { sessions: new Set<string>(), messages: new Set<string>() };
    for (const event of events) {
      const { session, message } = touchedBy(event);
      const { words } = definitionOf(event.type);
      if (message !== undefined) {
        append(ofMessages, message, event);
        if (words.includes('message')) changed.messages.add(message);
      }
      if (session !== undefined) {
        append(ofSessions, session, event);
        if (words.includes('session')) changed.sessions.add(session);
      }
    }
    // Messages first: the sessions' rollups are counted over what is stored.
    await this.#untilSaved(ofMessages, (pending) => this.#saveMessages(owner, pending));
    await this.#untilSaved(ofSessions, (pending) => this.#saveSessions(owner, pending));
    await this.#publishChanges(owner, { sessions: [...changed.sessions], messages: [...changed.messages] });
  }

  /**
   * Heads of messages are loaded, and no bodies: a text or part that an event brings replaces the stored one by its
   * sequence alone, and parts that a message was sent again without are retired where they lie.
   */
  async #saveMessages(owner: Owner, pending: ReadonlyMap<string, readonly StoredEvent[]>): Promise<readonly string[]> {
    const loaded = await this.#documents.load(owner, { messages: [...pending.keys()] });
    const messages: Revised<MessageHead>[] = [];
    const parts: PartState[] = [];
    const settle: MessageRef[] = [];
    for (const [id, events] of pending) {
      const stored = loaded.messages.get(id);
      let message: MessageHead | undefined = stored;
      const incoming = new Map<string, PartState>();
      for (const event of events) {
        message = evolve('message', message, event);
        const partId = touchedBy(event).part;
        const part = partId === undefined ? undefined : evolve('part', incoming.get(partId), event);
        if (part) incoming.set(part.id, part);
      }
      if (message && message !== stored) messages.push({ ...message, revision: stored?.revision ?? 0 });
      for (const part of incoming.values()) parts.push(settlePart(message, part));
      if (incoming.size > 0 || events.some(replacesParts)) settle.push({ owner, id });
    }
    return this.#documents.save({ sessions: [], messages, parts, settle });
  }

  async #saveSessions(owner: Owner, pending: ReadonlyMap<string, readonly StoredEvent[]>): Promise<readonly string[]> {
    const loaded = await this.#documents.load(owner, { sessions: [...pending.keys()], rollups: [...pending.keys()] });
    const sessions: Revised<SessionState>[] = [];
    for (const [id, events] of pending) {
      const stored = loaded.sessions.get(id);
      let session: SessionState | undefined = stored;
      for (const event of events) session = evolve('session', session, event);
      if (!session) continue;
      sessions.push({ ...session, rollup: loaded.rollups.get(id)!, revision: stored?.revision ?? 0 });
    }
    return this.#documents.save({ sessions, messages: [], parts: [] });
  }

  /**
   * Repeats `save` with those that lost the race for their revision, until none did. In between it pauses, each projector
   * for another time: those that race in step would meet again and again.
   * @throws AppError UNAVAILABLE where it goes on losing: it is nobody's fault, and no event is poison for it
   */
  async #untilSaved(
    groups: ReadonlyMap<string, readonly StoredEvent[]>,
    save: (pending: ReadonlyMap<string, readonly StoredEvent[]>) => Promise<readonly string[]>,
  ): Promise<void> {
    let pending = groups;
    for (let attempt = 0; pending.size > 0; attempt++) {
      if (attempt === MAX_ATTEMPTS) {
        throw new AppError('UNAVAILABLE', `other projectors are faster at ${pending.size} documents all the time`);
      }
      if (attempt > 0) {
        await this.#pause(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS));
      }
      const lost = new Set(await save(pending));
      if (lost.size > 0) this.#onConflicts?.(lost.size);
      pending = new Map([...pending].filter(([id]) => lost.has(id)));
    }
  }
}

function replacesParts(event: StoredEvent): boolean {
  return definitionOf(event.type).replacesParts?.(event.data) ?? false;
}

function append(groups: Map<string, StoredEvent[]>, key: string, event: StoredEvent): void {
  const group = groups.get(key);
  if (group) group.push(event);
  else groups.set(key, [event]);
}
