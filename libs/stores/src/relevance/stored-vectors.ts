import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Beside the sources, for the compiled module too. */
const FOLDER = new URL('../../src/relevance/vectors/', import.meta.url);
const KEY_BYTES = 8;
const SCALE_BYTES = 4;
const LEVELS = 127;

/**
 * Vectors of the suite's texts, so that a test needs no model: rows of a key, a scale and one byte for each dimension,
 * which moves a cosine by less than 0.001.
 */
export interface StoredVectors {
  get(role: string, text: string): Float32Array | undefined;
  set(role: string, text: string, vector: Float32Array): void;
  /** Writes those that were asked for or set since it was opened, and no others. */
  write(): void;
}

/** @param cache a file for further vectors, which are then written there and not beside the corpus */
export function openStoredVectors(
  { name, dimensions }: { readonly name: string; readonly dimensions: number },
  cache?: string,
): StoredVectors {
  const stored = fileURLToPath(new URL(`${name}.bin`, FOLDER));
  const rows = new Map(
    [stored, ...(cache === undefined ? [] : [cache])].flatMap((file) => [...rowsOf(file, dimensions)]),
  );
  const used = new Set<string>();
  return {
    get(role, text) {
      const key = keyOf(role, text);
      const row = rows.get(key);
      if (!row) return undefined;
      used.add(key);
      return unpacked(row);
    },
    set(role, text, vector) {
      const key = keyOf(role, text);
      rows.set(key, packed(vector));
      used.add(key);
    },
    write() {
      const kept = [...used].sort().flatMap((key) => [Buffer.from(key, 'hex'), rows.get(key)!]);
      writeFileSync(cache ?? stored, Buffer.concat(kept));
    },
  };
}

function rowsOf(file: string, dimensions: number): ReadonlyMap<string, Buffer> {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const rowBytes = KEY_BYTES + SCALE_BYTES + dimensions;
  if (bytes.length % rowBytes !== 0) throw new Error(`${file} has no rows of ${dimensions} dimensions`);
  const rows = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; at += rowBytes) {
    rows.set(bytes.toString('hex', at, at + KEY_BYTES), bytes.subarray(at + KEY_BYTES, at + rowBytes));
  }
  return rows;
}

function keyOf(role: string, text: string): string {
  return createHash('sha256').update(`${role}\n${text}`).digest().toString('hex', 0, KEY_BYTES);
}

function packed(vector: Float32Array): Buffer {
  const scale = Math.max(...vector.map(Math.abs)) / LEVELS;
  const row = Buffer.alloc(SCALE_BYTES + vector.length);
  row.writeFloatLE(scale, 0);
  for (const [at, value] of vector.entries()) row.writeInt8(Math.round(value / scale), SCALE_BYTES + at);
  return row;
}

/** Of unit length again. */
function unpacked(row: Buffer): Float32Array {
  const vector = Float32Array.from({ length: row.length - SCALE_BYTES }, (_, at) => row.readInt8(SCALE_BYTES + at));
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
