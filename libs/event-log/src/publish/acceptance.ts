import type { NatsConnection } from '@nats-io/transport-node';
import { Link } from '../connection.ts';

/** How long a refusal counts where nothing was tried since: then it is worth another try. */
const REFUSAL_COUNTS_MS = 60_000;

/** How the log took the last events that were published over a connection. One per connection. */
export class Acceptance {
  static readonly #all = new WeakMap<NatsConnection, Acceptance>();
  #acceptedAt = -Infinity;
  #refusedAt = -Infinity;

  static of(nc: NatsConnection): Acceptance {
    let acceptance = Acceptance.#all.get(nc);
    if (!acceptance) Acceptance.#all.set(nc, (acceptance = new Acceptance(nc)));
    return acceptance;
  }

  private constructor(nc: NatsConnection) {
    // A server that was started again deserves a new try.
    Link.of(nc).onChange(() => (this.#refusedAt = -Infinity));
  }

  accepted(): void {
    this.#acceptedAt = performance.now();
    this.#refusedAt = -Infinity;
  }

  refused(): void {
    this.#refusedAt = performance.now();
  }

  /** Whether the log refused the last events, in the last minute. */
  get isRefused(): boolean {
    return performance.now() - this.#refusedAt < REFUSAL_COUNTS_MS;
  }

  /** Whether no event was stored since, in `performance.now()`. */
  nothingSince(time: number): boolean {
    return this.#acceptedAt < time;
  }
}
