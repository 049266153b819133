import { jetstreamManager } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import { CONSUMER, type ConsumerRef } from '../topology/names.ts';
import { streamEnds } from '../read/replay.ts';
import { orUnavailable } from '../unavailable.ts';

const POLL_MS = 10;
/** A position is not fetched again within this time. */
const FRESH_MS = 5;

interface Poll {
  readonly position: Promise<number>;
  fetchedAt: number;
}

/** How far a durable consumer has come: the sequence of its stream up to which everything is processed. */
export class ProjectionProgress {
  readonly #nc: LogConnection;
  readonly #polls = new Map<string, Poll>();

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /**
   * The highest stream sequence such that it and all before it are processed and acked. For a consumer of EVENTS
   * that is an `Osk-Sequence`. Callers at the same moment share one request.
   * @throws AppError UNAVAILABLE
   */
  applied(consumer: ConsumerRef): Promise<number> {
    return this.#shared(consumer.durable, () => this.#fetch(consumer));
  }

  /**
   * Waits until the documents projection has applied the event with this sequence; false if it has not in time.
   * @throws AppError INVALID_REQUEST if the log has no such event yet: it may never have; UNAVAILABLE
   */
  async waitFor(sequence: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    if ((await this.applied(CONSUMER.documents)) >= sequence) return true;
    if ((await this.#end()) < sequence) throw beyondEnd();
    for (;;) {
      if ((await this.applied(CONSUMER.documents)) >= sequence) return true;
      if (performance.now() + POLL_MS > deadline) return false;
      await delay(POLL_MS);
    }
  }

  /** The sequence of the last event. */
  #end(): Promise<number> {
    return this.#shared('', async () => (await streamEnds(this.#nc)).last);
  }

  /** Callers at the same moment share one request. */
  #shared(name: string, fetch: () => Promise<number>): Promise<number> {
    const current = this.#polls.get(name);
    if (current && performance.now() < current.fetchedAt + FRESH_MS) return current.position;
    const poll = { position: fetch(), fetchedAt: Infinity };
    this.#polls.set(name, poll);
    const settle = () => void (poll.fetchedAt = performance.now());
    poll.position.then(settle, settle);
    return poll.position;
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

function beyondEnd(): AppError {
  const message = 'is beyond the end of the event log; send the value of an Osk-Sequence header';
  return new AppError('INVALID_REQUEST', `Osk-Wait-Sequence ${message}`, {
    details: [{ path: 'Osk-Wait-Sequence', message }],
  });
}
