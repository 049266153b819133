import { ownerKey, payloadSubject, type PayloadScope } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { isMessageNotFound } from '../jetstream-codes.ts';
import { find } from '../topology/find.ts';
import { STREAM } from '../topology/names.ts';
import type { ChunkCache } from './chunk-cache.ts';
import { chunkOf, CHUNK_BYTES, CHUNK_HEADER, sequenceIn, type Chunk } from './chunks.ts';
import { directGet, directGetLast, type StoredMessage } from '../read/direct-get.ts';
import { PayloadLostError } from './lost.ts';
import type { ReadLane } from './read-lane.ts';

/** Number of chunks that a reader requests ahead and holds. */
const CHUNKS_PER_READ = 2;
const DAMAGE_COUNTS_MS = 5 * 60_000;
const MOST_DAMAGED = 1000;

/** The facts about a payload in its last chunk. */
export interface Head {
  readonly scope: PayloadScope;
  readonly sha256: string;
  readonly last: Chunk;
  /** Bytes of each chunk except the last. */
  readonly chunkBytes: number;
}

type LeaderQuery = { seq: number; next_by_subj: string } | { last_by_subj: string };
type Message = Pick<StoredMessage, 'sequence' | 'data' | 'header'>;

/**
 * Reads the chunks of payloads. Any replica may answer; if its answer is incomplete, the leader decides, because a
 * replica may lack recently acknowledged messages. Concurrent readers of the same chunk share one read.
 */
export class ChunkReader {
  readonly #lane: ReadLane;
  readonly #cache: ChunkCache | undefined;
  readonly #underWay = new Map<string, Promise<readonly Chunk[]>>();
  /** Payloads found to be damaged after their beginning, and until when that is assumed. */
  readonly #damaged = new Map<string, number>();

  /** @param cache absent: each chunk is read when it is requested */
  constructor(lane: ReadLane, cache?: ChunkCache) {
    this.#lane = lane;
    this.#cache = cache;
  }

  /** Undefined if nothing is stored. @throws PayloadLostError if the last chunk is damaged */
  async head(scope: PayloadScope, sha256: string): Promise<Head | undefined> {
    const subject = payloadSubject(scope, sha256);
    if ((this.#damaged.get(subject) ?? 0) > performance.now()) throw new PayloadLostError(sha256, 'damaged');
    const [last] = await this.#shared(subject, [LAST], async () => {
      const chunk = await this.#lane.read(holderOf(scope), CHUNK_BYTES, (nc) => readLast(nc, subject, sha256));
      return chunk ? [chunk] : [];
    });
    if (!last) return undefined;
    const { count, size, data } = last;
    const chunkBytes = count === 1 ? Math.max(1, size) : (size - data.length) / (count - 1);
    return { scope, sha256, last, chunkBytes };
  }

  /**
   * The chunks from one index to before another, in order. Before the first is handed on, the server has confirmed
   * that all exist. They are contiguous, because they were stored as one batch.
   * @throws PayloadLostError if one of them is missing or damaged
   */
  async *chunks(head: Head, from: number, to: number): AsyncGenerator<Chunk> {
    const { count } = head.last;
    const subject = payloadSubject(head.scope, head.sha256);
    for (let index = from; index < Math.min(to, count - 1);) {
      const wanted = Math.min(CHUNKS_PER_READ, to - index, count - 1 - index);
      const indexes = Array.from({ length: wanted }, (_, offset) => index + offset);
      const chunks = await this.#shared(subject, indexes, () =>
        this.#lane.read(holderOf(head.scope), wanted * CHUNK_BYTES, (nc) => readChunks(nc, head, index, wanted)),
      ).catch((error: unknown) => {
        if (error instanceof PayloadLostError) this.#remember(subject);
        throw error;
      });
      // A shared read may be longer.
      for (const chunk of chunks.slice(0, wanted)) {
        yield chunk;
        index++;
      }
    }
    if (from < count && to >= count) yield head.last;
  }

  /** Reads all of it. @throws PayloadLostError */
  async verify(head: Head): Promise<void> {
    const chunks = this.chunks(head, 0, head.last.count);
    while (!(await chunks.next()).done);
  }

  /** Invalidates the facts about a payload that was deleted or is stored again. */
  forget(scope: PayloadScope, sha256: string): void {
    const subject = payloadSubject(scope, sha256);
    this.#cache?.delete(subject);
    this.#damaged.delete(subject);
  }

  /** So that the next reader knows before it hands on the beginning. */
  #remember(subject: string): void {
    this.#damaged.delete(subject);
    this.#damaged.set(subject, performance.now() + DAMAGE_COUNTS_MS);
    if (this.#damaged.size > MOST_DAMAGED) this.#damaged.delete(this.#damaged.keys().next().value!);
  }

  /** The first of these chunks, as many as are cached or being read, otherwise the result of `read`. */
  async #shared(
    subject: string,
    indexes: readonly number[],
    read: () => Promise<readonly Chunk[]>,
  ): Promise<readonly Chunk[]> {
    const cached = this.#cache?.get(subject, indexes[0]!);
    if (cached) return [cached];
    const name = `${subject} ${indexes[0]}`;
    let reading = this.#underWay.get(name);
    if (!reading) {
      reading = read().finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, reading);
      reading.then(
        (chunks) => chunks.forEach((chunk, at) => this.#cache?.set(subject, indexes[at]!, chunk)),
        () => undefined,
      );
    }
    return reading;
  }
}

/** Represents the index of the last chunk, which is unknown before it is read. */
const LAST = -1;

function holderOf(scope: PayloadScope): string {
  return scope === 'unscoped' ? scope : ownerKey(scope);
}

async function readLast(nc: LogConnection, subject: string, sha256: string): Promise<Chunk | undefined> {
  const any = await directGetLast(nc, STREAM.payloads, subject);
  // A mark may be older than later messages on the leader, or than the removal of the payload before it.
  const isMark = any && markedChunk(any) !== undefined;
  const message = any && !isMark ? any : await lastChunkAtLeader(nc, subject);
  if (message === undefined) return undefined;
  const last = message === 'missing' ? undefined : chunkOf(message, sha256);
  if (!last || last.index !== last.count - 1) throw new PayloadLostError(sha256, 'damaged');
  return last;
}

/**
 * The last chunk of what readers get, never from a lagging replica. Undefined if nothing is stored, or only a mark,
 * whose payload is being removed; `missing` if it should exist: a note says that it stays.
 */
export async function lastChunkAtLeader(
  nc: LogConnection,
  subject: string,
): Promise<LeaderMessage | 'missing' | undefined> {
  const message = await lastAtLeader(nc, subject);
  const sequence = message && markedChunk(message);
  if (sequence === undefined) return message;
  const chunk = await fromLeader(nc, { seq: sequence, next_by_subj: subject });
  if (chunk?.sequence === sequence) return chunk;
  const now = await lastAtLeader(nc, subject);
  // Meanwhile it was stored again, or the payload before the mark was removed.
  if (now && now.sequence !== message!.sequence) return lastChunkAtLeader(nc, subject);
  return now && sequenceIn(now, CHUNK_HEADER.kept) !== undefined ? 'missing' : undefined;
}

/** The sequence of the last chunk before a mark or its replacement; undefined if the message is a chunk. */
function markedChunk(message: Message): number | undefined {
  return sequenceIn(message, CHUNK_HEADER.condemned) ?? sequenceIn(message, CHUNK_HEADER.kept);
}

async function readChunks(
  nc: LogConnection,
  { scope, sha256, last }: Head,
  from: number,
  wanted: number,
): Promise<readonly Chunk[]> {
  const subject = payloadSubject(scope, sha256);
  const sequenceOf = (index: number) => last.sequence - last.index + index;
  const chunks: Chunk[] = [];
  /** Whether the message holds the next chunk. */
  const add = (message: Message | undefined) => {
    const chunk = message && chunkOf(message, sha256);
    if (chunk?.index !== from + chunks.length || chunk.count !== last.count || chunk.size !== last.size) return false;
    chunks.push(chunk);
    return true;
  };
  const query = { seq: sequenceOf(from), next_by_subj: subject, batch: wanted };
  const found = await directGet(nc, STREAM.payloads, query);
  for (const message of found) if (!add(message)) break;
  const isWhole = found[0]?.pending === last.index - from;
  if (!isWhole && (await countAtLeader(nc, subject)) < last.count) throw new PayloadLostError(sha256, 'damaged');
  while (chunks.length < wanted) {
    const message = await fromLeader(nc, { seq: sequenceOf(from + chunks.length), next_by_subj: subject });
    if (!add(message)) throw new PayloadLostError(sha256, 'damaged');
  }
  return chunks;
}

async function countAtLeader(nc: LogConnection, subject: string): Promise<number> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const { state } = await manager.streams.info(STREAM.payloads, { subjects_filter: subject });
  return state.subjects?.[subject] ?? 0;
}

/** The last message of a payload, a chunk or a mark, never from a lagging replica. */
export function lastAtLeader(nc: LogConnection, subject: string): Promise<LeaderMessage | undefined> {
  return fromLeader(nc, { last_by_subj: subject });
}

export interface LeaderMessage extends Message {
  /** When it was stored, by the server's clock; milliseconds since the epoch. */
  readonly storedAt: number;
}

export async function fromLeader(nc: LogConnection, query: LeaderQuery): Promise<LeaderMessage | undefined> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const stored = await find(
    async () => (await manager.streams.getMessage(STREAM.payloads, query)) ?? undefined,
    isMessageNotFound,
  );
  if (!stored) return undefined;
  const header = (name: string) => stored.header.get(name) || undefined;
  return { sequence: stored.seq, data: stored.data, header, storedAt: stored.time.getTime() };
}
