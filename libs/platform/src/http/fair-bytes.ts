/** One key's share of all bytes. */
const KEY_SHARE = 1 / 4;
/** What only small holders get, so that large ones never keep them out. */
const RESERVED_SHARE = 1 / 16;
/** Bytes of a small holder. */
const SMALL_BYTES = 64 * 1024;

/** The least limit with which one holder may have so many bytes. */
export function limitForOne(bytes: number): number {
  return Math.ceil(bytes / (1 - RESERVED_SHARE));
}

interface Held {
  readonly key: string;
  bytes: number;
}

interface HeldByKey {
  /** Of all its holders but the exempt one. */
  bytes: number;
  /** One holder of a key may go beyond the key's share: alone, what is within its own limit must always get through. */
  exempt: object | undefined;
  holders: number;
}

/**
 * Counts bytes that requests hold at the same time, and refuses what does not fit at once. A key gets a quarter of them and one holder
 * beyond it; a sixteenth is for small holders alone.
 */
export class FairBytes {
  readonly #limit: number;
  readonly #held = new Map<object, Held>();
  readonly #byKey = new Map<string, HeldByKey>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins to count for a holder, until `close`. */
  open(holder: object, key: string): void {
    this.#held.set(holder, { key, bytes: 0 });
    const ofKey = this.#byKey.get(key);
    if (ofKey) ofKey.holders++;
    else this.#byKey.set(key, { bytes: 0, exempt: undefined, holders: 1 });
  }

  /** Counts more bytes for an open holder if they fit: `full` if there is no room, `share` if the key has used its share. */
  take(holder: object, bytes: number): 'taken' | 'full' | 'share' {
    const held = this.#held.get(holder);
    if (!held) return 'taken';
    const ofKey = this.#byKey.get(held.key)!;
    const isSmall = held.bytes + bytes <= SMALL_BYTES;
    if (this.#bytes + bytes > this.#limit * (isSmall ? 1 : 1 - RESERVED_SHARE)) return 'full';
    if (ofKey.exempt !== holder && ofKey.bytes + bytes > this.#limit * KEY_SHARE) {
      if (ofKey.exempt) return 'share';
      ofKey.exempt = holder;
      ofKey.bytes -= held.bytes;
    }
    if (ofKey.exempt !== holder) ofKey.bytes += bytes;
    held.bytes += bytes;
    this.#bytes += bytes;
    return 'taken';
  }

  close(holder: object): void {
    const held = this.#held.get(holder);
    if (!held) return;
    this.#held.delete(holder);
    this.#bytes -= held.bytes;
    const ofKey = this.#byKey.get(held.key)!;
    if (ofKey.exempt === holder) ofKey.exempt = undefined;
    else ofKey.bytes -= held.bytes;
    if (--ofKey.holders === 0) this.#byKey.delete(held.key);
  }
}
