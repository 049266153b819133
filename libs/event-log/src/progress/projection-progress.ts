import { jetstreamManager } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogConnection } from '../connection.ts';
import { CONSUMER, type ConsumerRef } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

const POLL_MS = 10;
/** A position is not fetched again within this time. */
const FRESH_MS = 5;

/** How far a durable consumer has come: the sequence of its stream up to which everything is processed. */
export class ProjectionProgress {
  readonly #nc: LogConnection;
  readonly #polls = new Map<string, { readonly applied: Promise<number>; fetchedAt: number }>();

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /**
   * The highest stream sequence such that it and all before it are processed and acked. For a consumer of EVENTS
   * that is an `Osk-Sequence`. Callers at the same moment share one request.
   * @throws AppError UNAVAILABLE
   */
  applied(consumer: ConsumerRef): Promise<number> {
    const current = this.#polls.get(consumer.durable);
    if (current && performance.now() < current.fetchedAt + FRESH_MS) return current.applied;
    const poll = { applied: this.#fetch(consumer), fetchedAt: Infinity };
    this.#polls.set(consumer.durable, poll);
    const settle = () => void (poll.fetchedAt = performance.now());
    poll.applied.then(settle, settle);
    return poll.applied;
  }

  /**
   * Waits until the documents projection has applied the event with this sequence; false if it has not in time.
   * @throws AppError UNAVAILABLE
   */
  async waitFor(sequence: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if ((await this.applied(CONSUMER.documents)) >= sequence) return true;
      if (performance.now() + POLL_MS > deadline) return false;
      await delay(POLL_MS);
    }
  }

  async #fetch({ stream, durable }: ConsumerRef): Promise<number> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const info = await manager.consumers.info(stream, durable);
      // The floor stops before a deleted message; if nothing is open, everything delivered is done.
      const idle = info.num_pending === 0 && info.num_ack_pending === 0;
      return Math.max(info.ack_floor.stream_seq, idle ? info.delivered.stream_seq : 0);
    });
  }
}
