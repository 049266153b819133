import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { VERSION } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import { streamEnds } from '../read/replay.ts';
import { STREAM } from '../topology/names.ts';
import { exportLog, sourceOf } from '../transfer/export-log.ts';
import { NO_COUNTS, type TransferCounts } from '../transfer/lines.ts';
import { filesOf, nameOf, readChains, type Chain, type Manifest } from './chains.ts';
import { BackupError, type BackupPlace } from './place.ts';
import { recordBackup } from './records.ts';

export interface BackupOptions {
  /** Begins a new chain, which holds everything. */
  readonly full?: boolean;
  /** Age of the last chain, in days, at which a new one begins by itself; default 7. */
  readonly fullEveryDays?: number;
  /** Chains are removed that only restore states older than this, in days; not set: none. The last one stays. */
  readonly keepDays?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly onProgress?: (counts: Readonly<TransferCounts>, total: number) => void;
}

export interface BackupReport extends Manifest {
  /** Names of chains that were removed. */
  readonly removed: readonly string[];
}

const DAY_MS = 86_400_000;
const FULL_EVERY_DAYS = 7;

/**
 * Writes what the place does not have yet: a range of events, their payloads, and all API keys (as hashes). The manifest comes last:
 * without it a part does not count. @throws BackupError; AppError UNAVAILABLE
 */
export async function makeBackup(
  nc: LogConnection,
  place: BackupPlace,
  { full = false, fullEveryDays = FULL_EVERY_DAYS, keepDays, now, onProgress }: BackupOptions,
): Promise<BackupReport> {
  const source = await sourceOf(nc);
  const chains = full ? await readableChains(place) : await readChains(place);
  // First the events: what they refer to was stored before them.
  const { first, last: to } = await streamEnds(nc);
  const { last: payloadsTo } = await streamEnds(nc, STREAM.payloads);
  const before = full
    ? undefined
    : continued(chains.at(-1), { source, to, payloadsTo, since: now - fullEveryDays * DAY_MS });
  const chain = before?.manifest.chain ?? chainName(now);
  const index = (before?.manifest.index ?? 0) + 1;
  const name = nameOf(chain, index);
  await removeLeftover(place, name);
  let counts: TransferCounts = { ...NO_COUNTS };
  const lines = exportLog(nc, {
    to,
    ...(before && { from: before.manifest.to + 1, payloadsFrom: before.manifest.payloadsTo + 1 }),
    onProgress: (soFar, total) => {
      counts = { ...soFar };
      onProgress?.(soFar, total);
    },
  });
  const file = `${name}.jsonl.gz`;
  const digest = createHash('sha256');
  let bytes = 0;
  await place.write(
    file,
    (async function* () {
      const text = Readable.from(lines);
      const compressed = text.pipe(createGzip());
      // A pipe does not pass errors on.
      text.once('error', (error) => compressed.destroy(error));
      for await (const piece of compressed as AsyncIterable<Uint8Array>) {
        digest.update(piece);
        bytes += piece.length;
        yield piece;
      }
    })(),
  );
  const { events, payloads, lost, apiKeys } = counts;
  const manifest: Manifest = {
    format: 'opensync-backup',
    version: 1,
    product: VERSION,
    ...{ source, chain, index },
    first,
    from: (before?.manifest.to ?? 0) + 1,
    ...{ to, payloadsTo, counts: { events, payloads, lost, apiKeys } },
    ...{ file, bytes, sha256: digest.digest('hex') },
    previous: before?.digest ?? null,
    createdAt: new Date(now).toISOString(),
  };
  await place.write(`${name}.json`, Readable.from([Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)]));
  const { sha256 } = manifest;
  await recordBackup(nc, { at: now, place: place.label, to, file, bytes, events, sha256, lost });
  const removed =
    keepDays === undefined ? [] : await prune(place, chains, { before: now - keepDays * DAY_MS, keep: chain });
  return { ...manifest, removed };
}

/** The last part of a chain that can be continued: of this log, which has not lost events since, and not too old. */
function continued(
  chain: Chain | undefined,
  { source, to, payloadsTo, since }: { source: string; to: number; payloadsTo: number; since: number },
): Chain['parts'][number] | undefined {
  const last = chain?.parts.at(-1);
  if (!chain || !last || Date.parse(chain.parts[0]!.manifest.createdAt) <= since) return undefined;
  const { manifest } = last;
  const isSame = manifest.source === source && manifest.to <= to && manifest.payloadsTo <= payloadsTo;
  return isSame ? last : undefined;
}

/** What an interrupted backup left; without a manifest it counts for nothing. */
async function removeLeftover(place: BackupPlace, name: string): Promise<void> {
  const names = await place.list();
  if (names.includes(`${name}.json`)) {
    throw new BackupError(`${name}.json exists already: another backup has just been made; repeat the command`);
  }
  if (names.includes(`${name}.jsonl.gz`)) await place.remove(`${name}.jsonl.gz`);
}

/** A new chain can begin beside a damaged one; nothing is removed then. */
async function readableChains(place: BackupPlace): Promise<Chain[]> {
  return readChains(place).catch((error: unknown) => {
    if (error instanceof BackupError) return [];
    throw error;
  });
}

/** A chain is needed for states between its beginning and that of the next one. */
async function prune(
  place: BackupPlace,
  chains: readonly Chain[],
  { before, keep }: { before: number; keep: string },
): Promise<string[]> {
  const begins = (chain: Chain | undefined) => Date.parse(chain?.parts[0]?.manifest.createdAt ?? '') || Infinity;
  const old = chains.filter(
    (chain, at) => chain.name !== keep && at < chains.length - 1 && begins(chains[at + 1]) < before,
  );
  for (const { name } of old) {
    // From its end, each manifest before its file: an interrupted removal leaves a shorter chain that is valid.
    for (const file of (await filesOf(place, name)).sort(byPart)) await place.remove(file);
  }
  return old.map(({ name }) => name);
}

function byPart(a: string, b: string): number {
  const [partA, partB] = [a, b].map((file) => file.split('.')[0]!);
  return partA === partB ? Number(a.endsWith('.gz')) - Number(b.endsWith('.gz')) : partA! < partB! ? 1 : -1;
}

function chainName(now: number): string {
  return new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
