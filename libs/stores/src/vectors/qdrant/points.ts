import { ownerKey, type Owner } from '@opensync/contracts';
import type { QdrantClient, Schemas } from '@qdrant/js-client-rest';
import { z } from 'zod';
import { COLLECTIONS, VECTOR } from './collections.ts';
import { answerOf } from './errors.ts';
import { labelsIn, UNLABELLED } from '../../labels.ts';
import { pointId } from './ids.ts';
import type { IndexedVectorDocument, VectorCollection, VectorDocument } from '../port.ts';

/** A document whose every chunk has its vector. */
export interface WholeDocument extends Omit<VectorDocument, 'chunks'> {
  readonly chunks: readonly { readonly hash: string; readonly vector: Float32Array }[];
}

export type Point = Schemas['PointStruct'] & { readonly id: string };

/** The location of the points, for a call. */
export interface PointSource {
  readonly client: QdrantClient;
  /** The same with the time limit of a caller that waits for an answer. */
  readonly searchClient: QdrantClient;
  readonly collectionOf: (kind: VectorCollection) => string;
  readonly dimensions: number;
}

/** Points of a request that reads vectors: a few megabytes of JSON at common dimensions. */
const VECTORS_PER_REQUEST = 128;
const PAYLOADS_PER_REQUEST = 1_000;

/**
 * The point at position 0, which represents its document: it is written last, has the number of chunks, and exists
 * even if there are none.
 */
export function headPoint(owner: Owner, document: WholeDocument): Point {
  return pointAt(owner, document, 0);
}

/** The points of all other chunks, in order. */
export function tailPoints(owner: Owner, document: WholeDocument): Point[] {
  return document.chunks.slice(1).map((_, at) => pointAt(owner, document, at + 1));
}

/** Each point has all of the heading, because filters look at it. */
function pointAt(owner: Owner, document: WholeDocument, position: number): Point {
  const { id, sessionId, version, source, model, projectName, projectPath, createdAt, visibility, chunks } = document;
  const chunk = chunks[position];
  const unit = chunk && direction(chunk.vector);
  return {
    id: pointId(owner, id, position),
    vector: unit ? { [VECTOR]: unit } : {},
    payload: {
      owner: ownerKey(owner),
      document: id,
      session: sessionId,
      position,
      version,
      headingVersion: document.headingVersion ?? 0,
      firstSequence: document.firstSequence ?? 0,
      source,
      model,
      // One field, so that one index finds a project by its name or by its path.
      project: [projectName, projectPath],
      createdAt,
      labels: labelsIn(document.labels),
      ownLabels: labelsIn(document.ownLabels),
      ...(visibility === 'workspace' && { sharedWith: owner.workspaceId }),
      ...(chunk && { hash: chunk.hash }),
      ...(position === 0 && { chunks: chunks.length, omitted: document.omitted ?? 0 }),
    },
  };
}

/** Of the numbers of a unit vector: about what a float32 has, while a double would be written with 17 digits. */
const DECIMALS = 1e9;

/**
 * A vector at unit length, as the server stores it for cosine distance, in numbers with a short JSON form (which
 * halves the time and the bytes of a request). Undefined if it cannot be normalized.
 */
export function direction(vector: Float32Array): number[] | undefined {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares === 0) return undefined;
  const scale = DECIMALS / Math.sqrt(squares);
  const unit = new Array<number>(vector.length);
  // Array.from takes ten times as long for a typed array.
  for (let at = 0; at < vector.length; at += 1) unit[at] = Math.round(vector[at]! * scale) / DECIMALS;
  return unit;
}

const headSchema = z.object({
  document: z.string(),
  session: z.string(),
  version: z.number(),
  headingVersion: z.number().default(Number.MAX_SAFE_INTEGER),
  chunks: z.number(),
  omitted: z.number().default(0),
  hash: z.string().optional(),
  source: z.string(),
  model: z.string(),
  project: z.tuple([z.string(), z.string()]),
  createdAt: z.number(),
  labels: z.array(z.string()).optional(),
  sharedWith: z.string().optional(),
});
const chunkSchema = z.object({ hash: z.string() });

/**
 * The stored state of these documents: hash and vector of each chunk come from its own point, so that they match
 * whatever is written meanwhile. Missing chunks are left out.
 */
export async function readDocuments(
  points: PointSource,
  owner: Owner,
  ids: readonly string[],
  { chunks: withChunks, vectors: withVectors }: { readonly chunks: boolean; readonly vectors: boolean },
): Promise<Map<string, IndexedVectorDocument>> {
  const found = new Map<string, IndexedVectorDocument>();
  for (const kind of COLLECTIONS) {
    const collection = points.collectionOf(kind);
    const heads = await retrieve(
      points,
      collection,
      ids.map((id) => pointId(owner, id, 0)),
      { withVectors },
    );
    const documents = [...heads.values()].map((record) => ({ record, head: headSchema.parse(record.payload) }));
    const tails = await retrieve(
      points,
      collection,
      withChunks ? documents.flatMap(({ head }) => tailIds(owner, head)) : [],
      { withVectors, fields: ['hash'] },
    );
    for (const { record, head } of documents) {
      const { document, session, version, headingVersion, omitted, source, model, project, createdAt } = head;
      const visibility = head.sharedWith === undefined ? 'private' : 'workspace';
      const chunks = [
        ...(head.chunks > 0 ? [record] : []),
        ...tailIds(owner, head).flatMap((id) => tails.get(id) ?? []),
      ];
      const records = withChunks ? chunks : [];
      const heading = {
        source,
        model,
        projectName: project[0],
        projectPath: project[1],
        createdAt,
        visibility,
        labels: head.labels ? JSON.stringify(head.labels) : UNLABELLED,
      } as const;
      found.set(document, {
        ...heading,
        sessionId: session,
        version,
        headingVersion,
        omitted,
        hashes: records.map(({ payload }) => chunkSchema.parse(payload).hash),
        ...(withVectors && { vectors: records.map((chunk) => vectorOf(chunk, points.dimensions)) }),
      });
    }
  }
  return found;
}

/** Records by their id; one that is not stored is missing. `fields` of the payload, all without. */
export async function retrieve(
  { client }: PointSource,
  collection: string,
  ids: readonly string[],
  { withVectors = false, fields }: { readonly withVectors?: boolean; readonly fields?: readonly string[] },
): Promise<Map<string, Schemas['Record']>> {
  const records = new Map<string, Schemas['Record']>();
  const size = withVectors ? VECTORS_PER_REQUEST : PAYLOADS_PER_REQUEST;
  for (let at = 0; at < ids.length; at += size) {
    const page = await answerOf(() =>
      client.retrieve(collection, {
        ids: ids.slice(at, at + size),
        with_payload: fields ? [...fields] : true,
        with_vector: withVectors,
      }),
    );
    for (const record of page) records.set(String(record.id), record);
  }
  return records;
}

function tailIds(owner: Owner, { document, chunks }: z.infer<typeof headSchema>): string[] {
  return Array.from({ length: Math.max(0, chunks - 1) }, (_, at) => pointId(owner, document, at + 1));
}

function vectorOf({ vector }: Schemas['Record'], dimensions: number): Float32Array {
  const stored = (vector as Partial<Record<string, number[]>> | null | undefined)?.[VECTOR];
  return stored ? new Float32Array(stored) : new Float32Array(dimensions);
}
