import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import {
  exportLog as readLog,
  importLog as writeLog,
  NO_COUNTS,
  openExport,
  reconcileTopology,
  splitLines,
  topologyOf,
  TransferError,
  type TransferCounts,
} from '@opensync/event-log';
import type { Settings } from '@opensync/platform';
import type { Output } from './output.ts';
import { progressBar } from './progress.ts';
import { dataFolderExists } from '../system/data-folder.ts';
import { withTarget } from './target.ts';

interface Presentation {
  readonly json: boolean;
  readonly output: Output;
}

/** The file that stands for stdout or stdin: in a container there may be no other. */
const STREAM = '-';
/** The file is whole, but the log that it is from has lost something that it should have. */
const SOMETHING_LOST = 3;

/**
 * Writes the whole log to a file, compressed if its name ends in `.gz`, which exists once it is complete; or to stdout,
 * always compressed, with messages on stderr. With `verify` the file is read back and compared with what was written.
 * Resolves with the exit code: 3 if payloads are lost in the log.
 */
export async function exportLog(
  settings: Settings,
  { file, overwrite, verify }: { file: string; overwrite: boolean; verify: boolean },
  { json, output }: Presentation,
): Promise<number> {
  const problem = obstacleTo(file, overwrite) ?? (verify && file === STREAM ? STREAM_UNVERIFIABLE : undefined);
  if (problem !== undefined) {
    output.note(`opensync: ${problem}`);
    return 1;
  }
  return withTarget(settings, { create: false, note: output.note }, async ({ nc }) => {
    const progress = progressBar('Exporting', 'events');
    let counts: TransferCounts = { ...NO_COUNTS };
    try {
      const text = readLog(nc, {
        onProgress: (soFar, total) => {
          counts = { ...soFar };
          progress.update(soFar.events, total);
        },
      });
      await (file === STREAM ? writeStdout(text) : writeFile(text, file));
      progress.stop();
      if (verify) await readBack(file, counts);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      output.note(`opensync: ${file}: ${error.message}`);
      return 1;
    } finally {
      progress.stop();
    }
    const print = file === STREAM ? output.note : output.print;
    const verified = verify && { verified: true };
    print(
      json
        ? JSON.stringify({ file, ...counts, ...verified })
        : `${file}: ${summary(counts)}${verify ? ', verified' : ''}`,
    );
    return reportLost(counts, output);
  });
}

const STREAM_UNVERIFIABLE = 'stdout cannot be read back; name a file, or check it later with: import-log --dry-run';

/**
 * Reads a file of export-log whole: each line, the digest of each payload, and that of all lines.
 * @throws TransferError
 */
async function readBack(file: string, written?: TransferCounts): Promise<TransferCounts> {
  const progress = progressBar('Verifying', 'events');
  try {
    const { header, lines, counts } = await openExport(linesOf(file));
    for await (const { kind } of lines) if (kind === 'event') progress.update(counts.events, header.events);
    if (written && JSON.stringify(written) !== JSON.stringify(counts)) {
      throw new TransferError(`${file} holds ${summary(counts)} instead of ${summary(written)}; export again`);
    }
    return counts;
  } finally {
    progress.stop();
  }
}

/** Resolves with the exit code. */
function reportLost({ lost }: TransferCounts, output: Output): number {
  if (lost === 0) return 0;
  const what = lost === 1 ? '1 payload is' : `${number(lost)} payloads are`;
  output.note(`${what} lost or damaged in the exported log; the sessions that hold them show a preview instead.`);
  return SOMETHING_LOST;
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

/**
 * Reads a file of export-log, or stdin, into the log of the target; with `dryRun` only checks that it could, and that what
 * is there already is the same. Resolves with the exit code: 3 if something of the history was lost before.
 */
export async function importLog(
  settings: Settings,
  { file, keys, dryRun }: { file: string; keys: boolean; dryRun: boolean },
  { json, output }: Presentation,
): Promise<number> {
  if (file !== STREAM && !existsSync(file)) {
    output.note(`opensync: there is no file ${file}`);
    return 1;
  }
  if (dryRun && !settings.NATS_URL && !dataFolderExists(settings.OPENSYNC_DATA_DIR)) {
    return checkFile(file, { json, output });
  }
  return withTarget(settings, { create: true, note: output.note }, async (target) => {
    if (target.kind !== 'running') await reconcileTopology(target.nc, topologyOf(settings));
    const progress = progressBar(dryRun ? 'Checking' : 'Importing', 'events');
    try {
      const imported = await writeLog(target.nc, linesOf(file), {
        keys,
        dryRun,
        onProgress: ({ events }, total) => progress.update(events, total),
      });
      progress.stop();
      if (json) {
        output.print(JSON.stringify({ file, ...imported, ...(dryRun && { dryRun }) }));
      } else {
        output.print(`${file}: ${summary(imported)}${dryRun ? '; nothing was written' : ''}`);
        if (imported.skipped > 0) output.note(`${number(imported.skipped)} of the events were there already.`);
        if (imported.renumbered) {
          output.note('Sequences were missing at the source; the order is the same, numbers are not.');
        }
      }
      if (imported.foreign > 0) {
        output.note(`${number(imported.foreign)} of the events were left out: their subjects are not those of events.`);
      }
      return imported.foreign > 0 ? SOMETHING_LOST : reportLost(imported, output);
    } catch (error) {
      progress.stop();
      if (!(error instanceof TransferError)) throw error;
      output.note(`opensync: ${file}: ${error.message}`);
      return 1;
    }
  });
}

/** Without a log to import into, the file alone is checked. */
async function checkFile(file: string, { json, output }: Presentation): Promise<number> {
  try {
    const counts = await readBack(file);
    output.print(
      json ? JSON.stringify({ file, ...counts, dryRun: true }) : `${file}: ${summary(counts)}; nothing was written`,
    );
    return reportLost(counts, output);
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    output.note(`opensync: ${file}: ${error.message}`);
    return 1;
  }
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
    yield* splitLines(input);
  } catch (cause) {
    if (cause instanceof TransferError) throw cause;
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
