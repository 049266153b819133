import { unavailable } from '../unavailable.ts';

export interface PendingLimits {
  /** Events that may wait for their acks; a call that would exceed it is rejected, unless nothing else waits. */
  readonly maxPendingEvents: number;
  /** The same in bytes. */
  readonly maxPendingBytes: number;
}

/** Twice the limit of one request, so that a large one fits next to others. */
export const PENDING_LIMITS: PendingLimits = { maxPendingEvents: 40_000, maxPendingBytes: 64 * 1024 * 1024 };

/** The size of all unanswered calls: each counts in full, from start to end. */
export class PendingCalls {
  readonly #limits: PendingLimits;
  #calls = 0;
  #events = 0;
  #bytes = 0;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  get events(): number {
    return this.#events;
  }

  get none(): boolean {
    return this.#calls === 0;
  }

  /** Reserves room for a call. @throws AppError UNAVAILABLE if there is none */
  add(events: number, bytes: number): void {
    const { maxPendingEvents, maxPendingBytes } = this.#limits;
    const exceeds = this.#events + events > maxPendingEvents || this.#bytes + bytes > maxPendingBytes;
    if (exceeds && this.#calls > 0) throw unavailable(new Error(`${this.#events} events wait already`));
    this.#calls++;
    this.#events += events;
    this.#bytes += bytes;
  }

  remove(events: number, bytes: number): void {
    this.#calls--;
    this.#events -= events;
    this.#bytes -= bytes;
  }
}
