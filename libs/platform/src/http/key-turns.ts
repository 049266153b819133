import { AppError } from '../errors.ts';

export interface KeyTurnsOptions {
  /** Requests of one key that begin in one turn of the event loop while other keys are active. */
  readonly perTurn: number;
  /** Requests of one key that may wait for a turn. */
  readonly mostWaiting: number;
  /** How long after its last request a key counts as active, ms. */
  readonly activeMs: number;
  readonly now: () => number;
}

const USUAL: KeyTurnsOptions = { perTurn: 2, mostWaiting: 1_024, activeMs: 1_000, now: () => performance.now() };
const MOST_REMEMBERED = 10_000;

/**
 * Keys take turns at this process. Many cheap requests end before any limit on requests in
 * progress notices them, and would still block the event loop for other keys: so while several keys are active,
 * only some requests of each begin in a turn of the loop, and the others wait for the next ones. A key that is alone
 * never waits.
 */
export class KeyTurns {
  readonly #options: KeyTurnsOptions;
  /** When each key was last seen. */
  readonly #seen = new Map<string, number>();
  /** Requests of each key that have begun in this turn. */
  readonly #begun = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();
  #isNextTurnSet = false;
  #lastKey = '';
  /** Until when another key than the last one counts as active. */
  #othersUntil = -Infinity;

  constructor(options: Partial<KeyTurnsOptions> = {}) {
    this.#options = { ...USUAL, ...options };
  }

  /**
   * Undefined if a request of the key may begin at once, otherwise resolves when it is its turn.
   * @throws AppError RATE_LIMITED if too many requests of the key wait
   */
  take(key: string): Promise<void> | undefined {
    if (!this.#isContended(key)) return undefined;
    this.#setNextTurn();
    const waiting = this.#waiting.get(key);
    const begun = this.#begun.get(key) ?? 0;
    if (!waiting && begun < this.#options.perTurn) {
      this.#begun.set(key, begun + 1);
      return undefined;
    }
    if (waiting && waiting.length >= this.#options.mostWaiting) {
      throw new AppError('RATE_LIMITED', 'Too many requests of this API key at once', { retryAfter: 1 });
    }
    return new Promise((resolve) => {
      if (waiting) waiting.push(resolve);
      else this.#waiting.set(key, [resolve]);
    });
  }

  #isContended(key: string): boolean {
    const now = this.#options.now();
    if (key !== this.#lastKey) {
      // Both are active: the one that was, and this one if it was seen lately, too.
      const last = this.#seen.get(this.#lastKey);
      if (last !== undefined) this.#othersUntil = Math.max(this.#othersUntil, last + this.#options.activeMs);
      this.#lastKey = key;
      if (this.#seen.size >= MOST_REMEMBERED) this.#seen.clear();
    }
    this.#seen.set(key, now);
    return now < this.#othersUntil;
  }

  #setNextTurn(): void {
    if (this.#isNextTurnSet) return;
    this.#isNextTurnSet = true;
    setImmediate(() => {
      this.#isNextTurnSet = false;
      this.#begun.clear();
      for (const [key, waiting] of this.#waiting) {
        const next = waiting.splice(0, this.#options.perTurn);
        if (waiting.length === 0) this.#waiting.delete(key);
        this.#begun.set(key, next.length);
        for (const begin of next) begin();
      }
      if (this.#waiting.size > 0) this.#setNextTurn();
    });
  }
}
