import {
  decodeEvent,
  definitionOf,
  ERASURE,
  eventSubject,
  HEADER,
  isEventType,
  isSessionEvent,
  MalformedEventError,
  ownerSubjects,
  payloadsOf,
  sessionIdOfEvent,
  type Owner,
  type StoredEvent,
} from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';
import { replay, streamEnds, type StoredDelivery } from '../read/replay.ts';

/** Messages read at once: several times as many are read ahead, each of at most a megabyte. */
const BATCH = 50;
/** Hashes held in memory at once, about 100 bytes each; more are processed in portions, by their first digits. */
const MOST_HASHES = 100_000;
const DIGITS = [...'0123456789abcdef'];
const SHA256_FIELD = Buffer.from('"sha256"');
const ANY_SHA256 = /[0-9a-f]{64}/g;

export interface NamedPayload {
  readonly sha256: string;
  /**
   * Whether a named payload belongs to a session that was not deleted since, or to an event that cannot be read here.
   */
  readonly isNamed: boolean;
}

/** By session id, the sequence of its last deletion; under ERASURE, that of the user's last erasure. */
type Deletions = ReadonlyMap<string, number>;

/**
 * Each payload of an owner that deleted events name, in portions. Reads only the log, from its beginning to its end
 * at the time of the call, so events that are not projected yet, parked or dead-lettered count, and so does a rebuild
 * that reads them again.
 * @param through the last deletion that counts
 * @param mostHashes in a portion
 * @throws AppError UNAVAILABLE
 */
export async function* namedByDeleted(
  nc: LogConnection,
  owner: Owner,
  through: number,
  mostHashes = MOST_HASHES,
): AsyncGenerator<readonly NamedPayload[]> {
  const { last } = await streamEnds(nc);
  const deletions = await deletionsOf(nc, owner, last);
  if (deletions.size === 0) return;
  yield* portion({ nc, owner, deletions, through, last, mostHashes }, '');
}

interface Search {
  readonly nc: LogConnection;
  readonly owner: Owner;
  readonly deletions: Deletions;
  readonly through: number;
  readonly last: number;
  readonly mostHashes: number;
}

async function* portion(search: Search, prefix: string): AsyncGenerator<readonly NamedPayload[]> {
  const named = await hashes(search, search.through, prefix, true);
  if (named === 'too many') {
    for (const digit of DIGITS) yield* portion(search, prefix + digit);
    return;
  }
  if (named.size === 0) return;
  const kept = await hashes(search, search.last, prefix, false, named);
  yield [...named].map((sha256) => ({ sha256, isNamed: kept === 'too many' || kept.has(sha256) }));
}

/**
 * The hashes with a prefix that deleted events name, or that other events name.
 * @param among only these
 */
async function hashes(
  { nc, owner, deletions, mostHashes }: Search,
  to: number,
  prefix: string,
  deleted: boolean,
  among?: ReadonlySet<string>,
): Promise<Set<string> | 'too many'> {
  const found = new Set<string>();
  for await (const batch of replay(nc, { from: 1, to, subject: ownerSubjects(owner), maxBatch: BATCH })) {
    for (const delivery of batch) {
      for (const sha256 of hashesOf(delivery, deletions, deleted, among)) {
        if (sha256.startsWith(prefix) && (among?.has(sha256) ?? true)) found.add(sha256);
      }
    }
    if (found.size > mostHashes && prefix.length < 8 && !among) return 'too many';
  }
  return found;
}

/** The references of a deleted event, or those of `among` that occur anywhere in another event. */
function hashesOf(
  delivery: StoredDelivery,
  deletions: Deletions,
  deleted: boolean,
  among: ReadonlySet<string> | undefined,
): readonly string[] {
  // A newer version may name a payload in a field that this one does not know, at any depth.
  const found = deleted ? undefined : (delivery.body().match(ANY_SHA256) ?? []).filter((hash) => among?.has(hash));
  // Most events name none, and need not be decoded.
  if (found ? found.length === 0 : !bufferOf(delivery.data).includes(SHA256_FIELD)) return [];
  const event = decoded(delivery);
  if (!event) return found ?? [];
  const isDeleted =
    isSessionEvent(event) &&
    event.sequence < Math.max(...[sessionIdOfEvent(event), ERASURE].map((id) => deletions.get(id) ?? 0));
  if (isDeleted !== deleted) return [];
  return found ?? payloadsOf(event);
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}

function decoded(delivery: StoredDelivery): StoredEvent | undefined {
  try {
    return decodeEvent(delivery);
  } catch (error) {
    if (error instanceof MalformedEventError) return undefined;
    throw error;
  }
}

async function deletionsOf(nc: LogConnection, owner: Owner, to: number): Promise<Deletions> {
  const deletions = new Map<string, number>();
  for (const entity of ['session', 'erasure'] as const) {
    for await (const { sessionId, sequence } of deletionsIn(nc, eventSubject(owner, entity), to)) {
      deletions.set(sessionId, sequence);
    }
  }
  return deletions;
}

export interface Deletion {
  readonly owner: Owner;
  readonly sessionId: string;
  readonly sequence: number;
}

/** The deletions on a subject, in their order. @throws AppError UNAVAILABLE */
export async function* deletionsIn(nc: LogConnection, subject: string, to: number, from = 1): AsyncGenerator<Deletion> {
  for await (const batch of replay(nc, { from, to, subject, maxBatch: BATCH })) {
    for (const delivery of batch) {
      const type = delivery.header(HEADER.type);
      if (!isEventType(type) || !definitionOf(type).deletes) continue;
      const event = decoded(delivery);
      if (!event) continue;
      const sessionId = definitionOf(event.type).deletes!(event.data);
      yield { owner: event.owner, sessionId, sequence: event.sequence };
    }
  }
}
