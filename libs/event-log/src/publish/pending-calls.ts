import { unavailable } from '../unavailable.ts';

export interface PendingLimits {
  /** Events that may wait for their acks; a call that would exceed it is rejected, unless nothing else waits. */
  readonly maxPendingEvents: number;
  /** The same in bytes. */
  readonly maxPendingBytes: number;
}

/** Three times the limit of one request: a large one fits beside others, and no owner can take all of it. */
export const PENDING_LIMITS: PendingLimits = { maxPendingEvents: 60_000, maxPendingBytes: 96 * 1024 * 1024 };
/** What one owner may have of that, unless nothing else of theirs waits. */
const OWNERS_SHARE = 2 / 3;

interface Pending {
  calls: number;
  events: number;
  bytes: number;
}

/** The size of all unanswered calls: each counts in full, from start to end. */
export class PendingCalls {
  readonly #limits: PendingLimits;
  readonly #all: Pending = { calls: 0, events: 0, bytes: 0 };
  readonly #ofOwners = new Map<string, Pending>();

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  get events(): number {
    return this.#all.events;
  }

  get none(): boolean {
    return this.#all.calls === 0;
  }

  /** Reserves room for a call. @throws AppError UNAVAILABLE if there is none */
  add(owner: string, events: number, bytes: number): void {
    const ofOwner = this.#ofOwners.get(owner) ?? { calls: 0, events: 0, bytes: 0 };
    if (this.#exceeds(this.#all, 1, events, bytes) || this.#exceeds(ofOwner, OWNERS_SHARE, events, bytes)) {
      throw unavailable(new Error(`${this.#all.events} events wait already`));
    }
    this.#ofOwners.set(owner, ofOwner);
    for (const pending of [this.#all, ofOwner]) {
      pending.calls++;
      pending.events += events;
      pending.bytes += bytes;
    }
  }

  remove(owner: string, events: number, bytes: number): void {
    const ofOwner = this.#ofOwners.get(owner)!;
    for (const pending of [this.#all, ofOwner]) {
      pending.calls--;
      pending.events -= events;
      pending.bytes -= bytes;
    }
    if (ofOwner.calls === 0) this.#ofOwners.delete(owner);
  }

  /** What comes alone always fits. */
  #exceeds(pending: Pending, share: number, events: number, bytes: number): boolean {
    const { maxPendingEvents, maxPendingBytes } = this.#limits;
    const isTooMuch =
      pending.events + events > maxPendingEvents * share || pending.bytes + bytes > maxPendingBytes * share;
    return isTooMuch && pending.calls > 0;
  }
}
