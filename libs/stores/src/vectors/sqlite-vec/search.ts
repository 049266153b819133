import type { Reader } from '@opensync/contracts';
import { filterByLevel, type SessionFilter } from '../../filters.ts';
import type { Connection } from '../../sqlite/connection.ts';
import { inTimeAt, untilTime } from '../../sqlite/in-time.ts';
import { findOwner, ownerNumber, sharedIn } from '../../sqlite/owners.ts';
import { filterCondition, isFiltering } from '../../sqlite/session-filter.ts';
import type { VectorHit, VectorQuery } from '../port.ts';

/** A chunk's number is its document's number and its place in the document. */
export const CHUNK_BITS = 20;

/** As SQLite stores it. */
export function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** One bit a dimension: whether it is positive. The Hamming distance of two signatures grows with their angle. */
export function signature(vector: Float32Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(vector.length / 8));
  for (const [dimension, value] of vector.entries()) if (value > 0) bits[dimension >> 3]! |= 1 << (dimension & 7);
  return bits;
}

/**
 * Chunks that the first pass hands to the second. All nearest chunks may belong to one session, so each session's
 * nearest is included as well. If an owner has fewer chunks, the answer is exact.
 */
const NEAREST_CHUNKS = 2_048;
const NEAREST_SESSIONS = 256;

interface Search extends VectorQuery {
  readonly reader: Reader;
}

const CHUNK_IN_TIME = inTimeAt(`(chunk >> ${CHUNK_BITS})`);

/** Two passes: nearest by signature over all chunks that the reader may see, then by cosine over those. */
export function search(connection: Connection, query: Search): VectorHit[] {
  return untilTime(connection, query.until, () => nearest(connection, query));
}

function nearest(connection: Connection, { reader, vector, filter, limit, level }: Search): VectorHit[] {
  const byMessage = level === 'message';
  const condition = filterCondition(filter);
  const scopes = scopesOf(connection, reader, filter);
  const bits = signature(vector);
  const distance = 'vec_distance_hamming(vec_bit(bits), vec_bit(?))';
  const candidates = scopes.map(
    ({ sql }) => `
      SELECT chunk FROM (SELECT chunk, min(${distance}) FROM signatures WHERE ${sql} AND ${CHUNK_IN_TIME}
                         GROUP BY session ORDER BY 2 LIMIT ?)
      UNION
      SELECT chunk FROM (SELECT chunk, ${distance} FROM signatures WHERE ${sql} AND ${CHUNK_IN_TIME} ORDER BY 2 LIMIT ?)`,
  );
  return connection
    .statement(
      `WITH candidates AS (${candidates.join(' UNION ')})
       SELECT sessions.id AS sessionId, documents.id AS id, collection, hash, min(vec_distance_cosine(vector, ?)) AS distance
       FROM candidates JOIN chunks USING (chunk)
         JOIN (SELECT * FROM documents WHERE ${condition.sql}) AS documents ON document = chunk >> ${CHUNK_BITS}
         JOIN sessions USING (session)
       ${byMessage ? "WHERE collection = 'messages' GROUP BY document" : 'GROUP BY session'}
       HAVING distance IS NOT NULL ORDER BY distance, sessions.id, documents.id LIMIT ?`,
    )
    .all(
      ...scopes.flatMap(({ values }) => [
        ...[bits, ...values, Math.max(limit, NEAREST_SESSIONS)],
        ...[bits, ...values, NEAREST_CHUNKS],
      ]),
      ...[bytesOf(vector), ...condition.values, limit],
    )
    .map(({ sessionId, id, collection, hash, distance }) => ({
      sessionId: sessionId as string,
      ...(collection === 'messages' && { messageId: id as string }),
      hash: hash as string,
      score: 1 - (distance as number),
    }));
}

/** Signatures of the reader's own private sessions, and of those that are shared with the workspace. */
function scopesOf(connection: Connection, reader: Reader, filter: SessionFilter) {
  const condition = filterCondition(filter);
  // A filter of messages holds for some documents of a session only.
  const found = isFiltering(filterByLevel(filter).message)
    ? `chunk >> ${CHUNK_BITS} IN (SELECT document`
    : 'session IN (SELECT session';
  const own = ownerNumber(connection, reader);
  const shared = findOwner(connection, sharedIn(reader));
  const scope = (partition: number, documents: string | undefined, ...of: number[]) => ({
    sql:
      documents === undefined
        ? 'owner = ?'
        : `owner = ? AND ${found} FROM documents WHERE ${documents} AND ${inTimeAt('document')} AND ${condition.sql})`,
    values: documents === undefined ? [partition] : [partition, ...of, ...condition.values],
  });
  const scopes = [scope(own, isFiltering(filter) ? 'owner = ?' : undefined, own)];
  if (shared === undefined) return scopes;
  if (reader.sessions !== 'visible') scopes.push(scope(shared, 'shared = ? AND owner = ?', shared, own));
  else scopes.push(scope(shared, isFiltering(filter) ? 'shared = ?' : undefined, shared));
  return scopes;
}
