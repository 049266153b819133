import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ConfigError } from '@opensync/platform';
import { bytes, printable, quantity, type Output } from './output.ts';
import type { CommandContext } from './shared-syntax.ts';

export interface ExportArguments {
  readonly url: string;
  readonly key: string | undefined;
  /** Undefined: stdout. */
  readonly file: string | undefined;
  readonly overwrite: boolean;
  /** The query of `GET /api/export`. */
  readonly query: Readonly<Record<string, string>>;
}

const STDOUT = '-';
const FAILED = 1;
/** As a shell reports a program that Ctrl-C has ended. */
const INTERRUPTED = 130;
const REDRAW_MS = 200;

/**
 * Saves an export of a server in a file, which appears once it is complete, or writes it to stdout, with messages on stderr. Ctrl-C ends
 * it and leaves nothing behind. Resolves with the exit code.
 */
export async function exportSessions(
  { url, key, file = STDOUT, overwrite, query }: ExportArguments,
  { json, output }: Pick<CommandContext, 'json' | 'output'>,
  interruption: Interruption = ctrlC(),
): Promise<number> {
  const { signal } = interruption;
  const progress = byteCount();
  try {
    if (!key) {
      throw new ConfigError(
        'OPENSYNC_API_KEY: set it to an API key with the scope read; to create one: opensync keys create',
      );
    }
    const problem = obstacleTo(file, overwrite, query);
    if (problem !== undefined) throw new ConfigError(problem);
    const answer = await ask(exportUrl(url, query), key, signal);
    if (answer.statusCode !== 200) {
      output.note(`opensync: ${await problemOf(answer)}`);
      return FAILED;
    }
    await save(counted(answer, progress), file, signal, () => totalsOf(answer));
    progress.stop();
    const totals = totalsOf(answer);
    const print = file === STDOUT ? output.note : output.print;
    print(
      json ? JSON.stringify({ file, ...totals }) : `${file === STDOUT ? 'Exported' : `${file}:`} ${summaryOf(totals)}`,
    );
    return 0;
  } catch (error) {
    progress.stop();
    if (signal.aborted) {
      output.note('opensync: interrupted; no file was written');
      return INTERRUPTED;
    }
    return failed(error, url, file, output);
  } finally {
    interruption.end();
  }
}

/** Tells that the person does not want to wait any longer. */
export interface Interruption {
  readonly signal: AbortSignal;
  readonly end: () => void;
}

function ctrlC(): Interruption {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.once(name, stop);
  return {
    signal: interrupt.signal,
    end: () => {
      for (const name of signals) process.off(name, stop);
    },
  };
}

function exportUrl(base: string, query: ExportArguments['query']): URL {
  const parsed = URL.parse(base);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new ConfigError(`OPENSYNC_URL: ${printable(base)} is not the URL of a server, such as http://localhost:3211`);
  }
  const url = new URL(`${parsed.pathname.replace(/\/+$/, '')}/api/export`, parsed);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** Why the export cannot be written there. */
function obstacleTo(
  file: string,
  overwrite: boolean,
  { format, archive }: ExportArguments['query'],
): string | undefined {
  if (file === STDOUT) {
    const isArchive = archive !== undefined || format === 'files' || format === 'filesystem';
    return isArchive && process.stdout.isTTY ? 'an archive is no text for a terminal; name a file with -o' : undefined;
  }
  const folder = dirname(resolve(file));
  if (!existsSync(folder)) return `there is no folder ${folder}; create it, or choose another folder`;
  return !overwrite && existsSync(file) ? `${file} already exists; choose another name or add --force` : undefined;
}

/** Not with fetch, which does not show trailers. */
function ask(url: URL, key: string, signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, accept: '*/*' };
    request(url, { headers, signal }, resolve).once('error', reject).end();
  });
}

async function problemOf(answer: IncomingMessage): Promise<string> {
  const body = await text(answer);
  try {
    const { error } = JSON.parse(body) as { error: { message: string } };
    return printable(error.message);
  } catch {
    return `the server answered with ${answer.statusCode}`;
  }
}

interface Totals {
  readonly sessions: number;
  readonly testCases?: number;
}

/** From the headers of a small export, the trailers of a large one. @throws Error if neither has them: it was cut off */
function totalsOf({ headers, trailers, complete }: IncomingMessage): Totals {
  const of = (name: string) => headers[name] ?? trailers[name];
  const sessions = of('x-export-sessions');
  // Companion files have no totals; a short answer has its length.
  if (!complete || (sessions === undefined && headers['content-length'] === undefined)) {
    throw new Error('the server did not send all of it');
  }
  const testCases = of('x-export-testcases');
  return { sessions: Number(sessions ?? 0), ...(testCases !== undefined && { testCases: Number(testCases) }) };
}

function summaryOf({ sessions, testCases }: Totals): string {
  return [quantity(sessions, 'sessions'), ...(testCases === undefined ? [] : [quantity(testCases, 'test cases')])].join(
    ', ',
  );
}

async function save(
  content: AsyncIterable<Buffer>,
  file: string,
  signal: AbortSignal,
  assertComplete: () => void,
): Promise<void> {
  if (file === STDOUT) {
    await pipeline(content, process.stdout, { end: false, signal });
    assertComplete();
    // Data still on its way to a pipe would be lost when the process exits.
    await new Promise((resolve) => process.stdout.write('', resolve));
    return;
  }
  const unfinished = `${file}.unfinished`;
  try {
    // The file holds whole sessions.
    await pipeline(content, createWriteStream(unfinished, { mode: 0o600 }), { signal });
    assertComplete();
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

function failed(error: unknown, url: string, file: string, output: Output): number {
  if (error instanceof ConfigError) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  // `opensync export | head`
  if (file === STDOUT && code === 'EPIPE') return 0;
  const isUnreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH'].includes(code ?? '');
  if (isUnreachable) output.note(`opensync: nothing answers at ${printable(url)}; set OPENSYNC_URL, or add --url`);
  else if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || message === 'aborted') {
    output.note('opensync: the export broke off; repeat the command. No file was written');
  } else output.note(`opensync: ${message}; no file was written`);
  return FAILED;
}

interface ByteProgress {
  add(count: number): void;
  stop(): void;
}

/** A line on a terminal with what has arrived; nobody knows before the end how much there is. */
function byteCount(): ByteProgress {
  const sink = process.stderr;
  const began = performance.now();
  let drawnAt = -Infinity;
  let count = 0;
  const draw = () => {
    const seconds = (performance.now() - began) / 1000;
    sink.write(`\r\x1b[KExporting ${bytes(count)} · ${bytes(Math.round(count / Math.max(seconds, 0.001)))}/s`);
  };
  return {
    add(more) {
      count += more;
      if (!sink.isTTY || performance.now() - drawnAt < REDRAW_MS) return;
      drawnAt = performance.now();
      draw();
    },
    stop() {
      if (drawnAt !== -Infinity) sink.write('\r\x1b[K');
      drawnAt = -Infinity;
    },
  };
}

async function* counted(content: AsyncIterable<Buffer>, progress: ByteProgress): AsyncGenerator<Buffer> {
  for await (const piece of content) {
    progress.add(piece.length);
    yield piece;
  }
}
