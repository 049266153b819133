import type { Owner } from '@opensync/contracts';
import type { VectorDocument, VectorStore } from '@opensync/stores';

/**
 * The next generation of the vectors, which copies existing vectors from the live one: the same text is never
 * embedded twice.
 */
export function copyingVectors(next: VectorStore, live: VectorStore): VectorStore {
  return {
    ...methodsOf(next),
    async indexed(owner, ids, options) {
      const [stored, elsewhere] = [
        await next.indexed(owner, ids, options),
        await live.indexed(owner, ids, { hashes: options?.hashes ?? true }),
      ];
      const known = new Map(stored);
      for (const [id, document] of elsewhere) {
        const own = stored.get(id);
        // Nothing of it is stored here yet, whatever its version is there.
        known.set(id, {
          ...(own ?? { ...document, version: 0 }),
          hashes: [...(own?.hashes ?? []), ...document.hashes],
        });
      }
      return known;
    },
    async upsert(owner, documents) {
      return next.upsert(owner, await withCopies(owner, documents, live));
    },
  };
}

/** A store's methods; an adapter may be an instance of a class, which cannot be spread. */
function methodsOf(store: VectorStore): VectorStore {
  return {
    upsert: (owner, documents) => store.upsert(owner, documents),
    indexed: (owner, ids, options) => store.indexed(owner, ids, options),
    search: (owner, query) => store.search(owner, query),
    remove: (owner, sessionIds) => store.remove(owner, sessionIds),
    hasBefore: (...asked) => store.hasBefore(...asked),
    describe: () => store.describe(),
    position: () => store.position(),
    setPosition: (next, before) => store.setPosition(next, before),
    close: () => store.close(),
  };
}

/** Leaves out vectors that neither store has now: the target rejects them as unavailable, and the caller asks again. */
async function withCopies(
  owner: Owner,
  documents: readonly VectorDocument[],
  live: VectorStore,
): Promise<readonly VectorDocument[]> {
  const incomplete = documents.filter(({ chunks }) => chunks.some(({ vector }) => !vector)).map(({ id }) => id);
  if (incomplete.length === 0) return documents;
  const stored = await live.indexed(owner, incomplete, { vectors: true });
  return documents.map((document) => {
    const source = stored.get(document.id);
    if (!source?.vectors) return document;
    const byHash = new Map(source.hashes.map((hash, position) => [hash, source.vectors![position]!]));
    return {
      ...document,
      chunks: document.chunks.map(({ hash, vector }) => {
        const known = vector ?? byHash.get(hash);
        return known ? { hash, vector: known } : { hash };
      }),
    };
  });
}
