import type { Owner } from '@opensync/contracts';
import { getLoadablePath } from 'sqlite-vec';
import { addOwner, findOwner, OWNERS_TABLE, sharedIn } from '../../sqlite/owners.ts';
import { serveDatabase, type Connection, type DatabaseDefinition } from '../../sqlite/serve.ts';
import { findSession, provideSession, SESSIONS_TABLE } from '../../sqlite/sessions.ts';
import { NO_LABELS, UNLABELLED } from '../../labels.ts';
import type { IndexedVectorDocument, VectorDocument } from '../port.ts';
import { bytesOf, CHUNK_BITS, search, signature } from './search.ts';

const CHUNKS_PER_DOCUMENT = 2 ** CHUNK_BITS;

/**
 * `signatures` has the sign of each dimension, one bit, clustered by partition and session: the first pass of a
 * search reads 64 bytes per chunk (512 dimensions) instead of 2,048. Its `owner` is a partition, that of an owner's
 * private documents or of the documents that members of a workspace share; a reader queries at most two.
 */
const MIGRATIONS = [
  `
  ${OWNERS_TABLE}
  ${SESSIONS_TABLE}
  CREATE TABLE documents (
    document INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    session INTEGER NOT NULL,
    collection TEXT NOT NULL,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    model TEXT NOT NULL,
    project_name TEXT NOT NULL,
    project_path TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (owner, id)
  ) STRICT;
  CREATE INDEX documents_of_session ON documents (owner, session);
  CREATE TABLE chunks (
    chunk INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    vector BLOB NOT NULL
  ) STRICT;
  CREATE TABLE signatures (
    owner INTEGER NOT NULL,
    session INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    bits BLOB NOT NULL,
    PRIMARY KEY (owner, session, chunk)
  ) STRICT, WITHOUT ROWID;
  `,
  // 0: unknown, for the rows that are stored already. None of them must count as newer than it is.
  `ALTER TABLE documents ADD COLUMN heading_version INTEGER NOT NULL DEFAULT ${Number.MAX_SAFE_INTEGER}`,
  `ALTER TABLE documents ADD COLUMN omitted INTEGER NOT NULL DEFAULT 0`,
  // The partition of the workspace that a document is shared with; NULL for a private one, as all existing ones are.
  `ALTER TABLE documents ADD COLUMN shared INTEGER;
   CREATE INDEX documents_shared ON documents (shared, session) WHERE shared IS NOT NULL;`,
  // 0: unknown, for the documents that are stored already.
  'ALTER TABLE documents ADD COLUMN first_sequence INTEGER NOT NULL DEFAULT 0',
  // As in the full-text index.
  `ALTER TABLE documents ADD COLUMN labels TEXT NOT NULL DEFAULT '${UNLABELLED}';
   ALTER TABLE documents ADD COLUMN own_labels TEXT NOT NULL DEFAULT '${UNLABELLED}';`,
];

const definition = {
  migrations: MIGRATIONS,
  extensions: [getLoadablePath()],
  writes: { upsert, remove },
  reads: { indexed, hasBefore, search, counts },
} satisfies DatabaseDefinition;
export type VectorDatabase = typeof definition;

/** A document with its chunks' hashes; `vectors` says where each new one lies in the call's array, in vectors. */
export interface FlatDocument extends Omit<VectorDocument, 'chunks'> {
  readonly hashes: readonly string[];
  readonly vectors: readonly (number | undefined)[];
}

interface Upsert {
  readonly owner: Owner;
  readonly documents: readonly FlatDocument[];
  readonly values: Float32Array;
  readonly dimensions: number;
}

interface StoredDocument {
  readonly document: number;
  readonly version: number;
  /** Where its signatures are. */
  readonly partition: number;
}

/** Returns the documents that were left unchanged because an unchanged chunk's vector is not stored. */
function upsert(connection: Connection, { owner: of, documents, values, dimensions }: Upsert): string[] {
  const owner = findOwner(connection, of) ?? addOwner(connection, of);
  const find = connection.statement(
    'SELECT document, version, coalesce(shared, owner) AS partition FROM documents WHERE owner = ? AND id = ?',
  );
  return documents.flatMap((document) => {
    const stored = find.get(owner, document.id) as StoredDocument | undefined;
    if (stored && stored.version > document.version) return [];
    const given = document.vectors.map((at) =>
      at === undefined ? undefined : values.subarray(at * dimensions, (at + 1) * dimensions),
    );
    const vectors = complete(connection, stored, document.hashes, given);
    if (!vectors) return [document.id];
    const session = provideSession(connection, owner, document.sessionId);
    const partition = document.visibility === 'workspace' ? sharedPartition(connection, of) : owner;
    const number = writeDocument(connection, { owner, partition, session }, document, stored?.document);
    if (stored && stored.partition !== partition) moveSignatures(connection, stored, partition);
    writeChunks(connection, { partition, session, document: number }, document.hashes, vectors);
    return [];
  });
}

function sharedPartition(connection: Connection, owner: Owner): number {
  return findOwner(connection, sharedIn(owner)) ?? addOwner(connection, sharedIn(owner));
}

function moveSignatures(connection: Connection, { document, partition }: StoredDocument, to: number): void {
  const { session } = connection.statement('SELECT session FROM documents WHERE document = ?').get(document)!;
  connection
    .statement('UPDATE signatures SET owner = ? WHERE owner = ? AND session = ? AND chunk BETWEEN ? AND ?')
    .run(to, partition, session as number, ...chunksOf(document));
}

interface ChunkVector {
  readonly vector: Float32Array;
  /** Whether it already lies at its place. */
  readonly inPlace: boolean;
}

/** The chunks' vectors, with missing ones taken from the stored ones; undefined if one is in neither. */
function complete(
  connection: Connection,
  stored: StoredDocument | undefined,
  hashes: readonly string[],
  given: readonly (Float32Array | undefined)[],
): ChunkVector[] | undefined {
  const needsStored = given.includes(undefined);
  const rows = stored && needsStored ? storedChunks(connection, stored.document) : [];
  const byHash = new Map(rows.map(({ hash, vector }) => [hash, vector]));
  const vectors = hashes.flatMap((hash, position): ChunkVector[] => {
    const vector = given[position] ?? byHash.get(hash);
    return vector ? [{ vector, inPlace: !given[position] && rows[position]?.hash === hash }] : [];
  });
  return vectors.length === hashes.length ? vectors : undefined;
}

function storedChunks(connection: Connection, document: number): { hash: string; vector: Float32Array }[] {
  return connection
    .statement('SELECT hash, vector FROM chunks WHERE chunk BETWEEN ? AND ? ORDER BY chunk')
    .all(...chunksOf(document))
    .map(({ hash, vector }) => ({
      hash: hash as string,
      vector: new Float32Array((vector as Uint8Array).slice().buffer),
    }));
}

function chunksOf(document: number): [first: number, last: number] {
  return [document * CHUNKS_PER_DOCUMENT, (document + 1) * CHUNKS_PER_DOCUMENT - 1];
}

function writeDocument(
  connection: Connection,
  { owner, partition, session }: { owner: number; partition: number; session: number },
  row: FlatDocument,
  document?: number,
): number {
  const {
    id,
    collection,
    version,
    source,
    model,
    projectName,
    projectPath,
    createdAt,
    headingVersion = 0,
    omitted = 0,
    firstSequence = 0,
    labels = NO_LABELS,
    ownLabels = NO_LABELS,
  } = row;
  const { lastInsertRowid } = connection
    .statement('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      document ?? null,
      owner,
      id,
      session,
      collection,
      version,
      source,
      model,
      projectName,
      projectPath,
      createdAt,
      headingVersion,
      omitted,
      partition === owner ? null : partition,
      firstSequence,
      labels,
      ownLabels,
    );
  return Number(lastInsertRowid);
}

interface Place {
  readonly partition: number;
  readonly session: number;
  readonly document: number;
}

function writeChunks(
  connection: Connection,
  place: Place,
  hashes: readonly string[],
  vectors: readonly ChunkVector[],
): void {
  const { partition, session, document } = place;
  const [first, last] = chunksOf(document);
  if (vectors.length > CHUNKS_PER_DOCUMENT) throw new Error(`a document has more than ${CHUNKS_PER_DOCUMENT} chunks`);
  removeChunks(connection, place, first + vectors.length, last);
  for (const [position, { vector, inPlace }] of vectors.entries()) {
    if (inPlace) continue;
    connection
      .statement('INSERT OR REPLACE INTO chunks VALUES (?, ?, ?)')
      .run(first + position, hashes[position]!, bytesOf(vector));
    connection
      .statement('INSERT OR REPLACE INTO signatures VALUES (?, ?, ?, ?)')
      .run(partition, session, first + position, signature(vector));
  }
}

function removeChunks(
  connection: Connection,
  { partition, session }: Omit<Place, 'document'>,
  first: number,
  last: number,
): void {
  connection.statement('DELETE FROM chunks WHERE chunk BETWEEN ? AND ?').run(first, last);
  connection
    .statement('DELETE FROM signatures WHERE owner = ? AND session = ? AND chunk BETWEEN ? AND ?')
    .run(partition, session, first, last);
}

export interface StoredVectorDocument extends IndexedVectorDocument {
  readonly id: string;
}

function indexed(
  connection: Connection,
  {
    owner: of,
    ids,
    withHashes,
    withVectors,
  }: { owner: Owner; ids: readonly string[]; withHashes: boolean; withVectors: boolean },
): StoredVectorDocument[] {
  const owner = findOwner(connection, of);
  if (owner === undefined) return [];
  const find = connection.statement(
    `SELECT document, id, version, heading_version AS headingVersion, source, model, project_name AS projectName, project_path AS projectPath,
       created_at AS createdAt, omitted, iif(shared IS NULL, 'private', 'workspace') AS visibility, labels,
       (SELECT id FROM sessions WHERE session = documents.session) AS sessionId
     FROM documents WHERE owner = ? AND id = ?`,
  );
  const hashes = connection.statement('SELECT hash FROM chunks WHERE chunk BETWEEN ? AND ? ORDER BY chunk');
  return ids.flatMap((id) => {
    const found = find.get(owner, id) as unknown as (StoredVectorDocument & StoredDocument) | undefined;
    if (!found) return [];
    const { document, ...row } = found;
    if (!withHashes && !withVectors) return [{ ...row, hashes: [] }];
    if (!withVectors) return [{ ...row, hashes: hashes.all(...chunksOf(document)).map(({ hash }) => hash as string) }];
    const chunks = storedChunks(connection, document);
    return [{ ...row, hashes: chunks.map(({ hash }) => hash), vectors: chunks.map(({ vector }) => vector) }];
  });
}

function remove(
  connection: Connection,
  { owner: of, sessionIds }: { owner: Owner; sessionIds: readonly string[] },
): number {
  const owner = findOwner(connection, of);
  if (owner === undefined) return 0;
  return sessionIds.reduce((sum, id) => sum + removeSession(connection, owner, id), 0);
}

function removeSession(connection: Connection, owner: number, id: string): number {
  const session = findSession(connection, owner, id);
  if (session === undefined) return 0;
  const documents = connection
    .statement('SELECT document, coalesce(shared, owner) AS partition FROM documents WHERE owner = ? AND session = ?')
    .all(owner, session);
  for (const { document, partition } of documents) {
    removeChunks(connection, { partition: partition as number, session }, ...chunksOf(document as number));
  }
  connection.statement('DELETE FROM documents WHERE owner = ? AND session = ?').run(owner, session);
  connection.statement('DELETE FROM sessions WHERE session = ?').run(session);
  return documents.length;
}

function hasBefore(
  connection: Connection,
  { owner: of, sessionId, sequence, from }: { owner: Owner; sessionId: string; sequence: number; from: number },
): boolean {
  const owner = findOwner(connection, of);
  if (owner === undefined) return false;
  const found = connection
    .statement(
      `SELECT 1 FROM documents WHERE owner = ?1 AND session = (SELECT session FROM sessions WHERE owner = ?1 AND id = ?2)
         AND first_sequence >= ?4 AND first_sequence < ?3 LIMIT 1`,
    )
    .get(owner, sessionId, sequence, from);
  return found !== undefined;
}

function counts(connection: Connection) {
  return connection
    .statement(
      `SELECT sqlite_version() AS sqlite, vec_version() AS vec,
         (SELECT count(*) FROM documents WHERE collection = 'sessions') AS sessions,
         (SELECT count(*) FROM documents WHERE collection = 'messages') AS messages,
         (SELECT count(*) FROM signatures) AS chunks`,
    )
    .get() as Record<'sqlite' | 'vec', string> & Record<'sessions' | 'messages' | 'chunks', number>;
}

serveDatabase(definition);
