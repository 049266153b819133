import type { AppError } from '@opensync/platform';
import type { WireEvent } from './wire.ts';

/** JetStream accepts at most 1,000 messages in an atomic batch. */
const BATCH_EVENTS = 1000;
/** The server stages a batch before it commits it; this bounds the staged bytes, and how long others wait for the commit. */
const BATCH_BYTES = 2 * 1024 * 1024;

/** Events of one call, at most a batch: written together and retried together, so that their order stays. */
export interface Unit {
  readonly events: readonly WireEvent[];
  readonly bytes: number;
  /** Whose events they are. */
  readonly owner: string;
  /** `performance.now()` at which the caller gets a failure. */
  readonly deadline: number;
  /** Not in a shared batch: deduplicated, or rejected once as part of one. */
  alone: boolean;
  /**
   * Written as one atomic batch of its own. Deduplicated events must be: if only some of them were stored, a retry
   * would put those at the end.
   */
  together: boolean;
  /** Deduplicated: without a batch, each item waits until the previous one is stored. */
  readonly inOrder: boolean;
  settled: boolean;
  readonly resolve: (sequences: number[]) => void;
  readonly reject: (error: AppError) => void;
}

export interface TakenBatch {
  readonly batch: readonly Unit[];
  /** The queue without them. */
  readonly rest: Unit[];
}

/**
 * As many units of the queue as fit into one batch, at least one. Owners who had events in the batch before go last, so that large
 * requests of one do not hold up others; each owner's units keep their order.
 */
export function takeBatch(queue: readonly Unit[], before: ReadonlySet<string>): TakenBatch {
  const [others, served] = [
    queue.filter(({ owner }) => !before.has(owner)),
    queue.filter(({ owner }) => before.has(owner)),
  ];
  const taken = new Set<Unit>();
  const full = new Set<string>();
  let events = 0;
  let bytes = 0;
  for (const unit of [...others, ...served]) {
    const fits = events + unit.events.length <= BATCH_EVENTS && bytes + unit.bytes <= BATCH_BYTES;
    if (full.has(unit.owner) || (taken.size > 0 && !fits)) {
      full.add(unit.owner);
      continue;
    }
    taken.add(unit);
    events += unit.events.length;
    bytes += unit.bytes;
  }
  return { batch: [...taken], rest: queue.filter((unit) => !taken.has(unit)) };
}

/**
 * Splits a call that is too large for one batch, in order, and between items: a message and its parts stay in one
 * slice. Only an item with more events than a batch is split itself. Bytes never require a split, because the size of
 * a request is bounded.
 */
export function sliced(events: readonly WireEvent[]): WireEvent[][] {
  const slices: WireEvent[][] = [];
  let slice: WireEvent[] = [];
  let bytes = 0;
  for (const item of itemsOf(events).flatMap(inBatches)) {
    const itemBytes = item.reduce((sum, event) => sum + event.bytes, 0);
    if (slice.length > 0 && (slice.length + item.length > BATCH_EVENTS || bytes + itemBytes > BATCH_BYTES)) {
      slices.push(slice);
      slice = [];
      bytes = 0;
    }
    slice.push(...item);
    bytes += itemBytes;
  }
  slices.push(slice);
  return slices;
}

/** The first item is sent first and alone: until it is stored, nothing else of the request may be. */
export function claimedSlices(events: readonly WireEvent[]): WireEvent[][] {
  const [first, ...others] = itemsOf(events);
  return [...sliced(first!), ...(others.length > 0 ? sliced(others.flat()) : [])];
}

/** Events that belong together, one list per group: a message with its parts, a session alone. */
export function itemsOf(events: readonly WireEvent[]): WireEvent[][] {
  const items: WireEvent[][] = [];
  for (const event of events) {
    const item = event.belongsToPrevious ? items.at(-1) : undefined;
    if (item) item.push(event);
    else items.push([event]);
  }
  return items;
}

function inBatches(item: WireEvent[]): WireEvent[][] {
  if (item.length <= BATCH_EVENTS) return [item];
  return [item.slice(0, BATCH_EVENTS), ...inBatches(item.slice(BATCH_EVENTS))];
}

/** The sequences of all events of the units, as a list for each. */
export function perUnit(units: readonly Unit[], sequences: readonly number[]): number[][] {
  let next = 0;
  return units.map(({ events }) => sequences.slice(next, (next += events.length)));
}
