import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { streamEnds } from '@opensync/event-log';
import {
  exportLog as readLog,
  importLog as writeLog,
  NO_COUNTS,
  openExport,
  TransferError,
  type ImportSummary,
  type TransferCounts,
} from '@opensync/event-log/transfer';
import type { Settings } from '@opensync/platform';
import { dataFolderExists } from '../system/data-folder.ts';
import { startCommand } from './command-name.ts';
import { quantity, type Output } from './output.ts';
import { progressBar } from './progress.ts';
import { provideStreams, withTarget, type Target } from './target.ts';
import { obstacleTo, openLines, STREAM, writeText } from './transfer-file.ts';

interface Presentation {
  readonly json: boolean;
  readonly output: Output;
}

/** The file is complete, but its log has lost data. */
const SOMETHING_LOST = 3;
const STREAM_UNVERIFIABLE = 'stdout cannot be read back; name a file, or check it later with: import-log --dry-run';

/**
 * Writes the whole log to a file, which appears once it is complete, or to stdout, with messages on stderr. With
 * `verify` the file is read back and compared. Resolves with the exit code: 3 if payloads are lost in the log.
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
      await writeText(text, file);
      progress.stop();
      if (verify) await readBack(file, counts);
    } catch (error) {
      return refused(error, file, output);
    } finally {
      progress.stop();
    }
    const print = file === STREAM ? output.note : output.print;
    if (json) print(asJson(file, { ...counts, ...(verify && { verified: true }) }));
    else print(`${file}: ${contents(counts)}${verify ? ', verified' : ''}`);
    return reportLost(counts, output);
  });
}

/**
 * Imports a file of export-log, or stdin, into the log of the target; with `dryRun` it only checks that it could, and
 * that existing events are the same. A file is verified completely before anything is stored; stdin can be read only
 * once. Resolves with the exit code: 3 if part of the history was lost before. A failure before anything is stored
 * leaves nothing behind.
 */
export async function importLog(
  settings: Settings,
  { file, keys, dryRun }: { file: string; keys: boolean; dryRun: boolean },
  presentation: Presentation,
): Promise<number> {
  const { output } = presentation;
  let lines: AsyncIterable<string>;
  try {
    if (!dryRun && file !== STREAM) await readAll(await openLines(file));
    // Before anything is created for it.
    lines = await openLines(file);
  } catch (error) {
    return refused(error, file, output, NOTHING_IMPORTED);
  }
  const isNew = settings.NATS_URL === undefined && !dataFolderExists(settings.OPENSYNC_DATA_DIR);
  if (dryRun && isNew) return checkFile(file, lines, presentation);
  const undo = isNew ? await undoOf(settings.OPENSYNC_DATA_DIR) : undefined;
  let mayHoldEvents = false;
  const work = withTarget(settings, { create: true, note: output.note }, async (target) => {
    await provideStreams(target, settings);
    const before = await eventsOf(target);
    const progress = progressBar(dryRun ? 'Checking' : 'Importing', 'events');
    try {
      const imported = await writeLog(target.nc, lines, {
        keys,
        dryRun,
        onProgress: ({ events }, total) => progress.update(events, total),
      });
      mayHoldEvents = true;
      progress.stop();
      printImported(imported, target, { file, dryRun, ...presentation });
      return imported.foreign > 0 ? SOMETHING_LOST : reportLost(imported, output);
    } catch (error) {
      progress.stop();
      const now = await eventsOf(target).catch(() => undefined);
      mayHoldEvents = now !== 0;
      const code = refused(error, file, output, now === before && !dryRun ? NOTHING_IMPORTED : '');
      if (now !== undefined && now > before) {
        const events = quantity(now - before, 'events');
        output.note(`Stored before that: ${events}. Repeat the command with the complete file to continue after them.`);
      }
      return code;
    }
  });
  return work.finally(() => (mayHoldEvents ? undefined : undo?.()));
}

const FAILED = 1;
const NOTHING_IMPORTED = '; nothing was imported';

/** Reports why a file is rejected, and resolves with the exit code. Throws errors that are not the file's fault. */
function refused(error: unknown, file: string, output: Output, consequence = ''): typeof FAILED {
  if (!(error instanceof TransferError)) throw error;
  output.note(`opensync: ${file}: ${error.message}${consequence}`);
  return FAILED;
}

/** Without a target log, only the file is checked. */
async function checkFile(file: string, lines: AsyncIterable<string>, { json, output }: Presentation): Promise<number> {
  try {
    const counts = await readAll(lines);
    if (json) output.print(asJson(file, { ...counts, dryRun: true }));
    else output.print(`${file}: ${contents(counts)}; nothing was written`);
    return reportLost(counts, output);
  } catch (error) {
    return refused(error, file, output);
  }
}

/** @throws TransferError if the file differs from what was written */
async function readBack(file: string, written: TransferCounts): Promise<void> {
  const counts = await readAll(await openLines(file));
  if (JSON.stringify(written) === JSON.stringify(counts)) return;
  throw new TransferError(`the file holds ${contents(counts)} instead of ${contents(written)}; export again`);
}

/**
 * Reads an export whole: each line, the digest of each payload, and that of all lines.
 * @throws TransferError
 */
async function readAll(text: AsyncIterable<string>): Promise<TransferCounts> {
  const progress = progressBar('Verifying', 'events');
  try {
    const { header, lines, counts } = await openExport(text);
    for await (const { kind } of lines) if (kind === 'event') progress.update(counts.events, header.events);
    return counts;
  } finally {
    progress.stop();
  }
}

/** Resolves with the exit code. */
function reportLost({ lost }: TransferCounts, output: Output): number {
  if (lost === 0) return 0;
  const are = lost === 1 ? 'is' : 'are';
  output.note(
    `${quantity(lost, 'payloads')} ${are} lost or damaged in the exported log; the affected sessions show a preview.`,
  );
  return SOMETHING_LOST;
}

function printImported(
  imported: ImportSummary,
  target: Target,
  { file, dryRun, json, output }: { file: string; dryRun: boolean } & Presentation,
): void {
  if (json) return output.print(asJson(file, { ...imported, ...(dryRun && { dryRun }) }));
  output.print(`${file}: ${contents(imported)}${dryRun ? '; nothing was written' : ''}`);
  const { apiKeysLeftOut, foreign, skipped, renumbered } = imported;
  if (apiKeysLeftOut > 0) output.note(`Left out: ${quantity(apiKeysLeftOut, 'API keys')}.`);
  if (foreign > 0) output.note(`Left out: ${quantity(foreign, 'events')} with an unknown subject.`);
  if (skipped > 0) output.note(`Already stored: ${quantity(skipped, 'events')}.`);
  if (renumbered) {
    output.note('Sequences were missing at the source: the events keep their order, but some have new sequences.');
  }
  if (target.kind === 'stopped' && !dryRun) {
    output.note(`To build the documents and indexes from these events: ${startCommand(target.folder.path)}`);
  }
}

function contents({ events, payloads, apiKeys }: TransferCounts): string {
  return [quantity(events, 'events'), quantity(payloads, 'payloads'), quantity(apiKeys, 'API keys')].join(', ');
}

/** Without the number of lines for API keys and their secret, which is internal to the file. */
function asJson(file: string, { keys: _, ...counts }: TransferCounts & Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ file, ...counts });
}

async function eventsOf({ nc }: Target): Promise<number> {
  return (await streamEnds(nc)).messages;
}

/**
 * Removes everything that is created from now on in a data folder without an OpenSync, and the folder if it does not
 * exist yet.
 */
async function undoOf(folder: string): Promise<() => Promise<void>> {
  if (!existsSync(folder)) return () => rm(folder, { recursive: true, force: true });
  const before = new Set(await readdir(folder));
  return async () => {
    const made = (await readdir(folder)).filter((name) => !before.has(name));
    await Promise.all(made.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  };
}
