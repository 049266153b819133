import type { QdrantClient, Schemas } from '@qdrant/js-client-rest';
import { StoreUnavailableError, UnfitServerError } from '../../description.ts';
import { answerOf, statusOf } from './errors.ts';
import { collectionSafe } from './ids.ts';
import { POSITION_ID } from './position.ts';
import type { VectorCollection } from '../port.ts';

export const COLLECTIONS: readonly VectorCollection[] = ['messages', 'sessions'];

/** The vector of a point. One with a name may be missing: a document without text has a point all the same. */
export const VECTOR = 'chunk';

/** `int8`: searched in memory with one byte per dimension, full vectors on disk. */
export type Quantization = 'none' | 'int8';

export interface QdrantCollectionsOptions {
  /** Prefix of the names of all collections. */
  readonly name: string;
  /** Vectors of different models must never be compared: each model has its own collections. */
  readonly model: string;
  readonly dimensions: number;
  /** Not set: as the collections are, and `none` for new ones. */
  readonly quantization?: Quantization | undefined;
}

/**
 * Every field that a filter names, because a server in strict mode refuses others. Only those that narrow a search get
 * edges in the graph of the vectors; servers before 1.17 make them for all.
 */
const INDEXES: Readonly<Record<string, Schemas['PayloadSchemaParams']>> = {
  // A tenant's points lie together, and `payload_m` gives it a graph of its own.
  owner: { type: 'keyword', is_tenant: true },
  // The workspace that a point is shared with; private ones have none. A second graph, of what its members share.
  sharedWith: { type: 'keyword' },
  source: { type: 'keyword' },
  model: { type: 'keyword' },
  project: { type: 'keyword' },
  createdAt: { type: 'integer', lookup: false, range: true },
  labels: { type: 'keyword' },
  ownLabels: { type: 'keyword' },
  session: { type: 'keyword', enable_hnsw: false },
  document: { type: 'keyword', enable_hnsw: false },
  position: { type: 'integer', enable_hnsw: false },
  version: { type: 'integer', lookup: false, range: true, enable_hnsw: false },
  firstSequence: { type: 'integer', lookup: false, range: true, enable_hnsw: false },
};

const INT8: Schemas['ScalarQuantization'] = { scalar: { type: 'int8', quantile: 0.99, always_ram: true } };

/**
 * The vectors of one model in generations: one collection each for messages and sessions, `<alias>-000001`,
 * `<alias>-000002` … side by side, of which the alias points to the one in use. A rebuild fills the next generation
 * and then moves both aliases at once.
 */
export class QdrantCollections {
  readonly #client: QdrantClient;
  readonly #options: QdrantCollectionsOptions;

  constructor(client: QdrantClient, options: QdrantCollectionsOptions) {
    this.#client = client;
    this.#options = options;
  }

  aliasOf(kind: VectorCollection): string {
    const { name, model, dimensions } = this.#options;
    return `${name}-${kind}-${collectionSafe(model)}-${dimensions}`;
  }

  collectionOf(kind: VectorCollection, generation: number): string {
    return `${this.aliasOf(kind)}-${String(generation).padStart(6, '0')}`;
  }

  /** The generation in use; undefined before the first. */
  async live(): Promise<number | undefined> {
    const { aliases } = await answerOf(() => this.#client.getAliases());
    const used = aliases.find(({ alias_name }) => alias_name === this.aliasOf('messages'));
    return used && this.#generationOf('messages', used.collection_name);
  }

  /** All generations that there are, oldest first. */
  async all(): Promise<number[]> {
    const { collections } = await answerOf(() => this.#client.getCollections());
    const generations = collections.flatMap(({ name }) =>
      COLLECTIONS.flatMap((kind) => this.#generationOf(kind, name) ?? []),
    );
    return [...new Set(generations)].sort((a, b) => a - b);
  }

  /**
   * Creates a generation's collections if they are missing, with their indexes, and checks them if they exist. The
   * position is stored among the messages. If only the sessions are missing, it is removed first, because it would
   * claim that the store is complete.
   * @throws UnfitServerError if the stored vectors have another length
   */
  async prepare(generation: number): Promise<void> {
    const [messages, sessions] = [this.collectionOf('messages', generation), this.collectionOf('sessions', generation)];
    if ((await this.#exists(messages)) && !(await this.#exists(sessions))) {
      await answerOf(() => this.#client.delete(messages, { wait: true, points: [POSITION_ID] }));
    }
    for (const collection of [messages, sessions]) await this.#prepare(collection);
  }

  /**
   * As `prepare`, for a key that may only read. @throws StoreUnavailableError if nobody has created the generation;
   * UnfitServerError
   */
  async find(generation: number): Promise<void> {
    for (const kind of COLLECTIONS) {
      const collection = this.collectionOf(kind, generation);
      if (!(await this.#exists(collection))) {
        const message =
          'the vectors store is unavailable: its collections do not exist yet; the projector creates them';
        throw new StoreUnavailableError('vectors', { message });
      }
      await this.#checked(collection);
    }
  }

  /** Makes a generation live in place of the previous one. The old one stays until it is dropped. */
  async use(generation: number): Promise<void> {
    const { aliases } = await answerOf(() => this.#client.getAliases());
    const exists = (alias: string) => aliases.some(({ alias_name }) => alias_name === alias);
    const actions = COLLECTIONS.flatMap((kind): Schemas['AliasOperations'][] => {
      const alias_name = this.aliasOf(kind);
      const create = { create_alias: { alias_name, collection_name: this.collectionOf(kind, generation) } };
      return exists(alias_name) ? [{ delete_alias: { alias_name } }, create] : [create];
    });
    await answerOf(() => this.#client.updateCollectionAliases({ actions }));
  }

  /** Removes a generation that is not in use. */
  async drop(generation: number): Promise<void> {
    if (generation === (await this.live())) throw new Error(`generation ${generation} of the vectors is in use`);
    for (const kind of COLLECTIONS) {
      await answerOf(() => this.#client.deleteCollection(this.collectionOf(kind, generation)));
    }
  }

  async #prepare(collection: string): Promise<void> {
    const { quantization } = this.#options;
    const exists = await this.#exists(collection);
    if (!exists) await this.#create(collection);
    const { config, payload_schema } = await this.#checked(collection);
    // Before there are many vectors: the graph is built for the indexes that there are.
    for (const [field_name, field_schema] of Object.entries(INDEXES)) {
      if (payload_schema[field_name]) continue;
      await answerOf(() => this.#client.createPayloadIndex(collection, { field_name, field_schema, wait: true }));
    }
    const current: Quantization = config.quantization_config ? 'int8' : 'none';
    if (exists && quantization && quantization !== current) {
      const int8 = quantization === 'int8';
      const update = {
        vectors: { [VECTOR]: { on_disk: int8 } },
        quantization_config: int8 ? INT8 : ('Disabled' as const),
      };
      await answerOf(() => this.#client.updateCollection(collection, update));
    }
  }

  /** @throws UnfitServerError if its vectors have another length */
  async #checked(collection: string) {
    const { dimensions } = this.#options;
    const { config, payload_schema } = await answerOf(() => this.#client.getCollection(collection));
    const stored = (config.params.vectors as Partial<Record<string, Schemas['VectorParams']>> | undefined)?.[VECTOR];
    if (stored?.size !== dimensions || stored.distance !== 'Cosine') {
      throw new UnfitServerError(
        `QDRANT_URL: the collection ${collection} stores vectors with ${stored?.size ?? 'unknown'} dimensions and ` +
          `${stored?.distance ?? 'unknown'} distance, but the embedding model needs ${dimensions} and Cosine; ` +
          'remove the collection, or set another model in OPENSYNC_EMBEDDING_MODEL and OPENSYNC_EMBEDDING_DIMENSIONS',
      );
    }
    return { config, payload_schema };
  }

  async #create(collection: string): Promise<void> {
    const { dimensions, quantization } = this.#options;
    const int8 = quantization === 'int8';
    try {
      await answerOf(() =>
        this.#client.createCollection(collection, {
          vectors: { [VECTOR]: { size: dimensions, distance: 'Cosine', on_disk: int8 } },
          // Every search names an owner or a workspace: a graph for each of them instead of one for all, see "Multitenancy" of its manual.
          hnsw_config: { m: 0, payload_m: 16 },
          ...(int8 && { quantization_config: INT8 }),
        }),
      );
    } catch (error) {
      // Another process was faster. Some versions answer 400 then, as they do to a wrong request.
      if (![400, 409].includes(statusOf(error) ?? 0) || !(await this.#exists(collection))) throw error;
    }
  }

  async #exists(collection: string): Promise<boolean> {
    return (await answerOf(() => this.#client.collectionExists(collection))).exists;
  }

  #generationOf(kind: VectorCollection, collection: string): number | undefined {
    const [, digits] = /-(\d{6,})$/.exec(collection) ?? [];
    return digits !== undefined && collection === `${this.aliasOf(kind)}-${digits}` ? Number(digits) : undefined;
  }
}
