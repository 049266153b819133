import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import {
  exportLog as readLog,
  importLog as writeLog,
  reconcileTopology,
  topologyOf,
  TransferError,
  type TransferCounts,
} from '@opensync/event-log';
import type { Settings } from '@opensync/platform';
import type { Output } from './output.ts';
import { progressBar } from './progress.ts';
import { withTarget } from './target.ts';

interface Presentation {
  readonly json: boolean;
  readonly output: Output;
}

/** The file that stands for stdout or stdin: in a container there may be no other. */
const STREAM = '-';

/**
 * Writes the whole log to a file, compressed where its name ends in `.gz`, which is there when it is complete; or to
 * stdout, always compressed. What else there is to say then goes to stderr.
 */
export async function exportLog(
  settings: Settings,
  { file, overwrite }: { file: string; overwrite: boolean },
  { json, output }: Presentation,
): Promise<number> {
  const problem = obstacleTo(file, overwrite);
  if (problem !== undefined) {
    output.note(`opensync: ${problem}`);
    return 1;
  }
  return withTarget(settings, { create: false, note: output.note }, async ({ nc }) => {
    const progress = progressBar('Exporting', 'events');
    let counts: TransferCounts = { keys: 0, payloads: 0, events: 0 };
    try {
      const text = readLog(nc, {
        onProgress: (soFar, total) => {
          counts = { ...soFar };
          progress.update(soFar.events, total);
        },
      });
      await (file === STREAM ? writeStdout(text) : writeFile(text, file));
    } finally {
      progress.stop();
    }
    const print = file === STREAM ? output.note : output.print;
    print(json ? JSON.stringify({ file, ...counts }) : `${file}: ${summary(counts)}`);
    return 0;
  });
}

/** Why it should not be written there. */
function obstacleTo(file: string, overwrite: boolean): string | undefined {
  if (file === STREAM) {
    return process.stdout.isTTY ? 'the export is compressed; write stdout to a file: export-log - > FILE' : undefined;
  }
  const folder = dirname(resolve(file));
  if (!existsSync(folder)) return `there is no folder ${folder}; make it, or name a file in another one`;
  return !overwrite && existsSync(file) ? `${file} is there already; name another one or add --force` : undefined;
}

async function writeFile(text: AsyncIterable<string>, file: string): Promise<void> {
  const unfinished = `${file}.unfinished`;
  try {
    // Whoever can read it can read all sessions.
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
  // The process ends itself when the command is done; what is still on its way to a pipe would be lost.
  await new Promise((resolve) => process.stdout.write('', resolve));
}

/** Reads a file of export-log, or stdin, into the log of the target. */
export async function importLog(
  settings: Settings,
  { file, keys }: { file: string; keys: boolean },
  { json, output }: Presentation,
): Promise<number> {
  if (file !== STREAM && !existsSync(file)) {
    output.note(`opensync: there is no file ${file}`);
    return 1;
  }
  return withTarget(settings, { create: true, note: output.note }, async (target) => {
    if (target.kind !== 'running') await reconcileTopology(target.nc, topologyOf(settings));
    const progress = progressBar('Importing', 'events');
    try {
      const imported = await writeLog(target.nc, linesOf(file), {
        keys,
        onProgress: ({ events }, total) => progress.update(events, total),
      });
      progress.stop();
      if (json) {
        output.print(JSON.stringify({ file, ...imported }));
        return 0;
      }
      output.print(`${file}: ${summary(imported)}`);
      if (imported.skipped > 0) output.note(`${number(imported.skipped)} of the events were there already.`);
      if (imported.renumbered)
        output.note('Sequences were missing at the source; the order is the same, numbers are not.');
      return 0;
    } catch (error) {
      progress.stop();
      if (!(error instanceof TransferError)) throw error;
      output.note(`opensync: ${file}: ${error.message}`);
      return 1;
    }
  });
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source: Readable = file === STREAM ? process.stdin : createReadStream(file);
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
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (cause) {
    throw new TransferError(`cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** The first bytes, which stay to be read: a stream has no name that says whether it is compressed. */
async function firstOf(source: Readable): Promise<Buffer | undefined> {
  await once(source, 'readable');
  const first = source.read() as Buffer | null;
  if (first) source.unshift(first);
  return first ?? undefined;
}

function summary({ events, payloads, keys }: TransferCounts): string {
  return `${number(events)} events, ${number(payloads)} payloads, ${number(keys)} entries of API keys`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
