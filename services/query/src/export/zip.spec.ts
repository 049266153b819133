import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import { waitFor } from '@opensync/testkit';
import fc from 'fast-check';
import { fromBufferPromise, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { Directory, type EntryFacts } from './zip-records.ts';
import { zipped, type ArchiveEntry } from './zip.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** Names that a reader accepts, in several scripts. */
const someName = fc.stringMatching(/^[a-z \u00e9\u6f22\u{1f600}]{1,20}$/u);
/** Until the year 2107, which is the last one that the format has. */
const someTime = fc.integer({ min: 315_532_800, max: 4_354_819_198 }).map((seconds) => seconds * 1000);

describe('an archive', () => {
  it('has the names, times and contents of its entries', async () => {
    const someText = fc.oneof(
      { arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }), weight: 4 },
      // More than is compressed at once.
      fc.integer({ min: 1_000, max: 20_000 }).map((count) => `${count} `.repeat(count)),
    );
    const someEntry = fc.record({
      name: someName,
      modifiedAt: someTime,
      content: fc.array(someText, { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(someEntry, { maxLength: 6 }), async (entries) => {
        const archive = Buffer.concat(await Array.fromAsync(zipped(each(entries))));
        const zip = await fromBufferPromise(archive);
        const found: object[] = [];
        for await (const entry of zip.eachEntry()) {
          const content = await buffer(await zip.openReadStreamPromise(entry));
          expect(crc32(content)).toBe(entry.crc32);
          found.push({ name: entry.fileName, content: content.toString() });
          expect(content.length).toBe(entry.uncompressedSize);
        }
        expect(found).toEqual(entries.map(({ name, content }) => ({ name, content: content.join('') })));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps next to nothing of its entries while it is made', async () => {
    const count = 3_000;
    let atBegin = 0;
    const held = () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers;
    };
    async function* entries(): AsyncGenerator<ArchiveEntry> {
      for (let at = 0; at < count; at++) {
        if (at === 100) atBegin = held();
        yield { name: `sessions/${at}.md`, modifiedAt: 0, content: [`${at} `.repeat(200), 'text'] };
      }
      // The records of the directory are 300 KB. The collector gives buffers back in the background.
      await waitFor(() => held() - atBegin < MEBIBYTE, { what: 'an archive that has let go of its entries' });
    }
    let bytes = 0;
    for await (const piece of zipped(entries())) bytes += piece.length;
    expect(bytes).toBeGreaterThan(count * 100);
  });

  it.each([
    ['small', 'beginning'],
    ['large', 'beginning '.repeat(20_000)],
  ])('fails as one of its entries does, and does not read the next: %s', async (_size, beginning) => {
    let reached = 0;
    async function* failing(): AsyncGenerator<string> {
      yield beginning;
      throw new Error('the store is away');
    }
    async function* entries(): AsyncGenerator<ArchiveEntry> {
      for (const content of [['whole'], failing(), ['never']]) {
        reached++;
        yield { name: `${reached}.md`, modifiedAt: 0, content };
      }
    }
    await expect(Array.fromAsync(zipped(entries()))).rejects.toThrow('the store is away');
    expect(reached).toBe(2);
  });

  it('ends the reading of an entry when nobody reads on', async () => {
    let isEnded = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (let at = 0; ; at++) yield `${at} `.repeat(1_000);
      } finally {
        isEnded = true;
      }
    }
    const archive = zipped(each([{ name: 'endless.md', modifiedAt: 0, content: endless() }]));
    await archive.next();
    await archive.next();
    await archive.return(undefined);
    await waitFor(() => isEnded, { what: 'the end of the reading' });
  });
});

/** A directory that begins at an offset; nobody reads what is before it. */
class LateDirectory extends RandomAccessReader {
  readonly #bytes: Buffer;
  readonly #offset: number;

  constructor(bytes: Buffer, offset: number) {
    super();
    this.#bytes = bytes;
    this.#offset = offset;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const before = Buffer.alloc(Math.max(0, Math.min(this.#offset, end) - start));
    const bytes = this.#bytes.subarray(Math.max(0, start - this.#offset), Math.max(0, end - this.#offset));
    return Readable.from([Buffer.concat([before, bytes])], { objectMode: false });
  }
}

function read(facts: readonly EntryFacts[], offset: number): Promise<ZipFile> {
  const directory = new Directory();
  for (const one of facts) directory.add(one);
  const bytes = Buffer.concat([...directory.end(offset)]);
  return fromRandomAccessReaderPromise(new LateDirectory(bytes, offset), offset + bytes.length, { autoClose: false });
}

async function entriesIn(zip: ZipFile): Promise<EntryFacts[]> {
  const found: EntryFacts[] = [];
  for await (const entry of zip.eachEntry()) {
    found.push({
      name: entry.fileName,
      modifiedAt: entry.getLastModDate({ timezone: 'UTC' }).getTime(),
      offset: entry.relativeOffsetOfLocalHeader,
      isStreamed: (entry.generalPurposeBitFlag & 8) !== 0,
      crc: entry.crc32,
      size: entry.uncompressedSize,
      compressedSize: entry.compressedSize,
    });
  }
  return found;
}

describe('the directory of an archive', () => {
  const someSize = fc.oneof(
    fc.nat({ max: 1_000_000 }),
    fc.maxSafeInteger().map((size) => Math.abs(size) % (9 * GIBIBYTE)),
    fc.constantFrom(4 * GIBIBYTE - 2, 4 * GIBIBYTE - 1, 4 * GIBIBYTE),
  );
  const someFacts = fc.record({
    name: someName,
    // From 2038 on in steps of two seconds.
    modifiedAt: someTime.map((ms) => ms - (ms % 2000)),
    offset: someSize,
    isStreamed: fc.boolean(),
    crc: fc.nat({ max: 0xffffffff }),
    size: someSize,
    compressedSize: someSize,
  });

  it('has all facts, also of more than 4 GiB', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(someFacts, { maxLength: 5 }), someSize, async (facts, offset) => {
        expect(await entriesIn(await read(facts, offset))).toEqual(facts);
      }),
    );
  });

  it('has more than 65,535 entries', async () => {
    const numbers = { crc: 1, size: 1, compressedSize: 1, offset: 1 };
    const one: EntryFacts = { name: 'one.md', modifiedAt: 1_767_225_600_000, isStreamed: false, ...numbers };
    const zip = await read(Array<EntryFacts>(70_000).fill(one), 10 * MEBIBYTE);
    expect(zip.entryCount).toBe(70_000);
  });
});
