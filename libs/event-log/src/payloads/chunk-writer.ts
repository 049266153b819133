import { ownerKey, payloadSubject, type PayloadScope } from '@opensync/contracts';
import { retrying, TryAgain } from '@opensync/platform';
import { headers, nuid, type MsgHdrs } from '@nats-io/transport-node';
import type { LogConnection } from '../connection.ts';
import { isConflict } from '../jetstream-codes.ts';
import { failureOf } from '../publish/failure.ts';
import { parseAnswer, type Answer } from '../publish/ack-inbox.ts';
import { unavailable } from '../unavailable.ts';
import { lastAtLeader, type ChunkReader } from './chunk-reader.ts';
import { CHUNK_HEADER, chunkHeaders, chunksOf, sequenceIn } from './chunks.ts';
import { PayloadLostError } from './lost.ts';

const ACK_MS = 10_000;
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 50;

/**
 * Writes payloads: all chunks of one are stored together or not at all, and only if nothing permanent is stored under
 * its name.
 */
export class ChunkWriter {
  readonly #nc: LogConnection;
  readonly #reader: ChunkReader;

  /** @param reader without a cache: it reads the current state of the log */
  constructor(nc: LogConnection, reader: ChunkReader) {
    this.#nc = nc;
    this.#reader = reader;
  }

  /** Resolves once the payload is durably stored, by this or by an earlier call. @throws AppError */
  async write(scope: PayloadScope, sha256: string, bytes: Uint8Array): Promise<void> {
    const holder = scope === 'unscoped' ? scope : ownerKey(scope);
    const release = await this.#nc.payloads.writing.acquire(holder, bytes.length);
    try {
      await this.#write(scope, sha256, bytes);
    } finally {
      release();
    }
  }

  async #write(scope: PayloadScope, sha256: string, bytes: Uint8Array): Promise<void> {
    const subject = payloadSubject(scope, sha256);
    let mark = 0;
    const attempt = async () => {
      const answer = await this.#publish(subject, bytes, mark);
      if (answer.kind === 'ack') return;
      if (answer.kind === 'refused' && isConflict(answer)) {
        mark = await this.#markOf(subject);
        const damagedAt = mark === 0 ? await this.#damagedAt(scope, sha256) : mark;
        if (damagedAt === undefined) return;
        // It is about to be removed, another writer is about to store it, or it is damaged: it is stored again behind that.
        mark = damagedAt;
      } else {
        const failure = failureOf(answer);
        if (failure.kind !== 'transient') throw failure.error;
      }
      throw new TryAgain(unavailable(new Error(answer.kind === 'refused' ? answer.description : answer.reason)));
    };
    await retrying(attempt, { attempts: ATTEMPTS, firstPauseMs: FIRST_PAUSE_MS, isRetried: () => false });
  }

  /** @param mark the sequence of the last existing message, which this one replaces; 0: none */
  async #publish(subject: string, bytes: Uint8Array, mark: number): Promise<Answer> {
    const chunks = chunksOf(bytes, this.#nc.info?.max_payload ?? Infinity);
    const count = chunks.length;
    const batchId = nuid.next();
    for (const [index, chunk] of chunks.entries()) {
      const lines = headers();
      const own = chunkHeaders(chunk, { index, count, size: bytes.length });
      for (const [name, value] of Object.entries(own)) lines.set(name, value);
      if (index === 0) lines.set('Nats-Expected-Last-Subject-Sequence', String(mark));
      if (mark > 0 && index === count - 1) lines.set(CHUNK_HEADER.replaces, String(mark));
      if (count > 1) setBatch(lines, batchId, index, count);
      if (index < count - 1) {
        this.#nc.publish(subject, chunk, { headers: lines });
        continue;
      }
      return parseAnswer(await this.#nc.request(subject, chunk, { headers: lines, timeout: ACK_MS }));
    }
    throw new Error('unreachable: there is always a chunk');
  }

  /** The sequence of the mark that permits removal; 0 if the payload stays. */
  async #markOf(subject: string): Promise<number> {
    const last = await lastAtLeader(this.#nc, subject);
    return last && sequenceIn(last, CHUNK_HEADER.condemned) !== undefined ? last.sequence : 0;
  }

  /**
   * The sequence of the last message of a damaged payload, 0 if nothing is stored; undefined if it is stored whole.
   * Readers take the chunks that follow it. Nothing is purged: that would be a right to remove every payload.
   */
  async #damagedAt(scope: PayloadScope, sha256: string): Promise<number | undefined> {
    this.#reader.forget(scope, sha256);
    const last = await lastAtLeader(this.#nc, payloadSubject(scope, sha256));
    try {
      const head = await this.#reader.head(scope, sha256);
      if (!head) return last?.sequence ?? 0;
      await this.#reader.verify(head);
      return undefined;
    } catch (error) {
      if (!(error instanceof PayloadLostError)) throw error;
      return last?.sequence ?? 0;
    }
  }
}

/** As an atomic batch (ADR-50 of NATS). */
function setBatch(lines: MsgHdrs, id: string, index: number, count: number): void {
  lines.set('Nats-Batch-Id', id);
  lines.set('Nats-Batch-Sequence', String(index + 1));
  if (index === count - 1) lines.set('Nats-Batch-Commit', '1');
}
