// The records of a ZIP archive, as PKWARE's APPNOTE.TXT 6.3.10 has them; numbers are little-endian.

/** What the directory says of an entry. */
export interface EntryFacts {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** Where its header begins in the archive, bytes. */
  readonly offset: number;
  /** Its checksum and sizes were not known when its header was written, and follow its content. */
  isStreamed: boolean;
  /** CRC-32 of its content. */
  crc: number;
  /** Bytes. */
  size: number;
  /** Bytes. */
  compressedSize: number;
}

const SIGNATURE = {
  entry: 0x04034b50,
  sizes: 0x08074b50,
  record: 0x02014b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  end: 0x06054b50,
} as const;
/** Names are UTF-8; bit 3: checksum and sizes follow the content. */
const FLAGS = { utf8: 1 << 11, streamed: 1 << 3 } as const;
const DEFLATE = 8;
const VERSION = 20;
/** Of programs that know ZIP64: more than 65,535 entries, or more than 4 GiB. */
const VERSION_64 = 45;
const UNIX = 3 << 8;
/** -rw-r--r-- of a regular file. */
const MODE = 0o100644;
const MOST_16 = 0xffff;
const MOST_32 = 0xffffffff;
const CHUNK_BYTES = 64 * 1024;
/** The dates that a ZIP archive can have. */
const FIRST_DATE = Date.UTC(1980, 0, 1);
const LAST_DATE = Date.UTC(2107, 11, 31, 23, 59, 58);

/** Precedes the content of an entry. */
export function entryHeader(facts: EntryFacts): Buffer {
  const name = Buffer.from(facts.name);
  const time = modificationTime(facts.modifiedAt);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(SIGNATURE.entry, 0);
  header.writeUInt16LE(VERSION, 4);
  writeFacts(header, 6, facts);
  if (facts.isStreamed) header.fill(0, 14, 26);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(time.length, 28);
  return Buffer.concat([header, name, time]);
}

/** Follows the content of an entry that was streamed. */
export function sizesAfterContent({ crc, size, compressedSize }: EntryFacts): Buffer {
  const isLarge = size > MOST_32 || compressedSize > MOST_32;
  const sizes = Buffer.alloc(isLarge ? 24 : 16);
  sizes.writeUInt32LE(SIGNATURE.sizes, 0);
  sizes.writeUInt32LE(crc, 4);
  if (isLarge) {
    sizes.writeBigUInt64LE(BigInt(compressedSize), 8);
    sizes.writeBigUInt64LE(BigInt(size), 16);
  } else {
    sizes.writeUInt32LE(compressedSize, 8);
    sizes.writeUInt32LE(size, 12);
  }
  return sizes;
}

/** The list of the entries, which ends an archive. About a hundred bytes are kept of each. */
export class Directory {
  readonly #chunks: Buffer[] = [];
  /** Records are copied to it: a small buffer may be a part of a larger one, which it would keep. */
  #chunk = Buffer.alloc(CHUNK_BYTES);
  #used = 0;
  #entries = 0;
  #bytes = 0;

  /** Adds an entry whose content is complete. */
  add(facts: EntryFacts): void {
    const record = recordOf(facts);
    if (this.#used + record.length > this.#chunk.length) {
      this.#chunks.push(this.#chunk.subarray(0, this.#used));
      this.#chunk = Buffer.alloc(Math.max(CHUNK_BYTES, record.length));
      this.#used = 0;
    }
    this.#used += record.copy(this.#chunk, this.#used);
    this.#entries++;
    this.#bytes += record.length;
  }

  /** @param offset where the directory begins in the archive, bytes */
  *end(offset: number): Generator<Buffer> {
    yield* this.#chunks;
    yield this.#chunk.subarray(0, this.#used);
    yield endOf({ entries: this.#entries, bytes: this.#bytes, offset });
  }
}

function recordOf(facts: EntryFacts): Buffer {
  const name = Buffer.from(facts.name);
  const extra = Buffer.concat([largeNumbers(facts), modificationTime(facts.modifiedAt)]);
  const record = Buffer.alloc(46);
  record.writeUInt32LE(SIGNATURE.record, 0);
  record.writeUInt16LE(UNIX | VERSION_64, 4);
  record.writeUInt16LE(isLarge(facts) ? VERSION_64 : VERSION, 6);
  writeFacts(record, 8, facts);
  record.writeUInt16LE(name.length, 28);
  record.writeUInt16LE(extra.length, 30);
  record.writeUInt32LE((MODE << 16) >>> 0, 38);
  record.writeUInt32LE(Math.min(facts.offset, MOST_32), 42);
  return Buffer.concat([record, name, extra]);
}

/** From the flags to the size, which both records of an entry have. */
function writeFacts(record: Buffer, at: number, facts: EntryFacts): void {
  const { date, time } = dosTime(facts.modifiedAt);
  record.writeUInt16LE(FLAGS.utf8 | (facts.isStreamed ? FLAGS.streamed : 0), at);
  record.writeUInt16LE(DEFLATE, at + 2);
  record.writeUInt16LE(time, at + 4);
  record.writeUInt16LE(date, at + 6);
  record.writeUInt32LE(facts.crc, at + 8);
  record.writeUInt32LE(Math.min(facts.compressedSize, MOST_32), at + 12);
  record.writeUInt32LE(Math.min(facts.size, MOST_32), at + 16);
}

/** A field of 32 bits with its highest value says that the number is in this part. Not the size itself: 4,294,967,295 is one, too. */
function isLarge({ size, compressedSize, offset }: EntryFacts): boolean {
  return Math.max(size, compressedSize, offset) >= MOST_32;
}

function largeNumbers(facts: EntryFacts): Buffer {
  const numbers = [facts.size, facts.compressedSize, facts.offset].filter((number) => number >= MOST_32);
  if (numbers.length === 0) return Buffer.alloc(0);
  const extra = Buffer.alloc(4 + 8 * numbers.length);
  extra.writeUInt16LE(0x0001, 0);
  extra.writeUInt16LE(8 * numbers.length, 2);
  for (const [index, number] of numbers.entries()) extra.writeBigUInt64LE(BigInt(number), 4 + 8 * index);
  return extra;
}

/** In seconds since the epoch; the other form has two-second steps and no time zone. Empty from 2038 on, for which it has no room. */
function modificationTime(modifiedAt: number): Buffer {
  const seconds = Math.floor(modifiedAt / 1000);
  if (seconds < 0 || seconds > 0x7fffffff) return Buffer.alloc(0);
  const extra = Buffer.alloc(9);
  extra.writeUInt16LE(0x5455, 0);
  extra.writeUInt16LE(5, 2);
  extra.writeUInt8(1, 4);
  extra.writeUInt32LE(seconds, 5);
  return extra;
}

/** In UTC, within the years that the format has. */
function dosTime(modifiedAt: number): { readonly date: number; readonly time: number } {
  const moment = new Date(Math.min(Math.max(modifiedAt, FIRST_DATE), LAST_DATE));
  return {
    date: ((moment.getUTCFullYear() - 1980) << 9) | ((moment.getUTCMonth() + 1) << 5) | moment.getUTCDate(),
    time: (moment.getUTCHours() << 11) | (moment.getUTCMinutes() << 5) | (moment.getUTCSeconds() >> 1),
  };
}

interface End {
  readonly entries: number;
  /** Of the directory. */
  readonly bytes: number;
  readonly offset: number;
}

function endOf({ entries, bytes, offset }: End): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(SIGNATURE.end, 0);
  end.writeUInt16LE(Math.min(entries, MOST_16), 8);
  end.writeUInt16LE(Math.min(entries, MOST_16), 10);
  end.writeUInt32LE(Math.min(bytes, MOST_32), 12);
  end.writeUInt32LE(Math.min(offset, MOST_32), 16);
  const fits = entries < MOST_16 && bytes < MOST_32 && offset < MOST_32;
  return fits ? end : Buffer.concat([largeEndOf({ entries, bytes, offset }), end]);
}

function largeEndOf({ entries, bytes, offset }: End): Buffer {
  const end = Buffer.alloc(76);
  end.writeUInt32LE(SIGNATURE.end64, 0);
  // What follows this number, without the locator.
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(UNIX | VERSION_64, 12);
  end.writeUInt16LE(VERSION_64, 14);
  end.writeBigUInt64LE(BigInt(entries), 24);
  end.writeBigUInt64LE(BigInt(entries), 32);
  end.writeBigUInt64LE(BigInt(bytes), 40);
  end.writeBigUInt64LE(BigInt(offset), 48);
  end.writeUInt32LE(SIGNATURE.locator64, 56);
  end.writeBigUInt64LE(BigInt(offset + bytes), 64);
  end.writeUInt32LE(1, 72);
  return end;
}
