import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EMBEDDING_SETTINGS, embeddingModelOf, vectorSpaceOf, type Settings } from '@opensync/platform';
import type { StoreName } from './description.ts';
import type { DocumentStore } from './documents/port.ts';
import { openSqliteDocuments } from './documents/sqlite/store.ts';
import { markedDocuments } from './life/marked-documents.ts';
import { withoutCredentials } from './location.ts';
import { openSqliteSearch } from './search/fts5/store.ts';
import type { SearchStore } from './search/port.ts';
import type { VectorStore } from './vectors/port.ts';
import { openSqliteVectors, vectorsFile } from './vectors/sqlite-vec/store.ts';

export interface Stores {
  readonly documents: DocumentStore;
  readonly search: SearchStore;
  readonly vectors: VectorStore;
}

/** The setting with the URL of a store's server; if it is not set, the store is embedded. */
export const STORE_URL = {
  documents: 'MONGODB_URL',
  search: 'ELASTICSEARCH_URL',
  vectors: 'QDRANT_URL',
} as const satisfies Record<StoreName, keyof Settings>;

/** The settings that choose each store and its location. */
export const STORE_SETTINGS = {
  documents: ['MONGODB_URL', 'OPENSYNC_DATA_DIR'],
  search: ['ELASTICSEARCH_URL', 'ELASTICSEARCH_API_KEY', 'OPENSYNC_STORE_PREFIX', 'OPENSYNC_DATA_DIR'],
  vectors: [
    'QDRANT_URL',
    'QDRANT_API_KEY',
    'QDRANT_QUANTIZATION',
    'OPENSYNC_STORE_PREFIX',
    'OPENSYNC_DATA_DIR',
    ...EMBEDDING_SETTINGS,
  ],
} as const satisfies Record<StoreName, (keyof Settings)[]>;

/** The settings of these stores, of all if none are named. */
export type StoreSettings<Name extends StoreName = StoreName> = Pick<
  Settings,
  (typeof STORE_SETTINGS)[Name][number] | 'OPENSYNC_DATA_DIR'
>;

/** What a process does with a store. */
export interface StoreAccess {
  /**
   * It only reads, with a user that may do nothing else: a server's collections and indexes are created by others.
   * Default false.
   */
  readonly isReader?: boolean | undefined;
}

/** One generation of a store, at the location of the settings. */
export interface Adapter<Store> {
  /** Its location, without credentials; not set: embedded, in the data folder. */
  readonly server?: string;
  readonly open: (access?: StoreAccess) => Promise<Store>;
  /** Marks the live generation for other tools, if the server has a name for it. */
  readonly use?: () => Promise<void>;
  /** Removes the generation with all its contents, if it exists. */
  readonly drop: () => Promise<void>;
}

export const FIRST_GENERATION = 1;

/** One generation of the store, on the server of its URL or embedded: the only place that decides this. */
export function adapterOf<Name extends StoreName>(
  name: Name,
  settings: StoreSettings<Name>,
  generation: number,
): Adapter<Stores[Name]> {
  return ADAPTERS[name](settings, generation);
}

/** Server clients are loaded on first use: together they cost a second and 100 MB. */
const ADAPTERS: {
  readonly [Name in StoreName]: (settings: StoreSettings<Name>, generation: number) => Adapter<Stores[Name]>;
} = {
  documents: (settings, generation) => {
    const { MONGODB_URL: url } = settings;
    if (url !== undefined) {
      const mongodb = () => import('./documents/mongodb/store.ts');
      return {
        server: withoutCredentials(url),
        open: async ({ isReader } = {}) =>
          markedDocuments(await (await mongodb()).openMongoDocuments({ url, generation, isReader }), generation),
        drop: async () => (await mongodb()).dropMongoGeneration({ url, generation }),
      };
    }
    const file = generationFile(settings, 'documents', generation);
    return {
      open: async () => markedDocuments(await openSqliteDocuments(file), generation),
      drop: () => removeDatabase(file),
    };
  },

  search: (settings, generation) => {
    const { ELASTICSEARCH_URL: url, ELASTICSEARCH_API_KEY: apiKey, OPENSYNC_STORE_PREFIX: prefix } = settings;
    if (url !== undefined) {
      const elasticsearch = () => import('./search/elasticsearch/store.ts');
      const index = { url, apiKey, name: `${prefix}-search`, generation };
      return {
        server: withoutCredentials(url),
        open: async ({ isReader } = {}) => (await elasticsearch()).openElasticsearchSearch({ ...index, isReader }),
        use: async () => (await elasticsearch()).useElasticsearchGeneration(index),
        drop: async () => (await elasticsearch()).dropElasticsearchGeneration(index),
      };
    }
    const file = generationFile(settings, 'search', generation);
    return { open: () => openSqliteSearch(file), drop: () => removeDatabase(file) };
  },

  vectors: (settings, generation) => {
    const embedding = embeddingModelOf(settings);
    const { dimensions } = embedding;
    const model = vectorSpaceOf(embedding);
    const { QDRANT_URL: url, QDRANT_API_KEY: apiKey, QDRANT_QUANTIZATION: quantization } = settings;
    if (url !== undefined) {
      const qdrant = () => import('./vectors/qdrant/store.ts');
      const collections = {
        url,
        apiKey,
        quantization,
        name: settings.OPENSYNC_STORE_PREFIX,
        model,
        dimensions,
        generation,
      };
      return {
        server: withoutCredentials(url),
        open: async ({ isReader } = {}) => (await qdrant()).openQdrantVectors({ ...collections, isReader }),
        use: async () => (await qdrant()).qdrantCollections(collections).use(generation),
        drop: async () => (await qdrant()).dropQdrantGeneration(collections),
      };
    }
    const vectors = { folder: settings.OPENSYNC_DATA_DIR, model, dimensions, generation };
    return {
      open: () => openSqliteVectors(vectors),
      drop: () => removeDatabase(vectorsFile(vectors)),
    };
  },
};

function generationFile(
  { OPENSYNC_DATA_DIR: folder }: Pick<Settings, 'OPENSYNC_DATA_DIR'>,
  name: string,
  generation: number,
): string {
  return join(folder, generation === FIRST_GENERATION ? `${name}.db` : `${name}-${generation}.db`);
}

async function removeDatabase(file: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
}
