import { payloadSubject, type PayloadScope } from '@opensync/contracts';
import { JetStreamApiCodes, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { find } from '../topology/find.ts';
import { STREAM } from '../topology/names.ts';
import { chunkOf, type Chunk } from './chunks.ts';
import { directGet, directGetLast } from './direct-get.ts';
import { PayloadLostError } from './lost.ts';

/** Chunks that are read at once. */
const CHUNKS_PER_READ = 4;

/** A payload as far as its last chunk tells. */
export interface Head {
  readonly scope: PayloadScope;
  readonly sha256: string;
  readonly last: Chunk;
  /** Bytes of each chunk but the last. */
  readonly chunkBytes: number;
}

/**
 * Reads the chunks of payloads. Any replica may answer; if it answers with less than there should be, the leader has the
 * last word, because a replica may lack what was acknowledged a moment ago.
 */
export class ChunkReader {
  readonly #nc: NatsConnection;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /** Undefined if nothing is there. @throws PayloadLostError if the last chunk is damaged */
  async head(scope: PayloadScope, sha256: string): Promise<Head | undefined> {
    const subject = payloadSubject(scope, sha256);
    const message =
      (await directGetLast(this.#nc, STREAM.payloads, subject)) ?? (await this.#fromLeader({ last_by_subj: subject }));
    if (!message) return undefined;
    const last = chunkOf(message, sha256);
    if (!last || last.index !== last.count - 1) throw new PayloadLostError(sha256, 'damaged');
    const { count, size, data } = last;
    return { scope, sha256, last, chunkBytes: count === 1 ? Math.max(1, size) : (size - data.length) / (count - 1) };
  }

  /**
   * The chunks from one index to before another, in order. That they are all there is known before the first is handed on,
   * as far as the server tells. They lie one behind the other, as they were stored at once.
   * @throws PayloadLostError if one of them is missing or damaged
   */
  async *chunks(head: Head, from: number, to: number): AsyncGenerator<Chunk> {
    const { count } = head.last;
    for (let index = from; index < Math.min(to, count - 1);) {
      const wanted = Math.min(CHUNKS_PER_READ, to - index, count - 1 - index);
      const read = await this.#read(head, index, wanted);
      yield* read;
      index += read.length;
    }
    if (from < count && to >= count) yield head.last;
  }

  /** Reads all of it. @throws PayloadLostError */
  async verify(head: Head): Promise<void> {
    const chunks = this.chunks(head, 0, head.last.count);
    while (!(await chunks.next()).done);
  }

  async #read({ scope, sha256, last }: Head, from: number, wanted: number): Promise<Chunk[]> {
    const subject = payloadSubject(scope, sha256);
    const sequenceOf = (index: number) => last.sequence - last.index + index;
    const chunks: Chunk[] = [];
    const isNext = (chunk: Chunk | undefined) =>
      chunk?.index === from + chunks.length && chunk.count === last.count && chunk.size === last.size;
    const found = await directGet(this.#nc, STREAM.payloads, {
      seq: sequenceOf(from),
      next_by_subj: subject,
      batch: wanted,
    });
    for (const message of found) {
      const chunk = chunkOf(message, sha256);
      if (!isNext(chunk)) break;
      chunks.push(chunk!);
    }
    const isWhole = found[0]?.pending === last.index - from;
    if (!isWhole && (await this.#countAtLeader(subject)) < last.count) throw new PayloadLostError(sha256, 'damaged');
    while (chunks.length < wanted) {
      const message = await this.#fromLeader({ seq: sequenceOf(from + chunks.length), next_by_subj: subject });
      const chunk = message && chunkOf(message, sha256);
      if (!isNext(chunk)) throw new PayloadLostError(sha256, 'damaged');
      chunks.push(chunk!);
    }
    return chunks;
  }

  async #countAtLeader(subject: string): Promise<number> {
    const manager = await this.#manager();
    const { state } = await manager.streams.info(STREAM.payloads, { subjects_filter: subject });
    return state.subjects?.[subject] ?? 0;
  }

  async #fromLeader(query: { seq: number; next_by_subj: string } | { last_by_subj: string }) {
    const manager = await this.#manager();
    const stored = await find(
      async () => (await manager.streams.getMessage(STREAM.payloads, query)) ?? undefined,
      JetStreamApiCodes.NoMessageFound,
    );
    if (!stored) return undefined;
    const header = (name: string) => stored.header.get(name) || undefined;
    return { sequence: stored.seq, data: stored.data, header };
  }

  #manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.#nc, { checkAPI: false });
  }
}
