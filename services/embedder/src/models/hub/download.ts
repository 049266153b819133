import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootReasonOf } from '@opensync/platform';
import { ModelInstallError } from '../install-error.ts';
import type { HubModel, PinnedFile } from './hub-model.ts';

/** A hub that does not answer within seconds is taken for unreachable, and the next one is asked. */
const ANSWER_MS = 5_000;
/** A line may be slow, but not silent. */
const SILENT_MS = 30_000;
/** A connection that is cut is continued this often without a byte more. */
const ATTEMPTS = 3;
const PAUSE_MS = 500;

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes so far, of all files. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly answerMs?: number | undefined;
  readonly silentMs?: number | undefined;
  readonly pauseMs?: number | undefined;
}

/**
 * Downloads the files of a model into a folder, from the first of the hubs that has them as they are pinned. What a cut
 * connection has brought is kept and continued, also from another hub: the bytes must be the same everywhere.
 * @throws ModelInstallError that says of each hub why not; the signal's reason
 */
export async function downloadModel(
  { repository, revision, files }: HubModel,
  hubs: readonly string[],
  folder: string,
  options: DownloadOptions = {},
): Promise<void> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const file of files) {
    const place = join(folder, file.path);
    await mkdir(dirname(place), { recursive: true });
    const problems: string[] = [];
    for (const hub of hubs) {
      const url = `${hub.replace(/\/+$/, '')}/${repository}/resolve/${revision}/${file.path}`;
      try {
        await downloadFile(url, place, file, {
          ...options,
          onProgress: (done) => options.onProgress?.(before + done, total),
        });
        problems.length = 0;
        break;
      } catch (error) {
        options.signal?.throwIfAborted();
        problems.push(`${new URL(hub).host}: ${rootReasonOf(error)}`);
      }
    }
    if (problems.length > 0)
      throw new ModelInstallError(`${file.path} cannot be downloaded from ${problems.join('; ')}`);
    before += file.bytes;
  }
}

/** Copies the files of a model from a folder that has them in the layout of the hub, or side by side. @throws ModelInstallError */
export async function copyModel({ files }: HubModel, from: string, folder: string): Promise<void> {
  for (const file of files) {
    const place = join(folder, file.path);
    await mkdir(dirname(place), { recursive: true });
    const candidates = [join(from, file.path), join(from, file.path.split('/').at(-1)!)];
    let found = false;
    for (const candidate of candidates) {
      found = await copyFile(candidate, place).then(
        () => true,
        () => false,
      );
      if (found) break;
    }
    if (!found) throw new ModelInstallError(`${from} has no ${file.path}`);
    await assertPinned(place, file);
  }
}

async function downloadFile(
  url: string,
  place: string,
  file: PinnedFile,
  { signal, onProgress, answerMs = ANSWER_MS, silentMs = SILENT_MS, pauseMs = PAUSE_MS }: DownloadOptions,
): Promise<void> {
  for (let failed = 0; ;) {
    const had = await sizeOf(place);
    try {
      if (had < file.bytes) await continueFile(url, place, file, { had, signal, onProgress, answerMs, silentMs });
      break;
    } catch (error) {
      signal?.throwIfAborted();
      // Progress begins the count again: a line that is cut each minute still brings the whole.
      failed = (await sizeOf(place)) > had ? 1 : failed + 1;
      if (error instanceof ModelInstallError || failed >= ATTEMPTS) throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
  try {
    await assertPinned(place, file);
  } catch (error) {
    // Whichever hub sent it: nothing of it may be continued.
    await truncate(place, 0);
    throw error;
  }
}

interface Continuation {
  readonly had: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: DownloadOptions['onProgress'];
  readonly answerMs: number;
  readonly silentMs: number;
}

/** One request for what is missing. @throws ModelInstallError if another attempt will not help */
async function continueFile(
  url: string,
  place: string,
  { bytes }: PinnedFile,
  { had, signal, onProgress, answerMs, silentMs }: Continuation,
): Promise<void> {
  const silent = new AbortController();
  const isSilentFor = (ms: number) =>
    setTimeout(() => silent.abort(new Error(`no answer within ${ms / 1_000} s`)), ms).unref();
  let timer = isSilentFor(answerMs);
  try {
    const response = await fetch(url, {
      headers: { 'accept-encoding': 'identity', ...(had > 0 && { range: `bytes=${had}-` }) },
      signal: signal ? AbortSignal.any([signal, silent.signal]) : silent.signal,
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      const failure = `HTTP ${response.status}`;
      throw response.status >= 500 ? new Error(failure) : new ModelInstallError(failure);
    }
    const continues = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${had}-`);
    let done = continues ? had : 0;
    // Each chunk is in the file before the next is read: what a cut connection has brought can be continued.
    const file = await open(place, continues ? 'a' : 'w', 0o600);
    try {
      for await (const chunk of response.body) {
        clearTimeout(timer);
        timer = isSilentFor(silentMs);
        // Never more than what can be right, whatever the server sends.
        if (done + chunk.length > bytes) throw new ModelInstallError(`it is longer than ${bytes} bytes`);
        await file.appendFile(chunk);
        done += chunk.length;
        onProgress?.(done, bytes);
      }
    } finally {
      await file.close();
    }
    if (done < bytes) throw new Error('the connection was cut');
  } catch (error) {
    throw silent.signal.aborted ? (silent.signal.reason as Error) : error;
  } finally {
    clearTimeout(timer);
  }
}

async function assertPinned(place: string, { path, sha256 }: PinnedFile): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(place), hash);
  const digest = hash.digest('hex');
  if (digest !== sha256) {
    throw new ModelInstallError(`${path} is not the pinned file: its SHA-256 is ${digest}, not ${sha256}`);
  }
}

async function sizeOf(place: string): Promise<number> {
  return (await stat(place).catch(() => undefined))?.size ?? 0;
}
