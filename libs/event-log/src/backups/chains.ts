import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BackupError, type BackupPlace } from './place.ts';

/**
 * What a backup has written: a range of the log, in a file as `export-log` writes it. The first of a chain holds everything, each
 * later one what is new since the one before it.
 */
const manifestSchema = z.object({
  format: z.literal('opensync-backup'),
  version: z.literal(1),
  /** The version of OpenSync that wrote it. */
  product: z.string(),
  /** Names the log, as in `export-log`. */
  source: z.string(),
  /** When the chain began; its name. */
  chain: z.string().regex(/^\d{8}T\d{6}Z$/),
  /** From 1. */
  index: z.number().int().positive(),
  /** The first sequence of the log: above 1 if it continues a lost one. */
  first: z.number().int().positive(),
  /** Sequences of the log; `to` is `from` - 1 if there was no new event. */
  from: z.number().int().positive(),
  to: z.number().int().nonnegative(),
  /** Payloads that were stored up to this sequence of their stream are in the chain. */
  payloadsTo: z.number().int().nonnegative(),
  counts: z.object({ events: z.number(), payloads: z.number(), lost: z.number(), apiKeys: z.number() }),
  /** The file's name, size and SHA-256, hexadecimal. */
  file: z.string().regex(/^[\w-]+\.jsonl\.gz$/),
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** SHA-256 of the manifest before it; null for the first one. */
  previous: z.string().nullable(),
  createdAt: z.iso.datetime(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The manifests of one chain, in order, with the digest of each. */
export interface Chain {
  readonly name: string;
  readonly parts: readonly { readonly manifest: Manifest; readonly digest: string }[];
}

const MANIFEST = /^(\d{8}T\d{6}Z)-(\d{6})\.json$/;
const MANIFEST_BYTES = 64 * 1024;

export function nameOf(chain: string, index: number): string {
  return `${chain}-${String(index).padStart(6, '0')}`;
}

/** The chains of a place, the oldest first. @throws BackupError if one is damaged or incomplete */
export async function readChains(place: BackupPlace): Promise<Chain[]> {
  const names = (await place.list()).filter((name) => MANIFEST.test(name));
  const chains: Chain[] = [];
  for (const name of [...new Set(names.map((one) => MANIFEST.exec(one)![1]!))]) {
    chains.push(await readChain(place, name, names));
  }
  return chains;
}

/** The names of all files of a chain; a file without a manifest is what an interrupted backup left. */
export async function filesOf(place: BackupPlace, chain: string): Promise<string[]> {
  return (await place.list()).filter((name) => name.startsWith(`${chain}-`));
}

/** The last chain, the one that a restore takes. @throws BackupError if there is none, or it is damaged or incomplete */
export async function lastChain(place: BackupPlace): Promise<Chain> {
  const names = (await place.list()).filter((name) => MANIFEST.test(name));
  const last = names.at(-1);
  if (last === undefined) throw new BackupError(`there is no backup in ${place.label}`);
  return readChain(place, MANIFEST.exec(last)![1]!, names);
}

async function readChain(place: BackupPlace, chain: string, names: readonly string[]): Promise<Chain> {
  const own = names.filter((name) => name.startsWith(`${chain}-`));
  const parts: { manifest: Manifest; digest: string }[] = [];
  for (const [at, name] of own.entries()) {
    const text = await textOf(place, name);
    const manifest = parseManifest(name, text);
    const before = parts.at(-1);
    const follows =
      name === `${nameOf(chain, at + 1)}.json` &&
      manifest.chain === chain &&
      manifest.index === at + 1 &&
      manifest.previous === (before?.digest ?? null) &&
      manifest.from === (before ? before.manifest.to + 1 : 1) &&
      (!before || manifest.source === before.manifest.source);
    if (!follows)
      throw new BackupError(`${name} does not follow the part before it: a part is missing or was replaced`);
    parts.push({ manifest, digest: sha256(text) });
  }
  return { name: chain, parts };
}

async function textOf(place: BackupPlace, name: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of place.read(name)) {
    bytes += piece.length;
    if (bytes > MANIFEST_BYTES) throw new BackupError(`${name} is damaged`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parseManifest(name: string, text: string): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BackupError(`${name} is damaged, or a newer version wrote it`, { cause });
  }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
