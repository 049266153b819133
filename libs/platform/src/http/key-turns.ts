import { AppError } from '../errors.ts';

export interface KeyTurnsOptions {
  /** Requests of one key that begin in one turn of the event loop while other keys are active. */
  readonly perTurn: number;
  /**
   * Requests of one key that begin in a second at least, however long the turns are. With large requests in progress a turn takes
   * 200 ms: two requests in each would be ten a second, and a key that sends more than that would wait longer and longer.
   */
  readonly perSecond: number;
  /** Bounds what begins in one turn for that: all of it blocks the loop together. */
  readonly mostPerTurn: number;
  /** Requests of one key that may wait for a turn. */
  readonly mostWaiting: number;
  /** How long after its last request a key counts as active, ms. */
  readonly activeMs: number;
  readonly now: () => number;
}

const USUAL: KeyTurnsOptions = {
  ...{ perTurn: 2, perSecond: 64, mostPerTurn: 16 },
  ...{ mostWaiting: 1_024, activeMs: 1_000 },
  now: () => performance.now(),
};
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
  /** How many requests of a key begin in this turn. */
  #allowed: number;
  /** When this turn began. */
  #turnAt: number;
  #lastKey = '';
  /** Until when another key than the last one counts as active. */
  #othersUntil = -Infinity;

  constructor(options: Partial<KeyTurnsOptions> = {}) {
    this.#options = { ...USUAL, ...options };
    this.#allowed = this.#options.perTurn;
    this.#turnAt = this.#options.now();
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
    if (!waiting && begun < this.#allowed) {
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

  #allowance(): number {
    const { perTurn, perSecond, mostPerTurn, now } = this.#options;
    const at = now();
    const owed = Math.ceil(((at - this.#turnAt) / 1_000) * perSecond);
    this.#turnAt = at;
    return Math.max(perTurn, Math.min(owed, mostPerTurn));
  }

  #setNextTurn(): void {
    if (this.#isNextTurnSet) return;
    this.#isNextTurnSet = true;
    setImmediate(() => {
      this.#isNextTurnSet = false;
      this.#begun.clear();
      this.#allowed = this.#allowance();
      for (const [key, waiting] of this.#waiting) {
        const next = waiting.splice(0, this.#allowed);
        if (waiting.length === 0) this.#waiting.delete(key);
        this.#begun.set(key, next.length);
        for (const begin of next) begin();
      }
      if (this.#waiting.size > 0) this.#setNextTurn();
    });
  }
}
