import { ownerKey, type Owner } from '@opensync/contracts';
import type { Schemas } from '@qdrant/js-client-rest';
import { StoreUnavailableError, type StoreDescription } from '../../description.ts';
import type { Positioned } from '../../position/port.ts';
import { writeApart } from '../../refusals.ts';
import { COLLECTIONS, QdrantCollections, VECTOR, type QdrantCollectionsOptions } from './collections.ts';
import { checkServer, locationOf, qdrantClient, SEARCH_TIMEOUT_MS, type QdrantServer } from './connection.ts';
import { checkAll, checkDimensions, checkNumbers } from '../dimensions.ts';
import { answerOf, openingError, statusOf } from './errors.ts';
import { readDocuments, type PointSource } from './points.ts';
import { qdrantPosition } from './position.ts';
import { searchSessions } from './search.ts';
import { writeDocuments } from './writes.ts';
import type { VectorCollection, VectorStore } from '../port.ts';

export interface QdrantVectors extends QdrantServer, Omit<QdrantCollectionsOptions, 'name'> {
  /** Prefix of the names of all collections; default `opensync`. */
  readonly name?: string | undefined;
  /** The key may only read: collections are created by others. */
  readonly isReader?: boolean | undefined;
  /** Works on this generation, created if it is missing, instead of the live one. */
  readonly generation?: number | undefined;
}

const SESSIONS_PER_REQUEST = 500;
/** How often vectors of sessions that are being removed may be written meanwhile. */
const REMOVAL_ROUNDS = 10;

/** The generations of a model's collections, to switch and drop. @throws ConfigError */
export function qdrantCollections({ name = 'opensync', ...options }: QdrantVectors): QdrantCollections {
  return new QdrantCollections(qdrantClient(options), { ...options, name });
}

/** Removes a generation that nobody has open. @throws ConfigError, StoreUnavailableError */
export async function dropQdrantGeneration(options: QdrantVectors & { readonly generation: number }): Promise<void> {
  await qdrantCollections(options).drop(options.generation);
}

/**
 * Vectors in Qdrant, 1.16 or later. Creates the first collections if there are none.
 * @throws UnfitServerError naming the setting that is wrong; StoreUnavailableError while the server does not answer
 */
export async function openQdrantVectors(options: QdrantVectors): Promise<VectorStore> {
  const { generation, name = 'opensync', dimensions } = options;
  const client = qdrantClient(options);
  const location = locationOf(options.url);
  const collections = new QdrantCollections(client, { ...options, name });
  try {
    const version = await checkServer(client, location);
    const live = generation ?? (await collections.live());
    if (options.isReader) await collections.find(live ?? 1);
    else await collections.prepare(live ?? 1);
    if (live === undefined && !options.isReader) await collections.use(1);
    const collectionOf = (kind: VectorCollection) =>
      generation === undefined ? collections.aliasOf(kind) : collections.collectionOf(kind, generation);
    const searchClient = qdrantClient(options, SEARCH_TIMEOUT_MS);
    const points = { client, searchClient, collectionOf, dimensions };
    return refusingIfGone(new QdrantVectorStore(points, { version, location }));
  } catch (error) {
    throw openingError(error, location);
  }
}

class QdrantVectorStore implements VectorStore {
  readonly #points: PointSource;
  readonly #server: { readonly version: string; readonly location: string };
  readonly position: Positioned['position'];
  readonly setPosition: Positioned['setPosition'];

  constructor(points: PointSource, server: { readonly version: string; readonly location: string }) {
    this.#points = points;
    this.#server = server;
    ({ position: this.position, setPosition: this.setPosition } = qdrantPosition(points));
  }

  upsert: VectorStore['upsert'] = async (owner, documents) => {
    checkAll(documents, this.#points.dimensions);
    return writeApart(documents, async (some) => {
      checkNumbers(some);
      await writeDocuments(this.#points, owner, some);
    });
  };

  indexed: VectorStore['indexed'] = (owner, ids, { hashes = true, vectors = false } = {}) =>
    readDocuments(this.#points, owner, ids, { chunks: hashes || vectors, vectors });

  search: VectorStore['search'] = async (reader, query) => {
    checkDimensions(query.vector, this.#points.dimensions);
    return searchSessions(this.#points, reader, query);
  };

  remove: VectorStore['remove'] = async (owner, sessionIds) => {
    let removed = 0;
    for (let at = 0; at < sessionIds.length; at += SESSIONS_PER_REQUEST) {
      const group = sessionIds.slice(at, at + SESSIONS_PER_REQUEST);
      for (const kind of COLLECTIONS) removed += await this.#removeSessions(kind, owner, group);
    }
    return removed;
  };

  hasBefore: VectorStore['hasBefore'] = async (owner, sessionId, sequence, { unknown = true } = {}) => {
    const { client, collectionOf } = this.#points;
    const ofSession = [
      { key: 'owner', match: { value: ownerKey(owner) } },
      { key: 'session', match: { value: sessionId } },
    ];
    const filter: Schemas['Filter'] = unknown
      ? // Points of earlier versions do not have the field, or 0 in it.
        { must: ofSession, must_not: [{ key: 'firstSequence', range: { gte: sequence } }] }
      : { must: [...ofSession, { key: 'firstSequence', range: { gte: 1, lt: sequence } }] };
    for (const kind of COLLECTIONS) {
      const request = { filter, limit: 1, with_payload: false, with_vector: false };
      const { points } = await answerOf(() => client.scroll(collectionOf(kind), request));
      if (points.length > 0) return true;
    }
    return false;
  };

  describe = async (): Promise<StoreDescription> => {
    const { client, collectionOf } = this.#points;
    const [messages, sessions, status] = await Promise.all([
      this.#count('messages', HEADS),
      this.#count('sessions', HEADS),
      answerOf(() => client.getCollection(collectionOf('messages'))).then((collection) => collection.status),
    ]);
    if (status === 'red')
      throw new StoreUnavailableError('vectors', { cause: new Error('the status of the collection is red') });
    const chunks = await Promise.all(COLLECTIONS.map((kind) => this.#count(kind, SEARCHED)));
    const { version, location } = this.#server;
    return {
      engine: `Qdrant ${version}`,
      location: `${location}/collections/${collectionOf('messages')}`,
      counts: { sessions, messages, chunks: chunks.reduce((sum, count) => sum + count, 0) },
    };
  };

  /** The client closes idle connections by itself. */
  close = (): Promise<void> => Promise.resolve();

  /** Deletes and counts repeatedly until nothing is left, so that points written meanwhile are removed as well. */
  async #removeSessions(kind: VectorCollection, owner: Owner, sessionIds: readonly string[]): Promise<number> {
    const { client, collectionOf } = this.#points;
    const must: Schemas['Condition'][] = [
      { key: 'owner', match: { value: ownerKey(owner) } },
      { key: 'session', match: { any: [...sessionIds] } },
    ];
    let removed = 0;
    for (let round = 0; round < REMOVAL_ROUNDS; round += 1) {
      if ((await this.#count(kind, must)) === 0) return removed;
      removed += await this.#count(kind, [...must, ...HEADS]);
      await answerOf(() => client.delete(collectionOf(kind), { wait: true, filter: { must } }));
    }
    throw new StoreUnavailableError('vectors', {
      cause: new Error('sessions are being written while they are being removed'),
    });
  }

  async #count(kind: VectorCollection, must: readonly Schemas['Condition'][]): Promise<number> {
    const { client, collectionOf } = this.#points;
    const { count } = await answerOf(() =>
      client.count(collectionOf(kind), { filter: { must: [...must] }, exact: true }),
    );
    return count;
  }
}

/** The point that stands for its document. */
const HEADS: readonly Schemas['Condition'][] = [{ key: 'position', match: { value: 0 } }];
const SEARCHED: readonly Schemas['Condition'][] = [{ has_vector: VECTOR }];

/**
 * Rejects every operation while a collection is missing. Collections are created only when a generation is opened,
 * after which its position is compared with the log: an empty one created in passing would look as if all were well.
 */
function refusingIfGone(store: VectorStore): VectorStore {
  const guard =
    <Arguments extends readonly unknown[], Result>(operation: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments) => {
      try {
        return await operation(...args);
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
        const message =
          'the vectors store is unavailable: one of its collections is missing; rebuild it with: opensync rebuild vectors';
        throw new StoreUnavailableError('vectors', { message, cause: error });
      }
    };
  return {
    upsert: guard(store.upsert),
    indexed: guard(store.indexed),
    search: guard(store.search),
    remove: guard(store.remove),
    hasBefore: guard(store.hasBefore),
    describe: guard(store.describe),
    position: guard(store.position),
    setPosition: guard(store.setPosition),
    close: store.close,
  };
}
