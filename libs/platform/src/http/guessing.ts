import { createHmac, randomBytes } from 'node:crypto';

/** A key of ours has 47, and cannot be guessed at any speed. Shorter ones were given by an operator of an earlier version. */
const GUESSABLE_BELOW = 32;
const WAYS = 4;
const SETS = 4096;
const KNOWN_GUESSABLE = 4096;

/**
 * Slows down those who guess keys: the wrong keys of each address are counted in a token bucket. A right key always gets in,
 * also from an address that has used up its bucket (an office behind NAT), unless it is short enough to be guessed and
 * has not been used from there before: then it is not even looked up until the bucket has room again.
 *
 * The tables have a fixed size, about half a mebibyte. Their places follow from a secret of the process, so that nobody can choose
 * addresses that push others out.
 */
export class GuessLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #secret = randomBytes(32);
  /** Per place: which address, how many wrong keys it has left, and when that was so. */
  readonly #addresses = new BigUint64Array(SETS * WAYS);
  readonly #left = new Float32Array(SETS * WAYS);
  readonly #at = new Float64Array(SETS * WAYS);
  /** Short keys that were right, with the address that they came from. */
  readonly #known = new BigUint64Array(KNOWN_GUESSABLE);

  /** @param perMinute wrong keys of an address, also at once; 0 is no limit. @param now milliseconds, of a clock that never goes back */
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

  /** Notes that a key was right. */
  right(address: string, key: string): void {
    if (!this.isGuessable(key)) return;
    const use = this.#digest(`${address} ${key}`);
    this.#known[Number(use % BigInt(KNOWN_GUESSABLE))] = use;
  }

  /** Counts a wrong key. Seconds until the next one is due; undefined if this one was not too many. */
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

  /** A place of the set, of the address that has the most left: it loses the least. */
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
