import { createHash } from 'node:crypto';
import type { PayloadReference } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { jetstreamManager } from '@nats-io/jetstream';
import { deadline, type NatsConnection } from '@nats-io/transport-node';
import { Objm, type ObjectInfo, type ObjectStore } from '@nats-io/obj';
import { OBJECTS } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/** Content of more bytes than this is kept beside the log, and the event refers to it. */
export const CLAIM_CHECK_BYTES = 256 * 1024;
/** Each chunk costs a round trip and a sync; half of the smallest usual message limit. */
const CHUNK_BYTES = 512 * 1024;
const PREVIEW_CHARACTERS = 200;
const GET_MS = 30_000;

/**
 * What a reference stands for is not there any more, or not as it was stored, and asking again will not bring it back.
 * Not retryable: whoever meets it goes on with the reference's preview.
 */
export class PayloadLostError extends AppError {
  override readonly name = 'PayloadLostError';

  constructor(sha256: string, what: 'missing' | 'damaged') {
    super('NOT_FOUND', `The payload ${sha256} is ${what}.`);
  }
}

/** Large content by its SHA-256. The same content is kept once, whoever stored it. */
export class PayloadStore {
  readonly #nc: NatsConnection;
  readonly #puts = new Map<string, Promise<void>>();
  #bucket: Promise<ObjectStore> | undefined;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /**
   * Resolves once the content is durably stored. May be repeated.
   * @throws AppError UNAVAILABLE
   */
  async put(content: string): Promise<PayloadReference> {
    const bytes = Buffer.from(content);
    const sha256 = await this.putBytes(bytes);
    return { sha256, size: bytes.length, preview: content.slice(0, PREVIEW_CHARACTERS).toWellFormed() };
  }

  /** As put, for what need not be text. Resolves with the SHA-256 in hexadecimal. */
  async putBytes(bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    // Two writers of one object at the same time would delete each other's chunks.
    let put = this.#puts.get(sha256);
    if (!put) {
      put = orUnavailable(this.#nc, () => this.#write(sha256, bytes)).finally(() => this.#puts.delete(sha256));
      this.#puts.set(sha256, put);
    }
    await put;
    return sha256;
  }

  /**
   * The content that a reference stands for.
   * @throws PayloadLostError; AppError UNAVAILABLE
   */
  async get({ sha256 }: Pick<PayloadReference, 'sha256'>): Promise<string> {
    return Buffer.from(await this.getBytes(sha256)).toString('utf8');
  }

  /** As get, for what need not be text. */
  async getBytes(sha256: string): Promise<Uint8Array> {
    return orUnavailable(this.#nc, async () => {
      const bucket = await this.#open();
      for (let info = await bucket.info(sha256); ;) {
        if (!info || info.deleted) throw new PayloadLostError(sha256, 'missing');
        const bytes = await this.#read(bucket, info);
        if (bytes) return bytes;
        const { nuid } = info;
        info = await bucket.info(sha256);
        // Written anew meanwhile, its former chunks are gone; else they are lost.
        if (info?.nuid === nuid) throw new PayloadLostError(sha256, 'damaged');
      }
    });
  }

  /** The SHA-256 of each stored payload. @throws AppError UNAVAILABLE */
  async list(): Promise<string[]> {
    const objects = await orUnavailable(this.#nc, async () => (await this.#open()).list());
    return objects.filter(({ deleted }) => !deleted).map(({ name }) => name);
  }

  async #write(sha256: string, bytes: Uint8Array): Promise<void> {
    const bucket = await this.#open();
    const stored = await bucket.info(sha256);
    if (stored && !stored.deleted && stored.size === bytes.length && (await this.#hasChunks(stored))) return;
    await bucket.putBlob({ name: sha256, options: { max_chunk_size: CHUNK_BYTES } }, bytes);
  }

  /** Undefined where the stored chunks do not give the content. */
  async #read(bucket: ObjectStore, info: ObjectInfo): Promise<Uint8Array | undefined> {
    // Chunks that are all gone would be waited for without end.
    if (!(await this.#hasChunks(info))) return undefined;
    try {
      return (await deadline(bucket.getBlob(info.name), GET_MS)) ?? undefined;
    } catch (error) {
      if (error instanceof Error && error.message.includes('digests do not match')) return undefined;
      throw error;
    }
  }

  async #hasChunks({ chunks, nuid }: ObjectInfo): Promise<boolean> {
    const subject = `$O.${OBJECTS.payloads}.C.${nuid}`;
    const manager = await jetstreamManager(this.#nc, { checkAPI: false });
    const { state } = await manager.streams.info(`OBJ_${OBJECTS.payloads}`, { subjects_filter: subject });
    return (state.subjects?.[subject] ?? 0) === chunks;
  }

  #open(): Promise<ObjectStore> {
    this.#bucket ??= new Objm(this.#nc).open(OBJECTS.payloads).catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}
