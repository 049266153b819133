import type { NatsConnection } from '@nats-io/transport-node';
import { isRetryable } from '@opensync/platform';
import type { LogDisk } from '@opensync/nats-server';
import type { Link } from '../link.ts';
import { diskFull, SilentLogError } from './failure.ts';

interface Patience {
  /** How long a rejection counts if nothing was tried since, ms. */
  readonly refusalCountsMs: number;
  /**
   * While the log is silent, one call per interval probes whether it stores events again; the others are rejected at
   * once.
   */
  readonly probeEveryMs: number;
}
/** With a single server, silence means a disk that cannot be written: only an operator can fix that. */
const OF_A_SERVER: Patience = { refusalCountsMs: 60_000, probeEveryMs: 5000 };
/**
 * With a cluster, silence means an election: it is over after seconds, and clients that wait for readiness must see
 * that.
 */
const OF_A_CLUSTER: Patience = { refusalCountsMs: 2000, probeEveryMs: 500 };

/** Whether the log takes what is published over a connection. */
export class Acceptance {
  readonly #nc: NatsConnection;
  #acceptedAt = -Infinity;
  #refused: { readonly error: Error; readonly at: number } | undefined;
  #probedAt = -Infinity;
  #disk: LogDisk | undefined;

  constructor(nc: NatsConnection, link: Link) {
    this.#nc = nc;
    // A restarted server deserves a new attempt.
    link.onChange(() => this.forgive());
  }

  /** Rejects calls from now on while the server's disk is full. */
  watch(disk: LogDisk): void {
    this.#disk = disk;
  }

  /**
   * Call it before publishing, instead of waiting for an answer that will not come. Returns a function to call at the
   * end.
   * @throws AppError UNAVAILABLE if the log is known to reject everything
   */
  admit(bytes: number): () => void {
    const refusal = this.#lastRefusal();
    if (refusal instanceof SilentLogError) {
      if (performance.now() - this.#probedAt < this.#patience.probeEveryMs) throw refusal;
      this.#probedAt = performance.now();
    }
    return this.admitToDisk(bytes);
  }

  /** As `admit`, for payloads: their outcome says nothing about events. */
  admitToDisk(bytes: number): () => void {
    const release = this.#disk ? this.#disk.admit(bytes) : () => undefined;
    if (!release) throw diskFull();
    return release;
  }

  accepted(): void {
    this.#acceptedAt = performance.now();
    this.#refused = undefined;
  }

  /** Another server, or another leader, may accept what the previous one rejected. */
  forgive(): void {
    this.#refused = undefined;
  }

  /** @param error the failure of the publish; one that a retry cannot change is about the event, not about the log */
  refused(error: unknown): void {
    if (!(error instanceof Error) || !isRetryable(error)) return;
    this.#refused = { error, at: performance.now() };
    if (error instanceof SilentLogError) this.#probedAt = performance.now();
  }

  /** Why the log rejects events; undefined while it accepts them, as far as known. */
  get refusal(): string | undefined {
    return this.#disk?.isFull ? diskFull().message : this.#lastRefusal()?.message;
  }

  /** Whether no event was stored since this time, in `performance.now()`. */
  nothingSince(time: number): boolean {
    return this.#acceptedAt < time;
  }

  /**
   * Calls the listener when the server has failed to write: messages sent to it get no answer. Returns a function
   * that unsubscribes.
   */
  onBroken(listener: () => void): () => void {
    return this.#disk?.onBroken(listener) ?? (() => undefined);
  }

  get #patience(): Patience {
    return this.#nc.info?.cluster === undefined ? OF_A_SERVER : OF_A_CLUSTER;
  }

  #lastRefusal(): Error | undefined {
    const refused = this.#refused;
    return refused && performance.now() - refused.at < this.#patience.refusalCountsMs ? refused.error : undefined;
  }
}
