import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

export interface ArchiveEntry {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  readonly content: AsyncIterable<string> | Iterable<string>;
}

/** The dates that a ZIP file can have. */
const FIRST_DATE = Date.UTC(1980, 0, 2);
const LAST_DATE = Date.UTC(2107, 0, 1);

/**
 * A ZIP archive in pieces of bytes. An entry is read only as the archive is, and the next one after it; if one fails, so does the archive,
 * which then lacks its directory, and no program takes it for a complete one.
 */
export async function* zipped(entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<Buffer> {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  let current: Readable | undefined;
  let isOver = false;
  // A stream that is read from below must not end the process when it fails.
  zip.on('error', (error: Error) => output.destroy(error));
  // The archive keeps this function for each of its entries until the end: it must be one for all, and hold nothing of them.
  const open = (give: (error: null, stream: Readable) => void) => give(null, current!);
  const feeding = feed().catch((error: Error) => void output.destroy(error));
  try {
    for await (const piece of output) yield piece as Buffer;
  } finally {
    isOver = true;
    current?.destroy();
    output.destroy();
    await feeding;
  }

  async function feed(): Promise<void> {
    for await (const { name, modifiedAt, content } of entries) {
      if (isOver) return;
      current = Readable.from(content);
      const ended = once(current, 'close');
      zip.addReadStreamLazy(name, { mtime: new Date(Math.min(Math.max(modifiedAt, FIRST_DATE), LAST_DATE)) }, open);
      keepOnlyOwnBytes(zip);
      await ended;
      if (current.errored) throw current.errored;
    }
    zip.end();
  }
}

/**
 * The archive keeps the name of each entry until the end, and a small buffer is a view of a larger one that it shares with whatever was
 * made at that time: a name of fifty bytes would keep 20 KiB. So it gets a copy of its own.
 */
function keepOnlyOwnBytes(zip: ZipFile): void {
  const last = (zip as unknown as { readonly entries: readonly Record<string, unknown>[] }).entries.at(-1)!;
  for (const [name, value] of Object.entries(last)) {
    if (!Buffer.isBuffer(value) || value.length === value.buffer.byteLength) continue;
    const own = Buffer.allocUnsafeSlow(value.length);
    value.copy(own);
    last[name] = own;
  }
}
