import type { AppliedChange, Owner } from '@opensync/contracts';
import type { AppliedListener, ChangedDocuments } from '@opensync/event-log/live';
import { AppError, type Logger } from '@opensync/platform';
import type { DocumentStore } from '@opensync/stores';
import { Announcements } from './announcements.ts';
import { eventsOf, goneFor, isFor, type LiveEvent } from './live-events.ts';
import { LiveReader, type LiveRequest } from './live-reader.ts';
import { frameOf } from './live-stream.ts';
import { Readers, type Workspace } from './readers.ts';

export interface LiveLimits {
  /** Streams of this process, and those of one key. */
  readonly streams: number;
  readonly streamsPerKey: number;
  /** Bytes that may wait for one client, and for all together. */
  readonly streamBytes: number;
  readonly totalBytes: number;
}

export interface LiveHubResources {
  readonly documents: Pick<DocumentStore, 'load'>;
  /** Hears what projectors announce, until the returned function is called. */
  readonly hear: (listener: AppliedListener) => () => void;
  /** Everything up to this sequence is applied, and was announced. */
  readonly applied: () => Promise<number>;
  /** What the events of a workspace after a sequence changed; undefined if there are too many, or if it is not known. */
  readonly changesAfter: (workspaceId: string, after: number) => Promise<readonly ChangedDocuments[] | undefined>;
  readonly limits: LiveLimits;
  readonly logger: Logger;
  /** Streams whose clients did not keep up. */
  readonly onDropped?: () => void;
}

/** Changes that are read together, and that are written before others get their turn. */
const CHANGES_AT_ONCE = 64;
const TICK_MS = 500;
const HEARTBEAT_TICKS = 30;
const POSITION_TICKS = 2;
/** After a connection is back: until every server of a cluster knows that this process listens. */
const SETTLE_MS = 1_000;
const RETRY_AFTER = 5;
/** Clients come back over some seconds, not all at once. */
const COME_BACK_MS = { least: 1_000, spread: 4_000 };

/**
 * Sends the readers of this process what changes. It hears the projectors' announcements once, reads the changed
 * documents once, and writes the same bytes to every reader who may see them; what that costs does not depend on what
 * is stored.
 */
export class LiveHub {
  readonly #resources: LiveHubResources;
  readonly #readers: Readers;
  readonly #announcements: Announcements;
  readonly #stopHearing: () => void;
  /** The position at which streams resume: everything up to here was sent to them. */
  #floor = 0;
  /** False while nobody listens. */
  #isFloorKnown = false;
  /** The applied position at the last check. By the next check, everything up to it has been heard. */
  #candidate: number | undefined;
  #isGap = false;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #missed = new Map<string, Promise<readonly ChangedDocuments[] | undefined>>();

  constructor(resources: LiveHubResources) {
    this.#resources = resources;
    this.#readers = new Readers(resources.limits);
    this.#announcements = new Announcements({
      send: (owner, changes) => this.#send(owner, changes),
      onSettled: (floor) => this.#moveOn(floor),
      onTooMany: () => this.#resetAll('too-much-missed'),
    });
    this.#stopHearing = resources.hear({
      wants: (workspaceId) => this.#readers.in(workspaceId) !== undefined,
      onApplied: (owner, changes) => this.#announcements.add(owner, changes),
      onGap: () => void this.#closeGap(),
    });
  }

  /** Streams that are open. */
  get open(): number {
    return this.#readers.size;
  }

  /**
   * A stream, which begins with what was missed since `lastEventId`.
   * @throws AppError RATE_LIMITED, UNAVAILABLE
   */
  async read(request: LiveRequest): Promise<LiveReader> {
    if (this.#isClosed) throw new AppError('UNAVAILABLE', 'The server is stopping', { retryAfter: RETRY_AFTER });
    const reader = new LiveReader(request, this.#resources.limits.streamBytes);
    this.#readers.add(reader);
    reader.stream.once('close', () => this.#leave(reader));
    this.#timer ??= setInterval(() => void this.#tick(), TICK_MS).unref();
    try {
      // After the reader was added: what is announced later reaches it, what is applied by now does not have to.
      const position = await this.#resources.applied();
      if (!this.#isFloorKnown) this.#floor = position;
      this.#isFloorKnown = true;
      const { lastEventId } = request;
      const missed = lastEventId === undefined ? [] : await this.#missedSince(request, lastEventId);
      void this.#begin(reader, position, missed);
      return reader;
    } catch (error) {
      reader.stream.destroy();
      throw error;
    }
  }

  /** Ends all streams. Clients come back, to another process or to this one once it runs again. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#stopHearing();
    this.#announcements.close();
    for (const { stream } of this.#readers.all()) {
      stream.end(COME_BACK_MS.least + Math.floor(Math.random() * COME_BACK_MS.spread));
    }
  }

  async #begin(reader: LiveReader, position: number, missed: readonly ChangedDocuments[] | undefined): Promise<void> {
    const { request, stream } = reader;
    try {
      for (const { owner, changes } of missed ?? []) {
        for (let start = 0; start < changes.length && stream.isOpen; start += CHANGES_AT_ONCE) {
          const events = await this.#eventsOf(owner, changes.slice(start, start + CHANGES_AT_ONCE), [reader]);
          const frames = events.filter((event) => isFor(request.wish, event)).map((event) => framed(event));
          if (frames.length > 0) await reader.catchUp(frames.join(''));
        }
      }
    } catch (err) {
      this.#resources.logger.warn({ err }, 'a live stream could not be resumed; its client connects again');
      return stream.end(COME_BACK_MS.least);
    }
    if (missed) reader.begin('ready', position);
    else reader.begin('reset', position, { reason: 'position' });
    if (request.seconds === 0) stream.end();
    else if (request.seconds !== undefined) {
      const timer = setTimeout(() => stream.end(), request.seconds * 1000).unref();
      stream.once('close', () => clearTimeout(timer));
    }
  }

  /** Clients that come back together have missed the same, so it is read once. */
  #missedSince(
    { wish, positions }: LiveRequest,
    lastEventId: string,
  ): Promise<readonly ChangedDocuments[] | undefined> {
    const after = positions.decode(lastEventId);
    if (after === undefined) return Promise.resolve(undefined);
    const { workspaceId } = wish.reader;
    const key = `${workspaceId} ${after}`;
    const missed = this.#missed.get(key) ?? this.#resources.changesAfter(workspaceId, after);
    if (!this.#missed.has(key)) {
      this.#missed.set(key, missed);
      const forget = () => void this.#missed.delete(key);
      missed.then(forget, forget);
    }
    return missed;
  }

  /** @param readers of the owner's workspace, at least one */
  async #eventsOf(
    owner: Owner,
    changes: readonly AppliedChange[],
    readers: Iterable<LiveReader>,
  ): Promise<LiveEvent[]> {
    const sessions = [...new Set(changes.map(({ session }) => session))];
    const messages = changes.flatMap(({ message }) => message ?? []);
    const loaded = await this.#resources.documents.load(owner, { sessions, messages });
    const workspace = this.#readers.in(owner.workspaceId);
    if (!workspace) return [];
    const isReceiptWanted = [...readers].some(({ request: { wish } }) => wish.kinds.has('receipt'));
    const wasShared = (id: string) => workspace.shared.has(id);
    return eventsOf(owner, changes, { loaded, positions: workspace.positions, wasShared, isReceiptWanted });
  }

  /** @throws if the documents cannot be read now */
  async #send(owner: Owner, changes: readonly AppliedChange[]): Promise<void> {
    const workspace = this.#readers.in(owner.workspaceId);
    if (!workspace) return;
    for (let start = 0; start < changes.length; start += CHANGES_AT_ONCE) {
      const events = await this.#eventsOf(owner, changes.slice(start, start + CHANGES_AT_ONCE), workspace.readers);
      this.#write(workspace, events);
      // Connections take what was written, and other requests get their turn.
      await new Promise(setImmediate);
    }
  }

  #write(workspace: Workspace, events: readonly LiveEvent[]): void {
    const id = workspace.positions.encode(this.#floor);
    const frames = new Map<string, Buffer>();
    for (const reader of workspace.readers) {
      const { wish } = reader.request;
      const marks = events.map((event) => (isFor(wish, event) ? 'x' : goneFor(wish, event) ? 'g' : '-'));
      const chosen = marks.join('');
      if (!/[xg]/.test(chosen)) continue;
      let bytes = frames.get(chosen);
      if (!bytes) {
        const texts = events.map((event, at) => {
          if (marks[at] === '-') return '';
          return marks[at] === 'x' ? framed(event, id) : frameOf('gone', id, { sessionId: event.sessionId });
        });
        frames.set(chosen, (bytes = Buffer.from(texts.join(''))));
      }
      if (!reader.announce(bytes)) this.#drop(reader);
    }
    for (const event of events) workspace.remember(event);
    for (const slowest of this.#readers.beyond(this.#resources.limits.totalBytes)) this.#drop(slowest);
  }

  /** Such a reader would only fall further behind; its client knows where to resume. */
  #drop(reader: LiveReader): void {
    this.#resources.onDropped?.();
    reader.stream.destroy();
  }

  #leave(reader: LiveReader): void {
    this.#readers.remove(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#candidate = undefined;
    this.#isFloorKnown = false;
  }

  async #tick(): Promise<void> {
    this.#ticks++;
    await this.#endRevoked();
    if (this.#ticks % HEARTBEAT_TICKS === 0) for (const { stream } of this.#readers.all()) stream.send(':\n\n');
    if (this.#ticks % POSITION_TICKS !== 0 || this.#isGap) return;
    const applied = await this.#resources.applied().catch(() => undefined);
    if (applied === undefined || this.#isGap) return;
    if (this.#candidate !== undefined) this.#announcements.settle(this.#candidate);
    this.#candidate = applied;
  }

  /** Also while nobody can say whether a key is valid. */
  async #endRevoked(): Promise<void> {
    for (const readers of this.#readers.byKey()) {
      const mayContinue = await readers[0]!.request.mayContinue().catch(() => false);
      if (!mayContinue) for (const { stream } of readers) stream.end();
    }
  }

  #moveOn(floor: number): void {
    if (floor < this.#floor || this.#isGap) return;
    this.#floor = floor;
    for (const reader of this.#readers.all()) reader.moveOn(floor);
  }

  /** Announces what was applied while this process heard nothing, as the log has it. */
  async #closeGap(): Promise<void> {
    if (this.#isGap) return;
    this.#isGap = true;
    this.#candidate = undefined;
    let isClosed = this.#readers.size === 0;
    while (!isClosed && !this.#isClosed) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS).unref());
      isClosed = await this.#announceMissed().then(
        () => true,
        () => false,
      );
    }
    this.#isGap = false;
  }

  async #announceMissed(): Promise<void> {
    for (const { workspaceId, readers } of [...this.#readers.workspaces()]) {
      const missed = await this.#resources.changesAfter(workspaceId, this.#floor);
      for (const { owner, changes } of missed ?? []) this.#announcements.add(owner, changes);
      if (!missed) for (const reader of readers) reader.reset(this.#floor, 'too-much-missed');
    }
  }

  #resetAll(reason: string): void {
    for (const reader of this.#readers.all()) reader.reset(this.#floor, reason);
  }
}

function framed({ name, data }: LiveEvent, id?: string): string {
  return frameOf(name, id, data);
}
