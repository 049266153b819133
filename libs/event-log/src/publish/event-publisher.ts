import type { NewEvent } from '@opensync/contracts';
import { AppError, backoffMs } from '@opensync/platform';
import { currentTraceparent } from '@opensync/platform/telemetry';
import { nuid } from '@nats-io/transport-node';
import { isDuplicateInBatch } from '../jetstream-codes.ts';
import type { LogConnection } from '../connection.ts';
import type { Link } from '../link.ts';
import type { Acceptance } from './acceptance.ts';
import { AckInbox } from './ack-inbox.ts';
import { unavailable } from '../unavailable.ts';
import { diskFull, failureOf, lateError, type Failure } from './failure.ts';
import { PENDING_LIMITS, PendingCalls, type PendingLimits } from './pending-calls.ts';
import { onElection } from './elections.ts';
import { STREAM } from '../topology/names.ts';
import { claimConflict, isOfRequest, isStoredAt, type Claim } from './claim.ts';
import { claimedSlices, itemsOf, perUnit, sliced, takeBatch, type Unit } from './unit.ts';
import { batchHeaders, encodeEvent, EncodedHeaders, type WireEvent } from './wire.ts';

export interface PublisherOptions extends Partial<PendingLimits> {
  /** `ce-source` of the events, e.g. `opensync/ingest`. */
  readonly source: string;
  /** `group` if the log syncs before each ack, `plain` if it does not; see the table in the architecture. */
  readonly mode: 'group' | 'plain';
  /** How long a call of any size may wait for its acks, including retries, before it is rejected. */
  readonly ackTimeoutMs?: number;
}

export interface PublishOptions {
  /** By the id of each event. */
  readonly deduplicate?: boolean;
  readonly claim?: Claim | undefined;
}

/** Traced: a plain publish costs one sync, a batch five whatever its size. Measured: batches win from 10 events on. */
const SMALLEST_BATCH = 10;
/** How long answers of a leader that hands over gracefully may still arrive. */
const ANSWERS_UNDER_WAY_MS = 250;
/** Half of what nats-server 2.12 queues for a stream before it answers 429. */
const PLAIN_EVENTS_IN_FLIGHT = 5000;
const ACK_TIMEOUT_MS = 5000;
const SWEEP_MS = 100;
const BACKOFF = { firstPauseMs: 25, longestPauseMs: 1000 };

/** All events of a call have one owner, who is in the subject: `osk.events.<workspace>.<user>.<entity>`. */
function ownerOf([first]: readonly WireEvent[]): string {
  const { subject } = first!;
  return subject.slice(0, subject.lastIndexOf('.'));
}

/** Units whose acks are pending. */
interface Flight {
  readonly units: readonly Unit[];
  /** As one atomic batch; otherwise it is one unit whose items are sent individually. */
  readonly together: boolean;
  /** The next group waits for it to land. */
  grouped: boolean;
  readonly replies: string[];
  readonly sentAt: number;
}

/**
 * Writes events to the log. In `group` mode, events that wait at the same moment are sent as one atomic batch, with
 * one sync for all of them; while a batch is in flight, the next one gathers.
 */
export class EventPublisher {
  readonly #nc: LogConnection;
  readonly #options: PublisherOptions & { readonly ackTimeoutMs: number };
  readonly #pending: PendingCalls;
  readonly #link: Link;
  readonly #acceptance: Acceptance;
  readonly #inbox: AckInbox;
  readonly #unlink: readonly (() => void)[];
  /** Units that are sent individually, and units that may share a batch. */
  #singles: Unit[] = [];
  #gathering: Unit[] = [];
  /** Of the batch that was sent last. */
  #ownersBefore: ReadonlySet<string> = new Set();
  readonly #flights = new Set<Flight>();
  #plainEventsInFlight = 0;
  #groupedFlights = 0;
  #pumpScheduled = false;
  #failuresInARow = 0;
  #pause: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #closing = false;
  #onIdle: (() => void) | undefined;

  constructor(nc: LogConnection, options: PublisherOptions) {
    this.#nc = nc;
    this.#options = { ackTimeoutMs: ACK_TIMEOUT_MS, ...options };
    this.#pending = new PendingCalls({ ...PENDING_LIMITS, ...options });
    this.#inbox = new AckInbox(nc);
    this.#link = nc.link;
    this.#acceptance = nc.acceptance;
    this.#unlink = [
      this.#link.onChange((up) => {
        if (up) this.#resume();
        else this.#inbox.giveUpAll('the connection to the log was lost');
      }),
      this.#acceptance.onBroken(() => this.#giveUp(() => true, diskFull)),
      onElection(nc, STREAM.events, () => this.#onElection()),
    ];
  }

  /** Events waiting for their acks. */
  get pending(): number {
    return this.#pending.events;
  }

  /**
   * Resolves with the stream sequence of each event once all of them are durably stored. They keep the given order on
   * the stream, possibly interleaved with others. A message and the parts after it are stored together or not at all
   * (of more than 1,000 events the first 1,000). With `deduplicate`, an event whose id was already stored within the
   * duplicate window is not stored again and returns its sequence; a message and its parts must have been stored
   * together.
   * With a `claim`, the first item is stored before any other one, and nothing is stored if another request has
   * claimed the same id within the window.
   * After a lost ack, events may be stored twice; a rejected call may have stored some or all of its items.
   * @throws AppError UNAVAILABLE if the log does not store them in time; PAYLOAD_TOO_LARGE; CONFLICT for a claim
   */
  async publish(
    events: readonly NewEvent[],
    { claim, deduplicate = claim !== undefined }: PublishOptions = {},
  ): Promise<number[]> {
    if (events.length === 0) return [];
    if (this.#closing) throw unavailable(new Error('the publisher is closing'));
    const maxPayload = this.#nc.info?.max_payload ?? Infinity;
    const encoding = { source: this.#options.source, deduplicate, traceparent: currentTraceparent() };
    const encoded = events.map((event, index) => encodeEvent(event, index === 0 ? { ...encoding, claim } : encoding));
    if (encoded.some(({ bytes }) => bytes > maxPayload)) {
      throw new AppError(
        'PAYLOAD_TOO_LARGE',
        `An event is larger than the ${maxPayload} bytes that the event log accepts.`,
      );
    }
    const bytes = encoded.reduce((sum, event) => sum + event.bytes, 0);
    const owner = ownerOf(encoded);
    const release = this.#acceptance.admit(bytes);
    try {
      this.#pending.add(owner, events.length, bytes);
    } catch (error) {
      release();
      throw error;
    }
    this.#sweep ??= setInterval(() => this.#giveUpLate(), SWEEP_MS);
    try {
      const deadline = performance.now() + this.#options.ackTimeoutMs;
      const sequences: number[] = [];
      // Sequentially: if they were in flight together, a retry could put the first after the second.
      for (const slice of claim ? claimedSlices(encoded) : sliced(encoded))
        sequences.push(...(await this.#enqueue(slice, deadline, deduplicate)));
      this.#acceptance.accepted();
      return sequences;
    } catch (error) {
      this.#acceptance.refused(error);
      throw error;
    } finally {
      release();
      this.#pending.remove(owner, events.length, bytes);
      if (this.#pending.none) this.#rest();
    }
  }

  /** Accepts no more events; resolves when each call has its answer. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.#pending.none) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    clearTimeout(this.#pause);
    for (const unlink of this.#unlink) unlink();
    this.#inbox.close();
  }

  #rest(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    this.#onIdle?.();
  }

  #enqueue(events: readonly WireEvent[], deadline: number, alone: boolean): Promise<number[]> {
    return new Promise((resolve, reject) => {
      const bytes = events.reduce((sum, event) => sum + event.bytes, 0);
      const together = alone && events.length > 1;
      const unit = {
        events,
        bytes,
        owner: ownerOf(events),
        deadline,
        alone,
        together,
        inOrder: alone,
        settled: false,
        resolve,
        reject,
      };
      this.#queueOf(unit).push(unit);
      // Events that arrive in one turn of the event loop are sent together: as one batch, or at least in one write.
      this.#schedulePump();
    });
  }

  #queueOf(unit: Unit): Unit[] {
    return unit.alone || this.#options.mode === 'plain' ? this.#singles : this.#gathering;
  }

  /** At the end of this turn of the event loop. */
  #schedulePump(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#link.up || this.#pause) return;
    while (this.#singles.length > 0 && this.#plainEventsInFlight < PLAIN_EVENTS_IN_FLIGHT) {
      const unit = this.#singles.shift()!;
      this.#fly([unit], { together: unit.together, grouped: false });
    }
    while (this.#gathering.length > 0 && this.#groupedFlights === 0) {
      const { batch: group, rest } = takeBatch(this.#gathering, this.#ownersBefore);
      this.#gathering = rest;
      this.#ownersBefore = new Set(group.map(({ owner }) => owner));
      const events = group.reduce((sum, unit) => sum + unit.events.length, 0);
      if (events >= SMALLEST_BATCH) this.#fly(group, { together: true, grouped: true });
      else for (const unit of group) this.#fly([unit], { together: false, grouped: true });
    }
  }

  #fly(units: readonly Unit[], { together, grouped }: { together: boolean; grouped: boolean }): void {
    const flight: Flight = { units, together, grouped, replies: [], sentAt: performance.now() };
    this.#flights.add(flight);
    if (grouped) this.#groupedFlights++;
    if (!together) this.#plainEventsInFlight += units[0]!.events.length;
    try {
      const land = (sequences: readonly number[]) => this.#land(flight, perUnit(units, sequences));
      const events = units.flatMap((unit) => unit.events);
      if (together) this.#send(flight, events, land);
      else if (units[0]!.inOrder) this.#sendInOrder(flight, itemsOf(events), land);
      else this.#sendEach(flight, itemsOf(events), land);
    } catch (error) {
      // The connection was closed permanently.
      this.#land(flight, { kind: 'refused', error: unavailable(error) });
    }
  }

  /** Each item individually, in flight together; resolves with the sequences of all their events. */
  #sendEach(flight: Flight, items: readonly WireEvent[][], onStored: (sequences: readonly number[]) => void): void {
    const sequences = new Array<readonly number[]>(items.length);
    let open = items.length;
    items.forEach((item, index) =>
      this.#send(flight, item, (stored) => {
        sequences[index] = stored;
        if (--open === 0) onStored(sequences.flat());
      }),
    );
  }

  /** One event plainly, several as an atomic batch. A failure ends the flight. */
  #send(flight: Flight, events: readonly WireEvent[], onStored: (sequences: readonly number[]) => void): void {
    const count = events.length;
    const reply = this.#inbox.expect((answer) => {
      if (isDuplicateInBatch(answer)) {
        this.#sendDuplicates(flight, events, onStored);
      } else if (answer.kind !== 'ack') {
        this.#land(flight, failureOf(answer));
      } else if (answer.count !== count) {
        this.#land(flight, { kind: 'transient', reason: 'a batch was not stored whole' });
      } else if (answer.duplicate && events[0]!.claim !== undefined) {
        this.#confirm(flight, events[0]!.claim, answer.sequence, () => onStored([answer.sequence]));
      } else {
        // A batch is contiguous and the ack names its last sequence.
        onStored(events.map((_event, index) => answer.sequence - count + 1 + index));
      }
    });
    flight.replies.push(reply);
    const batchId = count > 1 ? nuid.next() : '';
    events.forEach((event, index) => {
      const headers = count > 1 ? batchHeaders(event, batchId, index + 1, count) : new EncodedHeaders(event.headers);
      this.#nc.publish(event.subject, event.body, index === count - 1 ? { headers, reply } : { headers });
    });
  }

  /**
   * Each item after the previous one is stored. Deduplicated events need this: if the log rejected the first and
   * stored the second, a later call would store the first after it.
   */
  #sendInOrder(
    flight: Flight,
    [item, ...others]: readonly WireEvent[][],
    onStored: (sequences: readonly number[]) => void,
    before: readonly number[] = [],
  ): void {
    if (!item) return onStored(before);
    this.#send(flight, item, (stored) => this.#sendInOrder(flight, others, onStored, [...before, ...stored]));
  }

  /**
   * Events stored as one batch are contiguous, so its ends are enough; otherwise each event is sent alone and its
   * sequence returned.
   */
  #sendDuplicates(
    flight: Flight,
    events: readonly WireEvent[],
    onStored: (sequences: readonly number[]) => void,
  ): void {
    const [first, ...others] = events.map((event) => [event]);
    this.#send(flight, first!, ([sequence]) =>
      this.#ifRead(flight, isStoredAt(this.#nc, sequence! + others.length, events.at(-1)!.id), (isTogether) => {
        if (isTogether) onStored(events.map((_event, index) => sequence! + index));
        else this.#sendInOrder(flight, others, onStored, [sequence!]);
      }),
    );
  }

  /** The event stored under the id of a claim belongs to this request, or the flight ends in a conflict. */
  #confirm(flight: Flight, fingerprint: string, sequence: number, onSame: () => void): void {
    this.#ifRead(flight, isOfRequest(this.#nc, sequence, fingerprint), (same) => {
      if (same) onSame();
      else this.#land(flight, { kind: 'refused', error: claimConflict() });
    });
  }

  /** Nothing more may be sent for a flight that was abandoned meanwhile. */
  #ifRead(flight: Flight, reading: Promise<boolean>, then: (is: boolean) => void): void {
    reading.then(
      (is) => {
        if (this.#flights.has(flight)) then(is);
      },
      () => this.#land(flight, { kind: 'transient', reason: 'the events that are already stored cannot be read' }),
    );
  }

  /**
   * Messages that the former leader has not answered are sent to the new one, instead of waiting for their deadline.
   */
  #onElection(): void {
    this.#acceptance.forgive();
    const before = performance.now() - ANSWERS_UNDER_WAY_MS;
    for (const flight of [...this.#flights]) {
      if (flight.sentAt < before) this.#land(flight, { kind: 'transient', reason: 'the log has another leader' });
    }
    this.#schedulePump();
  }

  /** The end of a flight: with the sequences of each unit, or with the failure. */
  #land(flight: Flight, outcome: readonly number[][] | Failure): void {
    if (!this.#remove(flight)) return;
    if ('kind' in outcome) {
      for (const reply of flight.replies) this.#inbox.forget(reply);
      this.#onFailure(flight, outcome);
    } else {
      this.#failuresInARow = 0;
      flight.units.forEach((unit, index) => this.#settle(unit, () => unit.resolve(outcome[index]!)));
    }
    if (!this.#pending.none) this.#schedulePump();
  }

  /** False if it has already ended. */
  #remove(flight: Flight): boolean {
    if (!this.#flights.delete(flight)) return false;
    this.#letNextGroupGo(flight);
    if (!flight.together) this.#plainEventsInFlight -= flight.units[0]!.events.length;
    return true;
  }

  #letNextGroupGo(flight: Flight): void {
    if (!flight.grouped) return;
    flight.grouped = false;
    this.#groupedFlights--;
  }

  #onFailure({ units, together }: Flight, failure: Failure): void {
    if (failure.kind === 'full' || (failure.kind === 'refused' && !together)) {
      for (const unit of units) this.#settle(unit, () => unit.reject(failure.error));
      return;
    }
    for (const unit of units.toReversed()) {
      if (unit.settled) continue;
      // One event that the log rejects must not take the others of its batch with it.
      if (failure.kind === 'refused') {
        unit.alone = true;
        unit.together = false;
      }
      this.#queueOf(unit).unshift(unit);
    }
    if (failure.kind === 'transient') this.#backOff();
  }

  /** Flights that fail together count once. */
  #backOff(): void {
    if (this.#pause) return;
    const ms = backoffMs(++this.#failuresInARow, BACKOFF);
    this.#pause = setTimeout(() => this.#resume(), ms);
  }

  #resume(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#schedulePump();
  }

  /**
   * Abandons flights after their deadline. A flight without an answer is not sent again: a slow log would store
   * everything twice and become slower. But after half of the time it no longer blocks the next group.
   */
  #giveUpLate(): void {
    const now = performance.now();
    const { ackTimeoutMs } = this.#options;
    const isOld = ({ sentAt }: Flight) => sentAt + ackTimeoutMs / 2 <= now;
    const isSilent =
      this.#link.up && [...this.#flights].some(isOld) && this.#acceptance.nothingSince(now - ackTimeoutMs);
    this.#giveUp(
      (unit) => unit.deadline <= now,
      () => lateError(isSilent),
    );
    for (const flight of this.#flights) if (isOld(flight)) this.#letNextGroupGo(flight);
    this.#schedulePump();
  }

  /** Rejects units, waiting or in flight. */
  #giveUp(isGivenUp: (unit: Unit) => boolean, errorOf: () => AppError): void {
    const flights = [...this.#flights];
    const units = [this.#singles, this.#gathering, flights.flatMap((flight) => flight.units)].flat();
    this.#singles = this.#singles.filter((unit) => !isGivenUp(unit));
    this.#gathering = this.#gathering.filter((unit) => !isGivenUp(unit));
    for (const unit of units.filter(isGivenUp)) this.#settle(unit, () => unit.reject(errorOf()));
    for (const flight of flights) {
      if (!flight.units.every(({ settled }) => settled)) continue;
      this.#remove(flight);
      for (const reply of flight.replies) this.#inbox.forget(reply);
    }
  }

  #settle(unit: Unit, answer: () => void): void {
    if (unit.settled) return;
    unit.settled = true;
    answer();
  }
}
