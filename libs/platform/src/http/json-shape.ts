import { AppError } from '../errors.ts';

/**
 * Levels of arrays and objects. Content that is nested too deeply to be stored affects only itself, so this limit
 * prevents blocking the process: V8 takes a second for a million levels.
 */
export const MOST_LEVELS = 16_384;

/**
 * Bytes that parsed values take in V8's heap beside their text, measured on Node 24 with 400,000 values of each shape: an empty object
 * 64, `{"<a new name>":1}` 184, each new name in one large object 87, a number 8 to 24, a short string 32. Names that repeat cost
 * less, since their objects share a shape, but a client need not repeat them.
 */
const CONTAINER_BYTES = 64;
const NAME_BYTES = 96;
const MEMBER_BYTES = 16;

/**
 * Bytes that the values of one body may take. A body that is one image as an array of numbers needs 45 MiB; one of 20,000 small
 * messages, the most that a request may store, less.
 */
export const MOST_VALUE_BYTES = 48 * 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** After so many bytes without an escape, a native search for the next quote costs less than a look at each byte. */
const LONG_STRING = 64;

const COMMA_KIND = 1;
const COLON_KIND = 2;
const OPEN_KIND = 3;
const CLOSE_KIND = 4;
const QUOTE_KIND = 5;
const KINDS = new Uint8Array(256);
KINDS[QUOTE] = QUOTE_KIND;
for (const [characters, kind] of [
  [',', COMMA_KIND],
  [':', COLON_KIND],
  ['[{', OPEN_KIND],
  [']}', CLOSE_KIND],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}

/**
 * Counts the values of a JSON text and how deep they are nested, before they are parsed: a body of some hundred bytes can unfold to
 * millions of values, and parsed they take many times the bytes of their text. Does not check the text. What stands in front of
 * the first fault, all that `JSON.parse` reads, is counted as it is, so the figures are never too low.
 */
export class JsonShape {
  #isInString = false;
  /** The next byte is escaped. */
  #isEscaped = false;
  #depth = 0;
  #deepest = 0;
  #containers = 0;
  #names = 0;
  #commas = 0;

  /** Levels of arrays and objects; 0 for a bare value. */
  get depth(): number {
    return this.#deepest;
  }

  /** Bytes that the values take once they are parsed, beside the bytes of their text. */
  get valueBytes(): number {
    return this.#containers * CONTAINER_BYTES + this.#names * NAME_BYTES + (this.#commas + 1) * MEMBER_BYTES;
  }

  /**
   * The next bytes of the text, which may be cut anywhere.
   * @throws AppError INVALID_REQUEST for too many levels, PAYLOAD_TOO_LARGE for too many values
   */
  add(bytes: Buffer): void {
    this.#count(bytes);
    if (this.#deepest > MOST_LEVELS) {
      throw new AppError('INVALID_REQUEST', `The body is nested on more than ${MOST_LEVELS} levels`);
    }
    if (this.valueBytes > MOST_VALUE_BYTES) {
      throw new AppError('PAYLOAD_TOO_LARGE', 'The body has too many values; send less per request');
    }
  }

  #count(bytes: Buffer): void {
    let depth = this.#depth;
    let at = 0;
    if (this.#isInString) at = this.#endOfString(bytes, 0);
    while (at < bytes.length) {
      switch (KINDS[bytes[at++]!]!) {
        case QUOTE_KIND:
          at = this.#endOfString(bytes, at);
          break;
        case COMMA_KIND:
          this.#commas++;
          break;
        case COLON_KIND:
          this.#names++;
          break;
        case OPEN_KIND:
          this.#containers++;
          if (++depth > this.#deepest) this.#deepest = depth;
          break;
        case CLOSE_KIND:
          depth--;
          break;
        default:
      }
    }
    this.#depth = depth;
  }

  /**
   * Where the text continues after the string that contains `from`; the end of the bytes if the string does not end
   * in them.
   */
  #endOfString(bytes: Buffer, from: number): number {
    const { length } = bytes;
    let at = from;
    if (this.#isEscaped) {
      if (at === length) return at;
      at++;
    }
    this.#isInString = true;
    this.#isEscaped = false;
    let nativeFrom = at + LONG_STRING;
    while (at < length) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#isInString = false;
        return at + 1;
      }
      if (byte === BACKSLASH) {
        at += 2;
        nativeFrom = at + LONG_STRING;
      } else at++;
      if (at < nativeFrom || at >= length) continue;
      const quote = bytes.indexOf(QUOTE, at);
      const end = quote === -1 ? length : quote;
      let backslashes = 0;
      while (end - backslashes > at && bytes[end - backslashes - 1] === BACKSLASH) backslashes++;
      // An odd number of them escapes what follows.
      at = backslashes % 2 === 0 ? end : end + 1;
      nativeFrom = at + LONG_STRING;
    }
    this.#isEscaped = at > length;
    return length;
  }
}
