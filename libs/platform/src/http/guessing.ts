import { AddressBuckets, Digests } from './address-buckets.ts';

/** Our keys have 47 characters, and cannot be guessed. Operators of earlier versions could set shorter ones. */
const GUESSABLE_BELOW = 32;
const KNOWN_GUESSABLE = 4096;

/**
 * Slows down key guessing: the wrong keys of each address are counted in a token bucket. A valid key always works,
 * even from an address with an empty bucket (an office behind NAT), unless it is short enough to be guessed and was
 * not used from there before: then it is not even looked up until the bucket has refilled.
 */
export class GuessLimit {
  readonly #buckets: AddressBuckets | undefined;
  readonly #digests = new Digests();
  /** Valid short keys, with the address that they came from. A table of fixed size. */
  readonly #known = new BigUint64Array(KNOWN_GUESSABLE);

  /**
   * @param perMinute wrong keys of an address, also at once; 0 means no limit. @param now milliseconds, of a
   * monotonic clock
   */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#buckets = perMinute === 0 ? undefined : new AddressBuckets(perMinute, now);
  }

  isGuessable(key: string): boolean {
    return key.length < GUESSABLE_BELOW;
  }

  /** Seconds until a key may be looked up; undefined: now. */
  waitFor(address: string, key: string): number | undefined {
    if (!this.#buckets || !this.isGuessable(key)) return undefined;
    const use = this.#digests.of(`${address} ${key}`);
    if (this.#known[Number(use % BigInt(KNOWN_GUESSABLE))] === use) return undefined;
    return this.#buckets.waitFor(address);
  }

  /** Records that a key was valid. */
  right(address: string, key: string): void {
    if (!this.isGuessable(key)) return;
    const use = this.#digests.of(`${address} ${key}`);
    this.#known[Number(use % BigInt(KNOWN_GUESSABLE))] = use;
  }

  /** Counts a wrong key. Seconds until the next one is allowed; undefined if this one was within the limit. */
  wrong(address: string): number | undefined {
    return this.#buckets?.take(address);
  }
}
