import { join } from 'node:path';
import { AppError } from '@opensync/platform';
import { workerEntry } from '@opensync/platform/node';
import { inTime } from '../../overdue.ts';
import { writeApart } from '../../refusals.ts';
import { SqliteDatabase } from '../../sqlite/index.ts';
import { checkAll, checkDimensions, checkNumbers } from '../dimensions.ts';
import type { VectorDocument, VectorStore } from '../port.ts';
import type { FlatDocument, VectorDatabase } from './worker.ts';

export interface SqliteVectors {
  readonly folder: string;
  /** Vectors of two models must never be compared: each has a file of its own. */
  readonly model: string;
  readonly dimensions: number;
  /** Of several made of the same documents; the first one, without this, is 1. */
  readonly generation?: number;
}

/** The file of a generation. */
export function vectorsFile({ folder, model, dimensions, generation = 1 }: SqliteVectors): string {
  return join(
    folder,
    `vectors-${encodeURIComponent(model)}-${dimensions}${generation === 1 ? '' : `-${generation}`}.db`,
  );
}

/**
 * Vectors in a SQLite file of the folder, which is created if it does not exist.
 * @throws StoreUnavailableError if the file cannot be opened
 */
export async function openSqliteVectors(vectors: SqliteVectors): Promise<VectorStore> {
  const { dimensions } = vectors;
  const file = vectorsFile(vectors);
  const entry = workerEntry(import.meta.url, 'worker');
  const database = await SqliteDatabase.open<VectorDatabase>({ store: 'vectors', entry, file });
  return {
    async upsert(owner, documents) {
      checkAll(documents, dimensions);
      const missing: string[] = [];
      const refused = await writeApart(documents, async (some) => {
        checkNumbers(some);
        missing.push(...(await database.write('upsert', { owner, ...flatten(some, dimensions), dimensions })));
      });
      if (missing.length === 0) return refused;
      // Another writer replaced the chunks between `indexed` and this. Asking again tells which to embed.
      throw new AppError('UNAVAILABLE', `vectors that should be kept are no longer stored, for: ${missing.join(', ')}`);
    },

    async indexed(owner, ids, { hashes: withHashes = true, vectors: withVectors = false } = {}) {
      const stored = await database.lookUp('indexed', { owner, ids, withHashes, withVectors });
      return new Map(stored.map(({ id, ...document }) => [id, document]));
    },

    async search(reader, query) {
      checkDimensions(query.vector, dimensions);
      return inTime(query.until, () => database.read('search', { reader, ...query }), 'vectors');
    },

    remove: (owner, sessionIds) => database.write('remove', { owner, sessionIds }),

    hasBefore: (owner, sessionId, sequence, { unknown = true } = {}) =>
      database.read('hasBefore', { owner, sessionId, sequence, from: unknown ? 0 : 1 }),

    async describe() {
      const { sqlite, vec, ...counts } = await database.read('counts', undefined);
      return { engine: `SQLite ${sqlite} with sqlite-vec ${vec} (embedded)`, location: file, counts };
    },

    ...database.positioned(),
    close: () => database.close(),
  };
}

/** All new vectors in one array, which crosses threads at the speed of a copy. */
function flatten(documents: readonly VectorDocument[], dimensions: number) {
  const all = documents.flatMap(({ chunks }) => chunks.flatMap(({ vector }) => vector ?? []));
  const values = new Float32Array(all.length * dimensions);
  for (const [index, vector] of all.entries()) {
    values.set(vector, index * dimensions);
  }
  let next = 0;
  const flat = documents.map(({ chunks, ...document }): FlatDocument => ({
    ...document,
    hashes: chunks.map(({ hash }) => hash),
    vectors: chunks.map(({ vector }) => (vector ? next++ : undefined)),
  }));
  return { documents: flat, values };
}
