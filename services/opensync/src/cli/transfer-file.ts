import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { openExport, splitLines, TransferError } from '@opensync/event-log/transfer';

/** The file name that stands for stdout or stdin: a container may have no file system of its own. */
export const STREAM = '-';

/** Why an export cannot be written there. */
export function obstacleTo(file: string, overwrite: boolean): string | undefined {
  if (file === STREAM) {
    return process.stdout.isTTY ? 'the export is compressed; write stdout to a file: export-log - > FILE' : undefined;
  }
  const folder = dirname(resolve(file));
  if (!existsSync(folder)) return `there is no folder ${folder}; create it, or choose another folder`;
  return !overwrite && existsSync(file) ? `${file} already exists; choose another name or add --force` : undefined;
}

/**
 * Writes the text to a file, compressed if its name ends in `.gz`; the file appears once it is complete. Or to
 * stdout, compressed.
 */
export function writeText(text: AsyncIterable<string>, file: string): Promise<void> {
  return file === STREAM ? writeStdout(text) : writeFile(text, file);
}

async function writeFile(text: AsyncIterable<string>, file: string): Promise<void> {
  const unfinished = `${file}.unfinished`;
  try {
    // A reader of the file can read all sessions.
    const sink = createWriteStream(unfinished, { mode: 0o600 });
    if (file.endsWith('.gz')) await pipeline(text, createGzip(), sink);
    else await pipeline(text, sink);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function writeStdout(text: AsyncIterable<string>): Promise<void> {
  await pipeline(text, createGzip(), process.stdout, { end: false });
  // The process exits when the command is done; data still in transit to a pipe would be lost.
  await new Promise((resolve) => process.stdout.write('', resolve));
}

/**
 * The lines of an export, after reading the first one: nothing should be created for an invalid file.
 * @throws TransferError if it is not an export
 */
export async function openLines(file: string): Promise<AsyncGenerator<string>> {
  await assertReadable(file);
  const lines = linesOf(file);
  const first = await lines.next();
  const begin = first.done ? [] : [first.value];
  await openExport(from(begin));
  return from(begin, lines);
}

async function* from(begin: readonly string[], rest?: AsyncIterable<string>): AsyncGenerator<string> {
  yield* begin;
  if (rest) yield* rest;
}

async function assertReadable(file: string): Promise<void> {
  if (file === STREAM) return;
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error.code);
  if (found === 'ENOENT') throw new TransferError('there is no such file');
  if (typeof found === 'object' && found.isDirectory()) throw new TransferError('this is a folder');
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source: Readable = file === STREAM ? process.stdin : createReadStream(file);
  try {
    let isCompressed = file.endsWith('.gz');
    if (file === STREAM) {
      const first = await firstOf(source);
      if (!first) return;
      isCompressed = first[0] === 0x1f && first[1] === 0x8b;
    }
    const input = isCompressed ? source.pipe(createGunzip()) : source;
    // A pipe does not pass errors on; the lines do, unless nobody reads them any more.
    source.once('error', (error) => input.destroy(error));
    input.once('error', () => undefined);
    yield* splitLines(input);
  } catch (cause) {
    if (cause instanceof TransferError) throw cause;
    throw new TransferError(`cannot be read: ${(cause as Error).message}`, { cause });
  } finally {
    source.destroy();
  }
}

/** Peeks at the first bytes: a stream has no name that says whether it is compressed. */
async function firstOf(source: Readable): Promise<Buffer | undefined> {
  await once(source, 'readable');
  const first = source.read() as Buffer | null;
  if (first) source.unshift(first);
  return first ?? undefined;
}
