import { ownerKey, type Owner } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { Schemas } from '@qdrant/js-client-rest';
import pMap from 'p-map';
import { z } from 'zod';
import { COLLECTIONS } from './collections.ts';
import { answerOf } from './errors.ts';
import { pointId } from './ids.ts';
import {
  headPoint,
  readDocuments,
  retrieve,
  tailPoints,
  type Point,
  type PointSource,
  type WholeDocument,
} from './points.ts';
import type { IndexedVectorDocument, VectorCollection, VectorDocument } from '../port.ts';

/** Chunks in memory at once, each with its vector; a longer document goes alone. */
const CHUNKS_PER_GROUP = 256;
/** Every stored point is compared with the versions of its request. */
const POINTS_PER_REQUEST = 64;
/** Numbers in one request, which is made as JSON on the event loop: about ten milliseconds of it. */
const NUMBERS_PER_REQUEST = 65_536;
/** The server works on one request while the next one is made. */
const REQUESTS_AT_ONCE = 2;
/** Chunks are written in order, so that an interrupted write leaves no gap: see removeLeftovers. */
const IN_ORDER = 1;

/**
 * Replaces the chunks of each document unless a newer version is stored, searchable when it resolves.
 * A point is replaced only by one of its own or a later version (`update_filter`, which the server applies to
 * existing points). Nothing spans points, so the order does the rest: first a document's other chunks, then the one
 * at position 0, which has their number; surplus ones are removed last. An interrupted writer is repeated; one that
 * was overtaken in between notices it at the end and removes its leftovers.
 * @throws AppError UNAVAILABLE if a vector to keep is not stored; all other documents are written then
 */
export async function writeDocuments(
  points: PointSource,
  owner: Owner,
  documents: readonly VectorDocument[],
): Promise<void> {
  const lost: string[] = [];
  for (const group of inGroups(newest(documents))) {
    const { whole, incomplete } = await complete(points, owner, group);
    lost.push(...incomplete);
    for (const kind of COLLECTIONS) {
      const ofKind = whole.filter(({ collection }) => collection === kind);
      if (ofKind.length > 0) await writeGroup(points, owner, kind, ofKind);
    }
  }
  if (lost.length === 0) return;
  // Another writer replaced the chunks between `indexed` and this. Asking again tells which to embed.
  throw new AppError('UNAVAILABLE', `vectors that should be kept are no longer stored, for: ${lost.join(', ')}`);
}

/** Of several versions of a document the newest, of equal ones the last. */
function newest(documents: readonly VectorDocument[]): VectorDocument[] {
  const byId = new Map<string, VectorDocument>();
  for (const document of documents) {
    const other = byId.get(document.id);
    if (!other || other.version <= document.version) byId.set(document.id, document);
  }
  return [...byId.values()];
}

function* inGroups(documents: readonly VectorDocument[]): Generator<VectorDocument[]> {
  let group: VectorDocument[] = [];
  let chunks = 0;
  for (const document of documents) {
    const size = Math.max(1, document.chunks.length);
    if (group.length > 0 && chunks + size > CHUNKS_PER_GROUP) {
      yield group;
      group = [];
      chunks = 0;
    }
    group.push(document);
    chunks += size;
  }
  if (group.length > 0) yield group;
}

/**
 * The documents with the vectors that they keep. Complete points are written again (a payload alone could end up on a
 * point that another writer has just given another vector).
 */
async function complete(points: PointSource, owner: Owner, documents: readonly VectorDocument[]) {
  const keeping = documents.filter(({ chunks }) => chunks.some(({ vector }) => !vector)).map(({ id }) => id);
  const stored = await readDocuments(points, owner, keeping, { chunks: true, vectors: true });
  const whole: WholeDocument[] = [];
  const incomplete: string[] = [];
  for (const document of documents) {
    const before = stored.get(document.id);
    if (before && before.version > document.version) continue;
    const kept = vectorsByHash(before);
    const chunks = document.chunks.flatMap(({ hash, vector = kept.get(hash) }) => (vector ? [{ hash, vector }] : []));
    if (chunks.length === document.chunks.length) whole.push({ ...document, chunks });
    else incomplete.push(document.id);
  }
  return { whole, incomplete };
}

function vectorsByHash(stored: IndexedVectorDocument | undefined): ReadonlyMap<string, Float32Array> {
  return new Map(stored?.hashes.map((hash, at) => [hash, stored.vectors![at]!]));
}

async function writeGroup(
  points: PointSource,
  owner: Owner,
  kind: VectorCollection,
  documents: readonly WholeDocument[],
): Promise<void> {
  const collection = points.collectionOf(kind);
  await upsert(points, collection, documents, (document) => tailPoints(owner, document), IN_ORDER);
  await upsert(points, collection, documents, (document) => [headPoint(owner, document)], REQUESTS_AT_ONCE);
  await removeLeftovers(points, collection, owner, documents);
}

interface VersionedPoint {
  readonly point: Point;
  readonly version: number;
}

async function upsert(
  { client, dimensions }: PointSource,
  collection: string,
  documents: readonly WholeDocument[],
  pointsOf: (document: WholeDocument) => readonly Point[],
  concurrency: number,
): Promise<void> {
  const size = Math.max(1, Math.min(POINTS_PER_REQUEST, Math.floor(NUMBERS_PER_REQUEST / dimensions)));
  await pMap(
    requests(),
    (request) =>
      answerOf(() =>
        client.upsert(collection, {
          wait: true,
          points: request.map(({ point }) => point),
          update_filter: { should: notNewer(request) },
        }),
      ),
    { concurrency },
  );

  function* requests(): Generator<VersionedPoint[]> {
    let request: VersionedPoint[] = [];
    for (const document of documents) {
      for (const point of pointsOf(document)) {
        request.push({ point, version: document.version });
        if (request.length < size) continue;
        yield request;
        request = [];
      }
    }
    if (request.length > 0) yield request;
  }
}

/** A condition for each version: what is stored of its points is not newer. */
function notNewer(request: readonly VersionedPoint[]): Schemas['Condition'][] {
  const byVersion = Map.groupBy(request, ({ version }) => version);
  return [...byVersion].map(([version, points]) => ({
    must: [{ has_id: points.map(({ point }) => point.id) }, { key: 'version', range: { lte: version } }],
  }));
}

const headSchema = z.object({ version: z.number(), chunks: z.number() });

/**
 * Removes chunks beyond a document's last one: those of an earlier, longer text, of a writer that was interrupted
 * before the point at position 0, and of this one if a newer version came in between. Positions are filled in order,
 * so the chunk just beyond the last shows whether there are any.
 */
async function removeLeftovers(
  points: PointSource,
  collection: string,
  owner: Owner,
  documents: readonly WholeDocument[],
): Promise<void> {
  const headId = ({ id }: WholeDocument) => pointId(owner, id, 0);
  const nextId = ({ id, chunks }: WholeDocument) => pointId(owner, id, Math.max(1, chunks.length));
  const long = documents.filter(({ chunks }) => chunks.length > 1);
  const found = await retrieve(points, collection, [...documents.map(nextId), ...long.map(headId)], {
    fields: ['version', 'chunks'],
  });
  const leftovers = documents.flatMap((document): Schemas['Filter'][] => {
    const head = long.includes(document) ? found.get(headId(document)) : undefined;
    const now = head ? headSchema.parse(head.payload) : { version: document.version, chunks: document.chunks.length };
    if (!found.has(nextId(document)) && now.version === document.version) return [];
    return [
      {
        must: [
          { key: 'document', match: { value: document.id } },
          { key: 'position', range: { gte: Math.max(1, now.chunks) } },
          // Newer ones are of a writer that has not come to position 0 yet.
          { key: 'version', range: { lte: now.version } },
        ],
      },
    ];
  });
  if (leftovers.length === 0) return;
  const filter = { must: [{ key: 'owner', match: { value: ownerKey(owner) } }], should: leftovers };
  await answerOf(() => points.client.delete(collection, { wait: true, filter }));
}
