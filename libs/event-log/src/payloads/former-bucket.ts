import { createHash } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { ownerKey, type PayloadScope } from '@opensync/contracts';
import { z } from 'zod';
import type { LogConnection } from '../connection.ts';
import { isStreamNotFound } from '../jetstream-codes.ts';
import { find } from '../topology/find.ts';
import { FORMER_PAYLOADS } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { directGet } from '../read/direct-get.ts';
import { PayloadLostError } from './lost.ts';
import type { ReadLane } from './read-lane.ts';

const { bucket, stream } = FORMER_PAYLOADS;
/** The metadata that a NATS object store keeps of an object (ADR-20 of NATS). */
const objectSchema = z.object({
  name: z.string(),
  nuid: z.string(),
  size: z.number(),
  chunks: z.number(),
  deleted: z.boolean().optional(),
});

/** Bytes of its chunks, and how many are read at once. */
const FORMER_CHUNK_BYTES = 512 * 1024;
const CHUNKS_PER_READ = 4;

/**
 * The object store in which earlier versions kept payloads, by hash alone and shared by all owners. Read-only: new
 * payloads go to PAYLOADS. Its objects were never overwritten, so any replica that has one may answer.
 */
export class FormerBucket {
  readonly #nc: LogConnection;
  readonly #lane: ReadLane;

  constructor(nc: LogConnection, lane: ReadLane) {
    this.#nc = nc;
    this.#lane = lane;
  }

  /** Undefined if it does not exist. @param reader the reader whose turn it is @throws PayloadLostError */
  async get(reader: PayloadScope, sha256: string): Promise<Uint8Array | undefined> {
    const holder = reader === 'unscoped' ? reader : ownerKey(reader);
    const object = await orUnavailable(this.#nc, () => this.#info(sha256));
    if (!object) return undefined;
    const subject = `$O.${bucket}.C.${object.nuid}`;
    const chunks: Uint8Array[] = [];
    for (let seq = 1; chunks.length < object.chunks;) {
      const query = { seq, next_by_subj: subject, batch: Math.min(CHUNKS_PER_READ, object.chunks - chunks.length) };
      const read = await this.#lane.read(holder, query.batch * FORMER_CHUNK_BYTES, (nc) =>
        directGet(nc, stream, query),
      );
      if (read.length === 0) break;
      chunks.push(...read.map(({ data }) => data));
      seq = read.at(-1)!.sequence + 1;
    }
    const bytes = Buffer.concat(chunks);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new PayloadLostError(sha256, 'damaged');
    return bytes;
  }

  /** The SHA-256 of each object. */
  async list(): Promise<string[]> {
    const manager = await jetstreamManager(this.#nc, { checkAPI: false });
    const filter = `$O.${bucket}.M.>`;
    const info = await find(() => manager.streams.info(stream, { subjects_filter: filter }), isStreamNotFound);
    const names = Object.keys(info?.state.subjects ?? {}).map((subject) =>
      Buffer.from(subject.slice(filter.length - 1), 'base64url').toString(),
    );
    const listed: string[] = [];
    for (const name of names) if (await this.#info(name)) listed.push(name);
    return listed;
  }

  async #info(name: string): Promise<z.infer<typeof objectSchema> | undefined> {
    const manager = await jetstreamManager(this.#nc, { checkAPI: false });
    // Base64 for URLs, with its padding.
    const encoded = Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    const query = { last_by_subj: `$O.${bucket}.M.${encoded}` };
    const stored = await find(
      async () => (await manager.streams.getMessage(stream, query)) ?? undefined,
      isStreamNotFound,
    );
    const object = stored && objectSchema.parse(stored.json());
    return object?.deleted ? undefined : object;
  }
}
