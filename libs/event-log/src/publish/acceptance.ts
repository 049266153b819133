import type { NatsConnection } from '@nats-io/transport-node';
import { isRetryable } from '@opensync/platform';
import type { LogDisk } from '@opensync/platform/nats-server';
import type { Link } from '../link.ts';
import { diskFull, SilentLogError } from './failure.ts';

interface Patience {
  /** How long a refusal counts if nothing was tried since, ms. */
  readonly refusalCountsMs: number;
  /** While the log is silent, one call in this time finds out whether it stores again; the others are refused at once. */
  readonly probeEveryMs: number;
}
/** Of a single server, silence is a disk that takes nothing: only an operator ends that. */
const OF_A_SERVER: Patience = { refusalCountsMs: 60_000, probeEveryMs: 5000 };
/** Of a cluster, silence is an election: it is over after seconds, and clients that wait for readiness must see that. */
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
    // A server that was started again deserves a new try.
    link.onChange(() => this.forgive());
  }

  /** Refuses what its disk has no room for from now on. */
  watch(disk: LogDisk): void {
    this.#disk = disk;
  }

  /**
   * To be called before something is published, instead of waiting for an answer that will not come. Returns what to call
   * at the end of it.
   * @throws AppError UNAVAILABLE when the log is known to take nothing
   */
  admit(bytes: number): () => void {
    const refusal = this.#lastRefusal();
    if (refusal instanceof SilentLogError) {
      if (performance.now() - this.#probedAt < this.#patience.probeEveryMs) throw refusal;
      this.#probedAt = performance.now();
    }
    return this.admitToDisk(bytes);
  }

  /** As `admit`, for content beside the events: what becomes of it says nothing about those. */
  admitToDisk(bytes: number): () => void {
    const release = this.#disk ? this.#disk.admit(bytes) : () => undefined;
    if (!release) throw diskFull();
    return release;
  }

  accepted(): void {
    this.#acceptedAt = performance.now();
    this.#refused = undefined;
  }

  /** Another server, or another leader, may take what the one before refused. */
  forgive(): void {
    this.#refused = undefined;
  }

  /** @param error what the publish failed with; one that a retry does not change is about the event, not about the log */
  refused(error: unknown): void {
    if (!(error instanceof Error) || !isRetryable(error)) return;
    this.#refused = { error, at: performance.now() };
    if (error instanceof SilentLogError) this.#probedAt = performance.now();
  }

  /** Why the log takes nothing; undefined while it does, as far as is known. */
  get refusal(): string | undefined {
    return this.#disk?.isFull ? diskFull().message : this.#lastRefusal()?.message;
  }

  /** Whether no event was stored since, in `performance.now()`. */
  nothingSince(time: number): boolean {
    return this.#acceptedAt < time;
  }

  /** Calls the listener when the server has failed to write: what was sent to it gets no answer. Returns the unsubscriber. */
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
