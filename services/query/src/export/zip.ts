import { pipeline, Readable } from 'node:stream';
import { crc32, createDeflateRaw, deflateRawSync } from 'node:zlib';
import { Directory, sizesAfterContent, entryHeader, type EntryFacts } from './zip-records.ts';

export interface ArchiveEntry {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  readonly content: AsyncIterable<string> | Iterable<string>;
}

/**
 * An entry of up to this size is compressed at once, which takes up to three milliseconds, and its sizes precede it. To leave that to another thread takes longer
 * for most entries.
 */
const WHOLE_BYTES = 64 * 1024;

/**
 * A ZIP archive in pieces of bytes. An entry is read only as the archive is, and the next one after it; if one fails, so does the archive,
 * which then lacks its directory, and no program takes it for a complete one. All that is kept of an entry is its record in the directory.
 */
export async function* zipped(entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<Buffer> {
  const directory = new Directory();
  let offset = 0;
  for await (const { name, modifiedAt, content } of entries) {
    const facts = { name, modifiedAt, offset, isStreamed: false, crc: 0, size: 0, compressedSize: 0 };
    for await (const piece of entryPieces(facts, content)) {
      offset += piece.length;
      yield piece;
    }
    directory.add(facts);
  }
  yield* directory.end(offset);
}

async function* entryPieces(facts: EntryFacts, content: ArchiveEntry['content']): AsyncGenerator<Buffer> {
  const bytes = encoded(facts, content);
  try {
    const beginning: Buffer[] = [];
    let next = await bytes.next();
    for (; !next.done && facts.size <= WHOLE_BYTES; next = await bytes.next()) beginning.push(next.value);
    if (next.done) {
      const compressed = deflateRawSync(Buffer.concat(beginning));
      facts.compressedSize = compressed.length;
      return yield Buffer.concat([entryHeader(facts), compressed]);
    }
    facts.isStreamed = true;
    yield entryHeader(facts);
    const deflate = createDeflateRaw();
    // An error reaches the loop below, which also ends the pipeline if it is left early.
    const source = Readable.from(chained([...beginning, next.value], bytes), { objectMode: false });
    pipeline(source, deflate, () => undefined);
    for await (const piece of deflate as AsyncIterable<Buffer>) {
      facts.compressedSize += piece.length;
      yield piece;
    }
    yield sizesAfterContent(facts);
  } finally {
    await bytes.return(undefined);
  }
}

/** Counts what it passes on. */
async function* encoded(facts: EntryFacts, content: ArchiveEntry['content']): AsyncGenerator<Buffer, undefined> {
  for await (const text of content) {
    const bytes = Buffer.from(text);
    facts.crc = crc32(bytes, facts.crc);
    facts.size += bytes.length;
    yield bytes;
  }
  return undefined;
}

async function* chained(first: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  yield* rest;
}
