import type { AppError } from '@opensync/platform';
import type { WireEvent } from './wire.ts';

/** JetStream takes at most 1,000 messages in an atomic batch. */
const BATCH_EVENTS = 1000;
/** The server stages a batch before it commits it; this bounds what one batch holds there. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** Events of one call, at most a batch of them: written together, retried together, so that their order stays. */
export interface Unit {
  readonly events: readonly WireEvent[];
  readonly bytes: number;
  /** `performance.now()` at which the caller is told that it failed. */
  readonly deadline: number;
  /** Goes out by itself: deduplicated, or refused once as part of a batch. */
  alone: boolean;
  settled: boolean;
  readonly resolve: (sequences: number[]) => void;
  readonly reject: (error: AppError) => void;
}

/** Removes from the front of the queue as many units as fit into one batch, at least one. */
export function takeBatch(queue: Unit[]): Unit[] {
  let count = 0;
  let events = 0;
  let bytes = 0;
  for (const unit of queue) {
    events += unit.events.length;
    bytes += unit.bytes;
    if (count > 0 && (events > BATCH_EVENTS || bytes > BATCH_BYTES)) break;
    count++;
  }
  return queue.splice(0, count);
}

/** Cuts a call that is too big for one batch, in order. */
export function sliced(events: readonly WireEvent[]): WireEvent[][] {
  const slices: WireEvent[][] = [];
  let slice: WireEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    if (slice.length > 0 && (slice.length === BATCH_EVENTS || bytes + event.bytes > BATCH_BYTES)) {
      slices.push(slice);
      slice = [];
      bytes = 0;
    }
    slice.push(event);
    bytes += event.bytes;
  }
  slices.push(slice);
  return slices;
}
