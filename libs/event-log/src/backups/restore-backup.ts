import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { streamEnds } from '../read/replay.ts';
import { STREAM } from '../topology/names.ts';
import { importLog } from '../transfer/import-log.ts';
import { NO_COUNTS, TransferError, type TransferCounts } from '../transfer/lines.ts';
import { openExport } from '../transfer/read-export.ts';
import { splitLines } from '../transfer/split-lines.ts';
import { lastChain, type Chain, type Manifest } from './chains.ts';
import { BackupError, type BackupPlace } from './place.ts';

export interface VerifiedBackup {
  readonly chain: Chain;
  /** The last sequence that it holds. */
  readonly to: number;
  readonly counts: TransferCounts;
}

interface VerifyOptions {
  /** Called with each event that was read. */
  readonly onProgress?: (events: number, total: number) => void;
}

/**
 * Reads the last chain of a place whole: that no part is missing, the digest of each file, each line and each payload.
 * @throws BackupError that names the damaged file
 */
export async function verifyBackup(place: BackupPlace, { onProgress }: VerifyOptions = {}): Promise<VerifiedBackup> {
  const chain = await lastChain(place);
  const total = chain.parts.reduce((sum, { manifest }) => sum + manifest.counts.events, 0);
  const counts = { ...NO_COUNTS };
  for (const { manifest } of chain.parts) {
    const found = await verifyPart(place, manifest, (events) => onProgress?.(counts.events + events, total));
    for (const kind of ['events', 'payloads', 'lost'] as const) counts[kind] += found[kind];
    // Each part has all of them.
    counts.keys = found.keys;
    counts.apiKeys = found.apiKeys;
  }
  return { chain, to: chain.parts.at(-1)!.manifest.to, counts };
}

async function verifyPart(
  place: BackupPlace,
  manifest: Manifest,
  onEvents: (events: number) => void,
): Promise<TransferCounts> {
  const { file } = manifest;
  const digest = createHash('sha256');
  let bytes = 0;
  const measured = async function* () {
    for await (const piece of place.read(file)) {
      digest.update(piece);
      bytes += piece.length;
      yield piece;
    }
  };
  try {
    const { header, lines, counts } = await openExport(linesOf(measured()));
    for await (const { kind } of lines) if (kind === 'event') onEvents(counts.events);
    const isWhole = bytes === manifest.bytes && digest.digest('hex') === manifest.sha256;
    if (!isWhole || header.source !== manifest.source || counts.events !== manifest.counts.events) {
      throw new BackupError(`${file} is not the file that its manifest describes`);
    }
    return counts;
  } catch (error) {
    throw damaged(file, error);
  }
}

/**
 * Imports a verified backup into an empty log, part by part; after an interruption it continues.
 * @throws BackupError, TransferError if the log has events of its own; AppError UNAVAILABLE
 */
export async function restoreBackup(
  nc: LogConnection,
  place: BackupPlace,
  { chain, counts: { events: total } }: VerifiedBackup,
  { onProgress }: VerifyOptions = {},
): Promise<void> {
  await beginAt(nc, chain.parts[0]!.manifest.first);
  let done = 0;
  for (const { manifest } of chain.parts) {
    const lines = linesOf(place.read(manifest.file));
    await importLog(nc, lines, { onProgress: ({ events }) => onProgress?.(done + events, total) });
    done += manifest.counts.events;
  }
}

/** A log that continues a lost one begins above 1: an empty one then begins there, too, so that events keep their sequences. */
async function beginAt(nc: LogConnection, first: number): Promise<void> {
  const { messages, last } = await streamEnds(nc);
  if (messages > 0 || last >= first - 1) return;
  const manager = await jetstreamManager(nc, { checkAPI: false });
  // Where only the keeper may do this, the events get other sequences, in the same order.
  await manager.streams.purge(STREAM.events, { seq: first }).catch(() => undefined);
}

async function* linesOf(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const source = Readable.from(compressed);
  const text = source.pipe(createGunzip());
  // A pipe does not pass errors on.
  source.once('error', (error) => text.destroy(error));
  try {
    yield* splitLines(text as AsyncIterable<Uint8Array>);
  } finally {
    text.once('error', () => undefined);
    source.destroy();
    text.destroy();
  }
}

function damaged(file: string, error: unknown): unknown {
  if (error instanceof BackupError) return error;
  const isContent = error instanceof TransferError || ((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_');
  return isContent ? new BackupError(`${file} is damaged: ${(error as Error).message}`, { cause: error }) : error;
}
