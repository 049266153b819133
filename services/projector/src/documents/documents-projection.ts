import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  decodeEvent,
  definitionOf,
  deletionBy,
  EMPTY_ROLLUP,
  ERASURE,
  evolve,
  isEventType,
  isGone,
  isSessionEvent,
  MalformedEventError,
  ownerKey,
  sessionIdOfEvent,
  sessionView,
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
import type { BatchContext, BatchOutcome, Delivery, Poison } from '@opensync/event-log';
import { AppError } from '@opensync/platform';
import type { DocumentStore, MessageRef, Revised, SessionQuery } from '@opensync/stores';
import { forEachOwner } from '../owners.ts';

/** Lost this often in a row, a race is left to the consumer, which waits longer and says that it is blocked. */
const MAX_ATTEMPTS = 20;
/** Before the first attempt again, at most; each further one doubles it. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 250;
/** Stores answer several small requests as fast as one, and commit what waits together with one sync. */
const OWNERS_AT_ONCE = 16;
/** Sessions that an erasure deletes in one go. */
const SESSIONS_AT_ONCE = 50;

export interface DocumentsProjectionResources {
  readonly documents: DocumentStore;
  /** Tells the indexers; resolves once CHANGES has it on disk. */
  readonly publishChanges: (owner: Owner, changes: DocumentChanges) => Promise<void>;
  /**
   * An owner's events after a sequence, up to the present end of the log: needed if a deletion was folded after later events.
   * Absent: such a batch fails.
   */
  readonly history?: (owner: Owner, after: number) => AsyncIterable<readonly Delivery[]>;
  /** The types of events that this projector knows; default all. Fewer make it one of an earlier version. */
  readonly knows?: typeof isEventType;
  /** Records that the owner deleted sessions, by this event, the first or last one of a batch; resolves once that is durable. Their payloads are removed later. */
  readonly onDeletion?: (owner: Owner, sequence: number) => Promise<void>;
  /** Told how many documents another projector saved first; they are folded again. */
  readonly onConflicts?: (count: number) => void;
  /** Waits that many milliseconds; tests need not. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** A batch that takes long says that it goes on, and ends when it is given up. */
type Watch = Partial<Pick<BatchContext, 'onProgress' | 'signal'>>;

/**
 * EVENTS → documents: load, fold, save. Safe to repeat and to run beside other replicas: the fold ignores what
 * it has seen, saving is guarded by revisions, and a session's rollup is counted anew whenever it is touched.
 */
export class DocumentsProjection {
  readonly #documents: DocumentStore;
  readonly #publishChanges: DocumentsProjectionResources['publishChanges'];
  readonly #knows: typeof isEventType;
  readonly #history: DocumentsProjectionResources['history'];
  readonly #onDeletion: DocumentsProjectionResources['onDeletion'];
  readonly #onConflicts: DocumentsProjectionResources['onConflicts'];
  readonly #pause: NonNullable<DocumentsProjectionResources['pause']>;

  constructor({
    documents,
    publishChanges,
    knows = isEventType,
    history,
    onDeletion,
    onConflicts,
    pause = delay,
  }: DocumentsProjectionResources) {
    this.#pause = pause;
    this.#documents = documents;
    this.#publishChanges = publishChanges;
    this.#knows = knows;
    this.#history = history;
    this.#onDeletion = onDeletion;
    this.#onConflicts = onConflicts;
  }

  /** Projects a batch. What cannot be read as an event is poison; failures of the store or the log are thrown. */
  async apply(batch: readonly Delivery[], watch: Watch = {}): Promise<BatchOutcome> {
    const poison: Poison[] = [];
    const byOwner = new Map<string, StoredEvent[]>();
    for (const delivery of batch) {
      try {
        const event = decodeEvent(delivery, this.#knows);
        if (!isSessionEvent(event)) continue;
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
    await forEachOwner(byOwner.values(), OWNERS_AT_ONCE, (events) => this.#applyOwner(events, watch));
    return { poison };
  }

  async #applyOwner(events: readonly StoredEvent[], watch: Watch): Promise<void> {
    const { owner } = events[0]!;
    const removed = await this.#foldAndRemove(owner, events, watch);
    const deletions = events.filter(isDeletion).map(({ sequence }) => sequence);
    // The earliest as well, so that it does not count as done before its payloads are removed.
    const ends = deletions.length === 0 ? [] : [Math.min(...deletions), Math.max(...deletions)];
    for (const sequence of new Set(ends)) await this.#onDeletion?.(owner, sequence);
    await this.#publishChanges(owner, { ...changesBy(events), ...(removed.size > 0 && { removed: [...removed] }) });
  }

  /**
   * Folds events, then removes what is from before a deletion of their sessions. Returns the ids of those sessions.
   * @param refolds the deletion whose later events these are; what it asks for is under way
   */
  async #foldAndRemove(
    owner: Owner,
    events: readonly StoredEvent[],
    watch: Watch,
    refolds?: number,
  ): Promise<ReadonlySet<string>> {
    const removed = new Set<string>();
    for (const segment of cutAtDeletions(events)) {
      const { sessions, firstSequences } = await this.#fold(owner, segment, refolds);
      for (const [id, { deletion }] of sessions) {
        if (!deletion) continue;
        const ofSession = segment.filter((event) => sessionIdOfEvent(event) === id);
        const isBefore = (sequence: number) => sequence <= deletion.sequence;
        const isDue =
          (deletion.refold !== undefined && deletion.sequence !== refolds) ||
          ofSession.some((event) => isBefore(event.sequence)) ||
          firstSequences.get(id)?.some(isBefore);
        if (!isDue) continue;
        const messageIds = ofSession.flatMap((event) => touchedBy(event).message ?? []);
        await this.#removeEarlier(owner, id, messageIds, watch);
        removed.add(id);
        // Another projector may have replaced a message after these were saved, from a log that did not have them yet.
        const later = ofSession.filter(({ sequence }) => !isBefore(sequence));
        if (later.length > 0) await this.#foldAndRemove(owner, later, watch, deletion.sequence);
      }
      const erasure = segment.findLast(({ type }) => definitionOf(type).erases);
      if (erasure) await this.#eraseSessions(owner, sessions.get(ERASURE)!, watch);
    }
    return removed;
  }

  /**
   * Deletes every session of a user from before their erasure. The erasure is stored already: a projector that saves a session
   * from now on finds it, see `#saveSessions`.
   */
  async #eraseSessions(owner: Owner, { deletion, span }: SessionState, watch: Watch): Promise<void> {
    const { sequence } = deletion!;
    const erasure = { id: ERASURE, owner, time: span.lastAt, sequence };
    let after: SessionQuery['after'];
    for (;;) {
      const page = await this.#documents.sessions(owner, {
        ...{ limit: SESSIONS_AT_ONCE, sort: 'createdAt', order: 'asc', ...(after && { after }) },
      });
      const last = page.at(-1);
      if (!last) return;
      after = { id: last.id, value: sessionView(last).createdAt };
      const earlier = page.filter((session) => {
        return session.span.firstSequence < sequence || (session.deletion?.sequence ?? Infinity) <= sequence;
      });
      const removed = await this.#foldAndRemove(
        owner,
        earlier.map((session) => deletionBy(erasure, session)),
        watch,
      );
      if (removed.size > 0) await this.#publishChanges(owner, { sessions: [], messages: [], removed: [...removed] });
      watch.signal?.throwIfAborted();
      watch.onProgress?.();
    }
  }

  /**
   * Folds events into what is stored, and says what is stored then of the sessions that they belong to.
   * @param after nothing is kept of a message that an event before this sequence has touched
   */
  async #fold(owner: Owner, events: readonly StoredEvent[], after = 0): Promise<Folding> {
    const folding: Folding = { sessions: new Map(), firstSequences: new Map() };
    const ofMessages = new Map<string, StoredEvent[]>();
    const ofSessions = new Map<string, StoredEvent[]>();
    for (const event of events) {
      const { session, message } = touchedBy(event);
      const id = sessionIdOfEvent(event);
      if (message !== undefined) append(ofMessages, message, event);
      if (session !== undefined) append(ofSessions, session, event);
      // Looked at only: an event of a session that was deleted since must be found out.
      else if (!ofSessions.has(id)) ofSessions.set(id, []);
    }
    // Messages first: the sessions' rollups are counted over what is stored.
    await this.#untilSaved(ofMessages, (pending) => this.#saveMessages(owner, pending, folding, after));
    await this.#untilSaved(ofSessions, (pending) => this.#saveSessions(owner, pending, folding.sessions));
    return folding;
  }

  /**
   * Removes what is stored of a deleted session from before its deletion. The session says that it is deleted already: another
   * replica that stores an earlier event after this finds that out when it looks at the session, which every replica does last.
   * Repeated after a crash, since nothing of the batch is acknowledged before.
   */
  async #removeEarlier(owner: Owner, id: string, messageIds: readonly string[], watch: Watch): Promise<void> {
    const only = new Map<string, readonly StoredEvent[]>([[id, []]]);
    const states = new Map<string, SessionState>();
    const saveEdited = async (edit: (session: SessionState) => SessionState) => {
      await this.#untilSaved(only, (pending) => this.#saveSessions(owner, pending, states, edit));
      return states.get(id)!.deletion!;
    };
    const { sequence, refold } = await saveEdited((session) => session);
    const mixedIds = await this.#documents.removeBefore(owner, id, sequence, { messageIds });
    const name = randomUUID();
    if (refold !== undefined || mixedIds.length > 0) {
      // Marked until it is done: this process may end meanwhile.
      const marked = await saveEdited(({ deletion, ...session }) => ({
        ...session,
        deletion: deletion!.sequence === sequence ? { sequence, refold: name } : deletion!,
      }));
      // Else a later deletion has come, and the projector that folded that one takes care of all that was before it.
      if (marked.sequence === sequence) await this.#refold(owner, id, { after: sequence, mixedIds, watch });
    }
    // The session counted what is removed now. Another projector's mark stays until that one is done.
    await saveEdited(({ deletion, ...session }) => ({
      ...session,
      deletion: deletion!.sequence === sequence && deletion!.refold === name ? { sequence } : deletion!,
    }));
  }

  /**
   * Folds again what later events said of a session and its mixed messages. Those are replaced and not removed, so that their
   * revisions go on: a projector that has read one before must not take the next one for the same.
   */
  async #refold(
    owner: Owner,
    id: string,
    { after, mixedIds, watch }: { after: number; mixedIds: readonly string[]; watch: Watch },
  ): Promise<void> {
    if (!this.#history)
      throw new Error(`the deletion of ${id} came after later events, and the log cannot be read here`);
    const withoutMessage = new Set(mixedIds);
    for await (const batch of this.#history(owner, after)) {
      const events = batch.flatMap((delivery) => decodedOrNothing(delivery));
      const later = events.filter((event) => sessionIdOfEvent(event) === id && event.sequence > after);
      // Most of what an owner has sent can be of other sessions.
      watch.signal?.throwIfAborted();
      watch.onProgress?.();
      if (later.length === 0) continue;
      await this.#foldAndRemove(owner, later, watch, after);
      for (const event of later) {
        const { message, part } = touchedBy(event);
        if (message !== undefined && part === undefined) withoutMessage.delete(message);
      }
    }
    // Later events have touched these, but none of them makes a message.
    if (withoutMessage.size > 0)
      await this.#documents.removeBefore(owner, id, after, { mixedIds: [...withoutMessage] });
  }

  /**
   * Heads of messages are loaded, and no bodies: a text or part that an event brings replaces the stored one by its
   * sequence alone, and parts that a message was sent again without are retired where they lie.
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
    return this.#documents.save({ sessions: [], messages, replaced, parts, settle });
  }

  /**
   * Sessions without events are saved only if they are edited. Whatever is stored then is put into `states`.
   */
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

/** Whether a session, or an event of it, is from before an erasure that has not reached it yet. */
function isErasedBy(
  { deletion }: SessionState,
  stored: SessionState | undefined,
  events: readonly StoredEvent[],
): boolean {
  const { sequence } = deletion!;
  // Deleted before the erasure: erased as well, whichever comes first.
  if (stored?.deletion) return stored.deletion.sequence < sequence;
  return (stored?.span.firstSequence ?? Infinity) < sequence || events.some((event) => event.sequence < sequence);
}

function externalIdOf([event]: readonly StoredEvent[]): string {
  const { sessionExternalId, externalId } = event!.data as { sessionExternalId?: string; externalId?: string };
  return sessionExternalId ?? externalId ?? '';
}

/** What a fold has seen on the way, by session. */
interface Folding {
  /** As they are stored now, also those that no event names directly. */
  readonly sessions: Map<string, SessionState>;
  /** Of the messages that events touched, as they are stored now. */
  readonly firstSequences: Map<string, number[]>;
}

/** The events in order, each piece with no event behind a deletion: folded in one go, what a deletion parts would be mixed. */
function cutAtDeletions(events: readonly StoredEvent[]): readonly (readonly StoredEvent[])[] {
  if (!events.some(isDeletion)) return [events];
  const pieces: StoredEvent[][] = [[]];
  for (const [at, event] of events.entries()) {
    if (at > 0 && isDeletion(events[at - 1]!) && !isDeletion(event)) pieces.push([]);
    pieces.at(-1)!.push(event);
  }
  return pieces;
}

function isDeletion({ type }: StoredEvent): boolean {
  return definitionOf(type).deletes !== undefined;
}

/** The documents whose words may be others after these events. */
function changesBy(events: readonly StoredEvent[]): DocumentChanges {
  const sessions = new Set<string>();
  const messages = new Set<string>();
  for (const event of events) {
    const { session, message } = touchedBy(event);
    const { words } = definitionOf(event.type);
    if (session !== undefined && words.includes('session')) sessions.add(session);
    if (message === undefined || !words.includes('message')) continue;
    messages.add(message);
    // Beside its message always: if that is gone, the indexers find out from the session.
    sessions.add(sessionIdOfEvent(event));
  }
  return { sessions: [...sessions], messages: [...messages] };
}

/** What cannot be decoded is in the dead letters already. */
function decodedOrNothing(delivery: Delivery): StoredEvent[] {
  try {
    return [decodeEvent(delivery)].filter(isSessionEvent);
  } catch (error) {
    if (error instanceof MalformedEventError) return [];
    throw error;
  }
}

function replacesParts(event: StoredEvent): boolean {
  return definitionOf(event.type).replacesParts?.(event.data) ?? false;
}

function append<Item>(groups: Map<string, Item[]>, key: string, item: Item): void {
  const group = groups.get(key);
  if (group) group.push(item);
  else groups.set(key, [item]);
}
