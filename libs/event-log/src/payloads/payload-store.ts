import { payloadSubject, PAYLOAD_SUBJECTS, parsePayloadSubject } from '@opensync/contracts';
import type { Owner, PayloadReference, PayloadScope } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Acceptance } from '../publish/acceptance.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { ChunkReader } from './chunk-reader.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { sha256Of } from './chunks.ts';
import { FormerBucket } from './former-bucket.ts';
import { PayloadLostError } from './lost.ts';

/** What is left of content that was put here. */
export interface StoredPayload {
  /** Hexadecimal. */
  readonly sha256: string;
  /** Bytes; of text as UTF-8. */
  readonly size: number;
}

/** A part of a payload in bytes, as for `slice`. */
export interface ByteRange {
  readonly start?: number;
  /** The first byte that is not wanted. */
  readonly end?: number;
}

/**
 * Large content by its SHA-256, apart for each owner: the same bytes of two owners are two payloads, and nobody reads
 * another's by knowing its hash. Reading leaves nothing on the server.
 */
export class PayloadStore {
  readonly #nc: NatsConnection;
  readonly #reader: ChunkReader;
  readonly #writer: ChunkWriter;
  readonly #former: FormerBucket;
  readonly #puts = new Map<string, Promise<void>>();

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    this.#reader = new ChunkReader(nc);
    this.#writer = new ChunkWriter(nc, this.#reader);
    this.#former = new FormerBucket(nc);
  }

  /**
   * Resolves once the content is durably stored. May be repeated: the same content of an owner is kept once.
   * @throws AppError UNAVAILABLE
   */
  async put(scope: PayloadScope, content: Uint8Array | string): Promise<StoredPayload> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const sha256 = sha256Of(bytes);
    const name = payloadSubject(scope, sha256);
    let put = this.#puts.get(name);
    if (!put) {
      const release = Acceptance.of(this.#nc).admitToDisk(bytes.length);
      put = orUnavailable(this.#nc, () => this.#writer.write(scope, sha256, bytes)).finally(() => {
        release();
        this.#puts.delete(name);
      });
      this.#puts.set(name, put);
    }
    await put;
    return { sha256, size: bytes.length };
  }

  /**
   * The whole content, as it was put.
   * @throws PayloadLostError; AppError UNAVAILABLE
   */
  async get(scope: PayloadScope, sha256: string): Promise<Uint8Array> {
    return orUnavailable(this.#nc, async () => {
      const bytes = await this.#find(scope, sha256);
      if (!bytes) throw new PayloadLostError(sha256, 'missing');
      return bytes;
    });
  }

  /**
   * The content in pieces, or a part of it, each verified before it is handed on; the next ones are read when these are
   * taken.
   * @throws PayloadLostError, also behind the first piece; AppError UNAVAILABLE
   */
  async *read(scope: PayloadScope, sha256: string, range: ByteRange = {}): AsyncGenerator<Uint8Array> {
    const head = await orUnavailable(this.#nc, () => this.#reader.head(scope, sha256));
    if (!head) throw new PayloadLostError(sha256, 'missing');
    const { chunkBytes, last } = head;
    const { start = 0, end = last.size } = range;
    const from = Math.floor(start / chunkBytes);
    const chunks = this.#reader.chunks(head, from, Math.min(last.count, Math.ceil(end / chunkBytes)));
    for (let at = from * chunkBytes; ;) {
      const { value: chunk, done } = await orUnavailable(this.#nc, () => chunks.next());
      if (done) return;
      const piece = chunk.data.subarray(Math.max(0, start - at), Math.max(0, end - at));
      if (piece.length > 0) yield piece;
      at += chunk.data.length;
    }
  }

  /**
   * The content that a reference of this scope stands for, in an event or a dead letter. One of an earlier version refers to
   * content that was stored for all owners together, and that is found too: so this is only for references that this server
   * made, never for hashes that came from a client.
   * @throws PayloadLostError; AppError UNAVAILABLE
   */
  async referenced(scope: PayloadScope, sha256: string): Promise<Uint8Array> {
    return orUnavailable(this.#nc, async () => {
      const bytes =
        (await this.#find(scope, sha256)) ??
        (scope === 'unscoped' ? undefined : await this.#find('unscoped', sha256)) ??
        (await this.#former.get(sha256));
      if (!bytes) throw new PayloadLostError(sha256, 'missing');
      return bytes;
    });
  }

  /** As `referenced`, of text. */
  async text(owner: Owner, { sha256 }: Pick<PayloadReference, 'sha256'>): Promise<string> {
    const bytes = await this.referenced(owner, sha256);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  /**
   * Deletes what is stored for this owner under these hashes, for good. What is not there is passed over.
   * @throws AppError UNAVAILABLE
   */
  async remove(scope: PayloadScope, sha256s: readonly string[]): Promise<void> {
    await orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      for (const sha256 of sha256s) {
        await manager.streams.purge(STREAM.payloads, { filter: payloadSubject(scope, sha256) });
      }
    });
  }

  /** Every payload, those of earlier versions as `unscoped`. @throws AppError UNAVAILABLE */
  async list(): Promise<{ readonly scope: PayloadScope; readonly sha256: string }[]> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const { state } = await manager.streams.info(STREAM.payloads, { subjects_filter: PAYLOAD_SUBJECTS });
      const listed = Object.keys(state.subjects ?? {}).flatMap((subject) => parsePayloadSubject(subject) ?? []);
      const unscoped = new Set(listed.filter(({ scope }) => scope === 'unscoped').map(({ sha256 }) => sha256));
      const former = (await this.#former.list()).filter((sha256) => !unscoped.has(sha256));
      return [...listed, ...former.map((sha256) => ({ scope: 'unscoped' as const, sha256 }))];
    });
  }

  async #find(scope: PayloadScope, sha256: string): Promise<Uint8Array | undefined> {
    const head = await this.#reader.head(scope, sha256);
    if (!head) return undefined;
    const { size, count, data } = head.last;
    if (count === 1) return data;
    const bytes = Buffer.allocUnsafe(size);
    for await (const { index, data: piece } of this.#reader.chunks(head, 0, count)) {
      bytes.set(piece, index * head.chunkBytes);
    }
    if (sha256Of(bytes) !== sha256) throw new PayloadLostError(sha256, 'damaged');
    return bytes;
  }
}
