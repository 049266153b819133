import { AppError, ByteBudget } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import type { Link } from '../link.ts';
import { unavailable } from '../unavailable.ts';
import type { PayloadReads } from './payload-reads.ts';

/**
 * Bytes in flight on one connection. The server disconnects a client with 64 MiB of unsent data, which concurrent
 * readers of a few large sessions would reach.
 */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024;
const WAIT_MS = 15_000;
const ATTEMPTS = 3;
const RECONNECT_MS = 2_000;

/**
 * Reads large content over a separate connection, within its byte budget, so that it delays no ack, delivery or
 * publish, and requests do not delay the projections. The connection is opened at the first read and closed with the
 * main one.
 */
export class ReadLane {
  readonly #main: Link;
  readonly #reads: PayloadReads;
  readonly #open: () => Promise<LogConnection>;
  #opened: Promise<LogConnection> | undefined;
  readonly #budget = new ByteBudget({
    limit: IN_FLIGHT_BYTES,
    waitMs: WAIT_MS,
    refusal: 'Too much large content is being read at the moment; try again',
    retryAfter: 2,
  });

  constructor(main: Link, reads: PayloadReads, open: () => Promise<LogConnection>) {
    this.#main = main;
    this.#reads = reads;
    this.#open = open;
  }

  /**
   * Runs a read of at most this many bytes, and repeats it if the connection is lost meanwhile.
   * @param holder whose turn it is when bytes run out
   * @throws AppError UNAVAILABLE, PayloadLostError
   */
  async read<T>(holder: string, bytes: number, work: (nc: LogConnection) => Promise<T>): Promise<T> {
    const release = await this.#budget.acquire(holder, bytes);
    try {
      const result = await this.#repeated(work);
      this.#reads.succeeded();
      return result;
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.#reads.failed(error);
      throw unavailable(error);
    } finally {
      release();
    }
  }

  /** The connection of this lane alone. @throws ConfigError if the server does not answer soon */
  connection(): Promise<LogConnection> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #repeated<T>(work: (nc: LogConnection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      // Without the main connection there is no server to wait for.
      if (!this.#main.up) throw new Error('not connected');
      const nc = await this.connection();
      const { link } = nc;
      await untilUp(link);
      const { changedAt } = link;
      try {
        return await work(nc);
      } catch (error) {
        const wasLost = !link.up || link.changedAt !== changedAt;
        if (!wasLost || error instanceof AppError || attempt === ATTEMPTS) throw error;
      }
    }
  }
}

/** @throws Error if that takes too long */
async function untilUp(link: Link): Promise<void> {
  if (link.up) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('the connection for large content was lost')), RECONNECT_MS);
  const end = link.onChange((up) => up && resolve());
  await promise.finally(() => {
    clearTimeout(timer);
    end();
  });
}
