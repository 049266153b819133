import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { changeSubject, type DocumentChanges, type Owner } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { PayloadLostError } from '@opensync/event-log/payloads';
import {
  openSqliteDocuments,
  openSqliteSearch,
  openSqliteVectors,
  parseQuery,
  type DocumentStore,
  type SearchStore,
  type VectorStore,
} from '@opensync/stores';
import { temporaryFolder } from '@opensync/testkit';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { indexChanges } from '../indexing/changed-documents.ts';
import type { DocumentIndex } from '../indexing/document-index.ts';
import { searchIndex } from '../indexing/search-index.ts';
import { vectorIndex } from '../indexing/vector-index.ts';
import { raw, noHistory } from './deliveries.ts';

const DIMENSIONS = 8;

/** Words hashed into a few dimensions. */
function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const word of text.toLowerCase().match(/\w+/g) ?? []) {
    vector[createHash('sha256').update(word).digest()[0]! % DIMENSIONS]! += 1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

/** The documents projection and both indexers over new SQLite files. */
export interface Indexing {
  readonly documents: DocumentStore;
  readonly search: SearchStore;
  readonly vectors: VectorStore;
  /** What lies in the payload store, by SHA-256. */
  readonly stored: Map<string, string>;
  readonly indexes: { readonly search: DocumentIndex; readonly vectors: DocumentIndex };
  /** Projects events; the batch of changes that announces them goes to the indexer. */
  apply(events: readonly Delivery[]): Promise<Delivery[]>;
  /** Gives the changes to both indexers. */
  index(changes: readonly Delivery[]): Promise<void>;
  /** The sessions that a query finds. */
  find(owner: Owner, query: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function openIndexing(): Promise<Indexing> {
  const folder = await temporaryFolder();
  const documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
  const search = await openSqliteSearch(join(folder.path, 'search.db'));
  const vectors = await openSqliteVectors({ folder: folder.path, model: 'fake', dimensions: DIMENSIONS });
  const stored = new Map<string, string>();
  const payloads = {
    text: async (_owner: Owner, { sha256 }: { sha256: string }) => {
      const content = stored.get(sha256);
      if (content === undefined) throw new PayloadLostError(sha256, 'missing');
      return content;
    },
  };
  const embed = async (texts: readonly string[]) => texts.map(vectorOf);
  const indexes = { search: searchIndex(search, payloads), vectors: vectorIndex({ vectors, payloads, embed }) };
  return {
    documents,
    search,
    vectors,
    stored,
    indexes,

    async apply(events) {
      const changes: Delivery[] = [];
      const publishChanges = async (owner: Owner, changed: DocumentChanges) => {
        const { removed, ...named } = changed;
        // A message of its own, and the first one, as CHANGES has it.
        for (const body of [...(removed ? [{ removed }] : []), named]) {
          changes.push(raw(changeSubject(owner), changes.length + 1, JSON.stringify(body)));
        }
      };
      await new DocumentsProjection({ history: noHistory, documents, publishChanges }).apply(events);
      return changes;
    },

    async index(changes) {
      for (const index of Object.values(indexes)) await indexChanges(changes, documents, index);
    },

    find: async (owner, query) =>
      (await search.search(owner, { parsed: parseQuery(query), filter: {}, limit: 10 })).map((hit) => hit.sessionId),

    async close() {
      await Promise.all([documents.close(), search.close(), vectors.close()]);
      await folder.remove();
    },
  };
}
