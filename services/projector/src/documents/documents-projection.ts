import { randomUUID } from 'node:crypto';
import {
  changesApplied,
  decodeEvent,
  definitionOf,
  deletionBy,
  ERASURE,
  isEventType,
  isSessionEvent,
  MalformedEventError,
  ownerKey,
  sessionIdOfEvent,
  sessionView,
  touchedBy,
  UnknownEventTypeError,
  type AppliedChange,
  type DocumentChanges,
  type Owner,
  type SessionState,
  type StoredEvent,
} from '@opensync/contracts';
import type { BatchContext, BatchOutcome, Delivery, Poison } from '@opensync/event-log';
import type { DocumentStore, SessionQuery, TrashedSession } from '@opensync/stores';
import { forEachOwner } from '../owners.ts';
import { DocumentFolding, type DocumentFoldingResources } from './folding.ts';

/** Stores answer several small requests as fast as one, and commit waiting writes together with one sync. */
const OWNERS_AT_ONCE = 16;
/** Sessions that an erasure deletes in one step. */
const SESSIONS_AT_ONCE = 50;

export interface DocumentsProjectionResources extends DocumentFoldingResources {
  /** Announces changes to the indexers; resolves once CHANGES has them on disk. */
  readonly publishChanges: (owner: Owner, changes: DocumentChanges) => Promise<void>;
  /** Tells live views what the documents now show, before the events are acknowledged. */
  readonly onApplied?: ((owner: Owner, changes: readonly AppliedChange[]) => void) | undefined;
  /** An owner's events after a sequence, up to the present end of the log: read if a deletion is folded after later events. */
  readonly history: (owner: Owner, after: number) => AsyncIterable<readonly Delivery[]>;
  /** The types of events that this projector knows; default all. Fewer make it one of an earlier version. */
  readonly knows?: typeof isEventType;
  /**
   * Records that the owner deleted sessions, by this event, the first or last one of a batch; resolves once that is
   * durable. Their payloads are removed later.
   */
  readonly onDeletion?: (owner: Owner, sequence: number) => Promise<void>;
}

/** A long batch reports progress, and stops when it has timed out. */
type Watch = Partial<Pick<BatchContext, 'onProgress' | 'signal'>>;

/**
 * EVENTS → documents: folds batches, and carries out deletions. Safe to repeat and to run next to other replicas: the
 * fold ignores events that it has seen, and revisions guard each save.
 */
export class DocumentsProjection {
  readonly #documents: DocumentStore;
  readonly #publishChanges: DocumentsProjectionResources['publishChanges'];
  readonly #knows: typeof isEventType;
  readonly #onApplied: DocumentsProjectionResources['onApplied'];
  readonly #history: DocumentsProjectionResources['history'];
  readonly #onDeletion: DocumentsProjectionResources['onDeletion'];
  readonly #folding: DocumentFolding;

  constructor(resources: DocumentsProjectionResources) {
    const { documents, publishChanges, onApplied, knows = isEventType, history, onDeletion } = resources;
    this.#documents = documents;
    this.#publishChanges = publishChanges;
    this.#onApplied = onApplied;
    this.#knows = knows;
    this.#history = history;
    this.#onDeletion = onDeletion;
    this.#folding = new DocumentFolding(resources);
  }

  /**
   * Projects a batch. A message that cannot be read as an event is poison; failures of the store or the log are
   * thrown.
   */
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
    this.#onApplied?.(owner, changesApplied(events));
    await this.#publishChanges(owner, { ...changesBy(events), ...(removed.size > 0 && { removed: [...removed] }) });
  }

  /**
   * Folds events, then removes data from before a deletion of their sessions. Returns the ids of those sessions.
   * @param refolds the deletion whose later events these are; that refold is already in progress
   */
  async #foldAndRemove(
    owner: Owner,
    events: readonly StoredEvent[],
    watch: Watch,
    refolds?: number,
  ): Promise<ReadonlySet<string>> {
    const removed = new Set<string>();
    for (const segment of cutAtDeletions(events)) {
      const { sessions, firstSequences } = await this.#folding.fold(owner, segment, refolds);
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
        // Another projector may have replaced a message after these were saved, from a log that did not have them
        // yet.
        const later = ofSession.filter(({ sequence }) => !isBefore(sequence));
        if (later.length > 0) await this.#foldAndRemove(owner, later, watch, deletion.sequence);
      }
      const erasure = segment.findLast(({ type }) => definitionOf(type).erases);
      if (erasure) await this.#eraseSessions(owner, sessions.get(ERASURE)!, watch);
    }
    return removed;
  }

  /**
   * Deletes every session of a user from before their erasure. The erasure is already stored: a projector that saves
   * a session from now on finds it, see DocumentFolding.
   */
  async #eraseSessions(owner: Owner, { deletion, span }: SessionState, watch: Watch): Promise<void> {
    const { sequence } = deletion!;
    const erasure = { id: ERASURE, owner, time: span.lastAt, sequence };
    for await (const page of this.#everySession(owner)) {
      const earlier = page.filter((session) => {
        return session.span.firstSequence < sequence || (session.deletion?.sequence ?? Infinity) <= sequence;
      });
      const removed = await this.#foldAndRemove(
        owner,
        earlier.map((session) => deletionBy(erasure, session)),
        watch,
      );
      if (removed.size > 0) await this.#publishChanges(owner, { sessions: [], messages: [], removed: [...removed] });
      this.#onApplied?.(
        owner,
        [...removed].map((session) => ({ sequences: [], session })),
      );
      watch.signal?.throwIfAborted();
      watch.onProgress?.();
    }
  }

  /** The sessions of an owner that are not deleted, in pages; those in the trash last. */
  async *#everySession(owner: Owner): AsyncGenerator<readonly SessionState[]> {
    const limit = SESSIONS_AT_ONCE;
    for (let after: SessionQuery['after']; ;) {
      const page = await this.#documents.sessions(owner, {
        ...{ limit, sort: 'createdAt', order: 'asc', ...(after && { after }) },
      });
      const last = page.at(-1);
      if (!last) break;
      after = { id: last.id, value: sessionView(last).createdAt };
      yield page;
    }
    for (let after: TrashedSession | undefined; ;) {
      const page = await this.#documents.trashed({ owner, before: Number.MAX_SAFE_INTEGER, limit, after });
      after = page.at(-1);
      if (!after) return;
      const { gone } = await this.#documents.load(owner, { sessions: page.map(({ id }) => id) });
      yield [...gone.values()];
    }
  }

  /**
   * Removes the contents of a deleted session from before its deletion. The session is already marked as deleted:
   * another replica that stores an earlier event afterwards finds that out when it reads the session, which every
   * replica does last. Repeated after a crash, since nothing of the batch is acknowledged before.
   */
  async #removeEarlier(owner: Owner, id: string, messageIds: readonly string[], watch: Watch): Promise<void> {
    const saveEdited = async (edit: (session: SessionState) => SessionState) =>
      (await this.#folding.edit(owner, id, edit)).deletion!;
    const { sequence, refold } = await saveEdited((session) => session);
    const mixedIds = await this.#documents.removeBefore(owner, id, sequence, { messageIds });
    const name = randomUUID();
    if (refold !== undefined || mixedIds.length > 0) {
      // Marked until it is done: this process may die meanwhile.
      const marked = await saveEdited(({ deletion, ...session }) => ({
        ...session,
        deletion: deletion!.sequence === sequence ? { sequence, refold: name } : deletion!,
      }));
      // Otherwise a later deletion has been folded, and the projector that folded it handles everything from before.
      if (marked.sequence === sequence) await this.#refold(owner, id, { after: sequence, mixedIds, watch });
    }
    // The session's counts include what is removed now. Another projector's mark stays until that one is done.
    await saveEdited(({ deletion, ...session }) => ({
      ...session,
      deletion: deletion!.sequence === sequence && deletion!.refold === name ? { sequence } : deletion!,
    }));
  }

  /**
   * Folds the later events of a session and its mixed messages again. Those messages are replaced, not removed, so
   * that their revisions continue: a projector that has read an old one must not mistake the new one for it.
   */
  async #refold(
    owner: Owner,
    id: string,
    { after, mixedIds, watch }: { after: number; mixedIds: readonly string[]; watch: Watch },
  ): Promise<void> {
    const withoutMessage = new Set(mixedIds);
    for await (const batch of this.#history(owner, after)) {
      const events = batch.flatMap((delivery) => decodedOrNothing(delivery));
      const later = events.filter((event) => sessionIdOfEvent(event) === id && event.sequence > after);
      // Most of an owner's events may belong to other sessions.
      watch.signal?.throwIfAborted();
      watch.onProgress?.();
      if (later.length === 0) continue;
      await this.#foldAndRemove(owner, later, watch, after);
      for (const event of later) {
        const { message, part } = touchedBy(event);
        if (message !== undefined && part === undefined) withoutMessage.delete(message);
      }
    }
    // Later events touched these, but none of them creates a message.
    if (withoutMessage.size > 0)
      await this.#documents.removeBefore(owner, id, after, { mixedIds: [...withoutMessage] });
  }
}

/**
 * The events in order, split so that no piece has an event after a deletion: folded together, data from before and
 * after a deletion would be mixed.
 */
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

/** The documents whose words may have changed with these events. */
function changesBy(events: readonly StoredEvent[]): DocumentChanges {
  const sessions = new Set<string>();
  const messages = new Set<string>();
  for (const event of events) {
    const { session, message } = touchedBy(event);
    const { words } = definitionOf(event.type);
    if (session !== undefined && words.includes('session')) sessions.add(session);
    if (message === undefined || !words.includes('message')) continue;
    messages.add(message);
    // Always with its message: if that is gone, the indexers find out from the session.
    sessions.add(sessionIdOfEvent(event));
  }
  return { sessions: [...sessions], messages: [...messages] };
}

/** Undecodable messages are already dead letters. */
function decodedOrNothing(delivery: Delivery): StoredEvent[] {
  try {
    return [decodeEvent(delivery)].filter(isSessionEvent);
  } catch (error) {
    if (error instanceof MalformedEventError) return [];
    throw error;
  }
}
