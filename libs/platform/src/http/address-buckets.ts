import { createHmac, randomBytes } from 'node:crypto';

const WAYS = 4;
const SETS = 4096;

/** 64 bits for a text, never 0. Derived from a secret of the process, so that nobody can choose texts that collide. */
export class Digests {
  readonly #secret = randomBytes(32);

  of(text: string): bigint {
    return createHmac('sha256', this.#secret).update(text).digest().readBigUInt64LE() || 1n;
  }
}

/**
 * A token bucket for each client address, in tables of a fixed size of a third of a mebibyte: however many addresses an attacker has,
 * memory does not grow. The address that loses its bucket to another one is the one with the most tokens left.
 */
export class AddressBuckets {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #digests = new Digests();
  /** Per slot: the address, its remaining tokens, and when that was computed. */
  readonly #addresses = new BigUint64Array(SETS * WAYS);
  readonly #left = new Float32Array(SETS * WAYS);
  readonly #at = new Float64Array(SETS * WAYS);

  /**
   * @param perMinute tokens of an address per minute, also at once; at least 1. @param now milliseconds, of a monotonic
   * clock
   */
  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Seconds until the address has a token again; undefined: it has one. Takes none. */
  waitFor(address: string): number | undefined {
    const place = this.#find(this.#digests.of(address));
    return place === undefined ? undefined : this.#secondsUntilRoom(this.#leftAt(place));
  }

  /** Takes a token of the address. Seconds until there is one; undefined if it was taken. */
  take(address: string): number | undefined {
    const digest = this.#digests.of(address);
    const place = this.#find(digest) ?? this.#provide(digest);
    const left = this.#leftAt(place);
    const wait = this.#secondsUntilRoom(left);
    this.#left[place] = wait === undefined ? left - 1 : left;
    this.#at[place] = this.#now();
    return wait;
  }

  #find(address: bigint): number | undefined {
    const from = setOf(address);
    for (let place = from; place < from + WAYS; place++) if (this.#addresses[place] === address) return place;
    return undefined;
  }

  /** A slot of the set, of the address with the most tokens left: it loses the least. */
  #provide(address: bigint): number {
    const from = setOf(address);
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

  #leftAt(place: number): number {
    const minutes = (this.#now() - this.#at[place]!) / 60_000;
    return Math.min(this.#perMinute, this.#left[place]! + minutes * this.#perMinute);
  }

  #secondsUntilRoom(left: number): number | undefined {
    return left >= 1 ? undefined : ((1 - left) * 60) / this.#perMinute;
  }
}

function setOf(address: bigint): number {
  return Number(address % BigInt(SETS)) * WAYS;
}
