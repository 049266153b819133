import {
  PAYLOAD_SUBJECTS,
  parsePayloadSubject,
  payloadSubject,
  type Owner,
  type PayloadReference,
  type PayloadScope,
} from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { type ChunkCache } from './chunk-cache.ts';
import { ChunkReader, lastChunkAtLeader } from './chunk-reader.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { sha256Of } from './chunks.ts';
import { FormerBucket } from './former-bucket.ts';
import { PayloadLostError } from './lost.ts';
import { piecesOf, referencedPieces, whole, type ByteRange, type Sources } from './payload-content.ts';
import type { PayloadReads } from './payload-reads.ts';
import type { Lane } from './traffic.ts';

/** A reference to stored content. */
export interface StoredPayload {
  /** Hexadecimal. */
  readonly sha256: string;
  /** Bytes; for text in UTF-8. */
  readonly size: number;
}

/**
 * Large content by its SHA-256, separate for each owner: the same bytes of two owners are two payloads, and nobody
 * reads another owner's by its hash. Reading leaves nothing on the server.
 */
export class PayloadStore {
  readonly #nc: LogConnection;
  readonly #sources: Sources;
  readonly #writer: ChunkWriter;
  readonly #reads: PayloadReads;
  readonly #puts = new Map<string, Promise<void>>();

  /** @param cache of the chunks that are read; absent: none */
  constructor(nc: LogConnection, { lane = 'background', cache }: { lane?: Lane; cache?: ChunkCache } = {}) {
    this.#nc = nc;
    const readLane = nc.payloads.lanes[lane];
    const reader = new ChunkReader(readLane, cache);
    this.#sources = { reader, former: new FormerBucket(nc, readLane) };
    this.#writer = new ChunkWriter(nc, new ChunkReader(readLane));
    this.#reads = nc.payloads.reads;
  }

  /**
   * Resolves once the content is durably stored. May be repeated: the same content of an owner is stored once.
   * @throws AppError UNAVAILABLE
   */
  async put(scope: PayloadScope, content: Uint8Array | string): Promise<StoredPayload> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const sha256 = sha256Of(bytes);
    const name = payloadSubject(scope, sha256);
    let put = this.#puts.get(name);
    if (!put) {
      const release = this.#nc.acceptance.admitToDisk(bytes.length);
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
   * The whole content.
   * @throws PayloadLostError; AppError UNAVAILABLE
   */
  get(scope: PayloadScope, sha256: string): Promise<Uint8Array> {
    return whole(sha256, this.read(scope, sha256));
  }

  /**
   * The content in pieces, or a range of it, each piece verified before it is handed on; later pieces are read as
   * these are consumed.
   * @throws PayloadLostError, also after the first piece; AppError UNAVAILABLE
   */
  read(scope: PayloadScope, sha256: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    return this.#counted(piecesOf(this.#sources, scope, sha256, range));
  }

  /**
   * The content of a reference in this scope, from an event or a dead letter, in pieces as `read` returns them. A
   * reference of an earlier version refers to content shared by all owners, which is found, too: so use this only for
   * references that this server created, never for hashes from a client.
   * @throws PayloadLostError, also after the first piece; AppError UNAVAILABLE
   */
  referenced(scope: PayloadScope, sha256: string): AsyncGenerator<Uint8Array> {
    return this.#counted(referencedPieces(this.#sources, scope, sha256));
  }

  /** As `referenced`, in one buffer. */
  whole(scope: PayloadScope, sha256: string): Promise<Uint8Array> {
    return whole(sha256, this.referenced(scope, sha256));
  }

  /** As `whole`, of text. */
  async text(owner: Owner, { sha256 }: Pick<PayloadReference, 'sha256'>): Promise<string> {
    const bytes = await this.whole(owner, sha256);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  /**
   * Whether the log has a message under this name, readable or not; false while it is being removed. Unscoped
   * payloads are never removed.
   * @throws AppError UNAVAILABLE
   */
  async has(scope: PayloadScope, sha256: string): Promise<boolean> {
    if (scope === 'unscoped') return true;
    return orUnavailable(this.#nc, async () => {
      return (await lastChunkAtLeader(this.#nc, payloadSubject(scope, sha256))) !== undefined;
    });
  }

  /** Every payload, those of earlier versions as `unscoped`. @throws AppError UNAVAILABLE */
  async list(): Promise<{ readonly scope: PayloadScope; readonly sha256: string }[]> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const { state } = await manager.streams.info(STREAM.payloads, { subjects_filter: PAYLOAD_SUBJECTS });
      const listed = Object.keys(state.subjects ?? {}).flatMap((subject) => parsePayloadSubject(subject) ?? []);
      const unscoped = new Set(listed.filter(({ scope }) => scope === 'unscoped').map(({ sha256 }) => sha256));
      const former = (await this.#sources.former.list()).filter((sha256) => !unscoped.has(sha256));
      return [...listed, ...former.map((sha256) => ({ scope: 'unscoped' as const, sha256 }))];
    });
  }

  async *#counted(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of pieces) {
        this.#reads.handedOn(piece.length);
        yield piece;
      }
    } catch (error) {
      if (error instanceof PayloadLostError) this.#reads.lost();
      throw error;
    }
  }
}
