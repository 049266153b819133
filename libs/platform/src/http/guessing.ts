import { createHmac, randomBytes } from 'node:crypto';

/** Our keys have 47 characters, and cannot be guessed. Operators of earlier versions could set shorter ones. */
const GUESSABLE_BELOW = 32;
const WAYS = 4;
const SETS = 4096;
const KNOWN_GUESSABLE = 4096;

/**
 * Slows down key guessing: the wrong keys of each address are counted in a token bucket. A valid key always works,
 * even from an address with an empty bucket (an office behind NAT), unless it is short enough to be guessed and was
 * not used from there before: then it is not even looked up until the bucket has refilled.
 * The tables have a fixed size, about half a mebibyte. Slots are derived from a secret of the process, so that nobody
 * can choose addresses that evict others.
 */
export class GuessLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #secret = randomBytes(32);
  /** Per slot: the address, its remaining wrong keys, and when that was computed. */
  readonly #addresses = new BigUint64Array(SETS * WAYS);
  readonly #left = new Float32Array(SETS * WAYS);
  readonly #at = new Float64Array(SETS * WAYS);
  /** Valid short keys, with the address that they came from. */
  readonly #known = new BigUint64Array(KNOWN_GUESSABLE);

  /**
   * @param perMinute wrong keys of an address, also at once; 0 means no limit. @param now milliseconds, of a
   * monotonic clock
   */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  isGuessable(key: string): boolean {
    return key.length < GUESSABLE_BELOW;
  }

  /** Seconds until a key may be looked up; undefined: now. */
  waitFor(address: string, key: string): number | undefined {
    if (this.#perMinute === 0 || !this.isGuessable(key)) return undefined;
    const use = this.#digest(`${address} ${key}`);
    if (this.#known[Number(use % BigInt(KNOWN_GUESSABLE))] === use) return undefined;
    const place = this.#find(this.#digest(address));
    return place === undefined ? undefined : this.#secondsUntilRoom(this.#leftAt(place));
  }

  /** Records that a key was valid. */
  right(address: string, key: string): void {
    if (!this.isGuessable(key)) return;
    const use = this.#digest(`${address} ${key}`);
    this.#known[Number(use % BigInt(KNOWN_GUESSABLE))] = use;
  }

  /** Counts a wrong key. Seconds until the next one is allowed; undefined if this one was within the limit. */
  wrong(address: string): number | undefined {
    if (this.#perMinute === 0) return undefined;
    const digest = this.#digest(address);
    const place = this.#find(digest) ?? this.#take(digest);
    const left = this.#leftAt(place);
    const wait = this.#secondsUntilRoom(left);
    this.#left[place] = wait === undefined ? left - 1 : left;
    this.#at[place] = this.#now();
    return wait;
  }

  #find(address: bigint): number | undefined {
    const from = this.#setOf(address);
    for (let place = from; place < from + WAYS; place++) if (this.#addresses[place] === address) return place;
    return undefined;
  }

  /** A slot of the set, of the address with the most tokens left: it loses the least. */
  #take(address: bigint): number {
    const from = this.#setOf(address);
    let best = from;
    for (let place = from; place < from + WAYS; place++) {
      if (this.#addresses[place] === 0n) {
        best = place;
        break;
      }
      if (this.#leftAt(place) > this.#leftAt(best)) best = place;
    }
    this.#addresses[best] = address;
    this.#left[best] = this.#perMinute;
    this.#at[best] = this.#now();
    return best;
  }

  #setOf(address: bigint): number {
    return Number(address % BigInt(SETS)) * WAYS;
  }

  #leftAt(place: number): number {
    const minutes = (this.#now() - this.#at[place]!) / 60_000;
    return Math.min(this.#perMinute, this.#left[place]! + minutes * this.#perMinute);
  }

  #secondsUntilRoom(left: number): number | undefined {
    return left >= 1 ? undefined : ((1 - left) * 60) / this.#perMinute;
  }

  /** 64 bits, never 0. */
  #digest(text: string): bigint {
    return createHmac('sha256', this.#secret).update(text).digest().readBigUInt64LE() || 1n;
  }
}
