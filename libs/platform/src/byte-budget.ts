import { AppError } from './errors.ts';

interface Limits {
  /** Bytes that may be held in total. */
  readonly limit: number;
  /** Bytes that one holder may have of them; default all. */
  readonly perHolder?: number;
}

interface Refusal {
  /** How long to wait for bytes, in milliseconds, before the caller is rejected. */
  readonly waitMs: number;
  /** Message for the rejected caller. */
  readonly refusal: string;
  /** Seconds, sent as `Retry-After`. */
  readonly retryAfter: number;
  /** How many callers may wait, in total and of one holder; further ones are rejected at once. Default any number. */
  readonly mostWaiting?: number;
  readonly mostWaitingOfHolder?: number;
}

/** Without a rejection, callers wait as long as necessary. */
export type ByteBudgetOptions = Limits & (Refusal | { readonly waitMs?: never });

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * Bounds the bytes that are held at the same time. When they run out, callers wait, and holders take turns: the
 * hundredth request of one holder waits behind the first of another.
 */
export class ByteBudget {
  readonly #options: ByteBudgetOptions;
  readonly #held = new Map<string, number>();
  /** By holder, in the order of their turns. */
  readonly #queues = new Map<string, Waiting[]>();
  #used = 0;
  #waiting = 0;

  constructor(options: ByteBudgetOptions) {
    this.#options = options;
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#used;
  }

  /** Whether anybody waits. */
  get isContended(): boolean {
    return this.#queues.size > 0;
  }

  /**
   * Resolves with a function that returns the bytes. A request above the total counts as the total.
   * @param holder whose turn it is, e.g. an owner
   * @throws AppError UNAVAILABLE if none become available in time, or too many wait already
   */
  async acquire(holder: string, wanted: number): Promise<() => void> {
    const options = this.#options;
    const { limit, perHolder = limit } = options;
    const bytes = Math.min(wanted, perHolder, limit);
    if (!this.isContended && this.#fits(holder, bytes)) return this.#take(holder, bytes);
    if (options.waitMs !== undefined && this.#isQueueFull(holder, options)) throw refused(options);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        grant: () => {
          clearTimeout(timer);
          resolve(this.#take(holder, bytes));
        },
      };
      const giveUp = (refusal: Refusal) => {
        this.#leave(holder, waiting);
        this.#serve();
        reject(refused(refusal));
      };
      const timer = options.waitMs === undefined ? undefined : setTimeout(giveUp, options.waitMs, options);
      const queue = this.#queues.get(holder);
      if (queue) queue.push(waiting);
      else this.#queues.set(holder, [waiting]);
      this.#waiting++;
      this.#serve();
    });
  }

  #isQueueFull(holder: string, { mostWaiting = Infinity, mostWaitingOfHolder = Infinity }: Refusal): boolean {
    return this.#waiting >= mostWaiting || (this.#queues.get(holder)?.length ?? 0) >= mostWaitingOfHolder;
  }

  #fits(holder: string, bytes: number): boolean {
    return this.#used + bytes <= this.#options.limit && !this.#isBeyondShare(holder, bytes);
  }

  #isBeyondShare(holder: string, bytes: number): boolean {
    return (this.#held.get(holder) ?? 0) + bytes > (this.#options.perHolder ?? this.#options.limit);
  }

  #take(holder: string, bytes: number): () => void {
    this.#used += bytes;
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + bytes);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#used -= bytes;
      const left = this.#held.get(holder)! - bytes;
      if (left > 0) this.#held.set(holder, left);
      else this.#held.delete(holder);
      this.#serve();
    };
  }

  /**
   * Grants requests that fit, one turn each. If the next one does not fit yet, wait for it: otherwise large requests
   * would starve.
   */
  #serve(): void {
    for (const holder of [...this.#queues.keys()]) {
      const next = this.#queues.get(holder)![0]!;
      if (this.#isBeyondShare(holder, next.bytes)) continue;
      if (this.#used + next.bytes > this.#options.limit) return;
      this.#leave(holder, next);
      const rest = this.#queues.get(holder);
      if (rest) {
        // Behind the others.
        this.#queues.delete(holder);
        this.#queues.set(holder, rest);
      }
      next.grant();
      return this.#serve();
    }
  }

  #leave(holder: string, waiting: Waiting): void {
    const queue = this.#queues.get(holder)!;
    queue.splice(queue.indexOf(waiting), 1);
    if (queue.length === 0) this.#queues.delete(holder);
    this.#waiting--;
  }
}

function refused({ refusal, retryAfter }: Refusal): AppError {
  return new AppError('UNAVAILABLE', refusal, { retryAfter });
}
