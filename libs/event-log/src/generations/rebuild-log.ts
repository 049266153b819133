import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { NoRespondersError, nuid, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { GENERATION_BUCKET, type ConsumerRef } from '../topology/names.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';
import {
  FIRST_GENERATION,
  generationRecordSchema,
  liveEntry,
  rebuildEntry,
  USE_SUBJECT,
  useSchema,
  type GenerationUse,
  type GenerationRecord,
  type Projection,
} from './records.ts';

const checkpointSchema = z.object({
  /** The generation that is being made. */
  generation: z.number().int().positive(),
  /** How far it is, in the rebuild's own words. */
  position: z.json(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** Another process rebuilds the same store. */
export class RebuildConflictError extends Error {
  override readonly name = 'RebuildConflictError';
}

/** What the log keeps of one projection's generations and of their making. */
export class RebuildLog {
  readonly #nc: NatsConnection;
  readonly #bucket: KV;
  readonly #projection: Projection;
  readonly #run = nuid.next();
  #revision = 0;

  /** @throws AppError UNAVAILABLE */
  static async open(nc: NatsConnection, projection: Projection): Promise<RebuildLog> {
    return new RebuildLog(nc, await orUnavailable(nc, () => new Kvm(nc).open(GENERATION_BUCKET)), projection);
  }

  private constructor(nc: NatsConnection, bucket: KV, projection: Projection) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#projection = projection;
  }

  async generations(): Promise<GenerationRecord> {
    const entry = await orUnavailable(this.#nc, () => this.#bucket.get(liveEntry(this.#projection)));
    return entry?.operation === 'PUT' ? generationRecordSchema.parse(entry.json()) : FIRST_GENERATION;
  }

  async saveGenerations(record: GenerationRecord): Promise<void> {
    await orUnavailable(this.#nc, () => this.#bucket.put(liveEntry(this.#projection), JSON.stringify(record)));
  }

  /** The checkpoint of a rebuild that was interrupted, or nothing. Who reads it takes it over. */
  async checkpoint(): Promise<Checkpoint | undefined> {
    const entry = await orUnavailable(this.#nc, () => this.#bucket.get(rebuildEntry(this.#projection)));
    this.#revision = entry?.revision ?? 0;
    return entry?.operation === 'PUT' ? checkpointSchema.parse(entry.json()) : undefined;
  }

  /** @throws RebuildConflictError where another process has taken over since; AppError UNAVAILABLE */
  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    const entry = rebuildEntry(this.#projection);
    // The run tells our own from that of another process which is just as far.
    const value = JSON.stringify({ ...checkpoint, run: this.#run });
    const saved = await orUnavailable(this.#nc, async () => {
      try {
        this.#revision = await this.#bucket.put(entry, value, { previousSeq: this.#revision });
        return true;
      } catch (error) {
        if (!(error instanceof JetStreamApiError)) throw error;
        if (error.code !== JetStreamApiCodes.StreamWrongLastSequence) throw error;
        // Maybe it is our own, whose answer was lost.
        const stored = await this.#bucket.get(entry);
        if (stored?.operation !== 'PUT' || stored.string() !== value) return false;
        this.#revision = stored.revision;
        return true;
      }
    });
    if (!saved) throw new RebuildConflictError('another rebuild of the same store is under way');
  }

  async clearCheckpoint(): Promise<void> {
    await orUnavailable(this.#nc, () => this.#bucket.delete(rebuildEntry(this.#projection)));
  }

  /** Whether every process that answers uses this generation; asks again until then or until time is up. */
  async untilAllUse(generation: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const uses = (await this.#uses()).map((use) => use[this.#projection]);
      if (uses.every((used) => used === undefined || used === generation)) return true;
      if (performance.now() > deadline) return false;
    }
  }

  /** What the processes that answer use. */
  async #uses(): Promise<GenerationUse[]> {
    const uses: GenerationUse[] = [];
    const options = { strategy: 'timer', maxWait: ANSWERS_MS } as const;
    try {
      for await (const answer of await this.#nc.requestMany(USE_SUBJECT, '', options)) {
        uses.push(useSchema.safeParse(safeJson(answer)).data ?? {});
      }
    } catch (error) {
      // Nobody has stores open.
      if (!(error instanceof NoRespondersError)) throw unavailable(error);
    }
    return uses;
  }
}

/** How long to listen for answers: well above what a busy process takes to notice a switch. */
const ANSWERS_MS = 1000;

function safeJson(message: { json(): unknown }): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

const PAUSE_MS = 30_000;
const SETTLE_MS = 5000;
const POLL_MS = 25;

/**
 * Runs `work` while the server gives no messages to a durable consumer, after what it had given has been worked off (or
 * not, within seconds: then a store is away). Publishing goes on; what waits is delivered afterwards. Whoever dies
 * here leaves a pause that ends by itself.
 */
export async function whilePaused<T>(
  nc: NatsConnection,
  { stream, durable }: ConsumerRef,
  work: () => Promise<T>,
): Promise<T> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const pause = () => manager.consumers.pause(stream, durable, new Date(Date.now() + PAUSE_MS));
  await orUnavailable(nc, pause);
  const renewal = setInterval(() => void pause().catch(() => undefined), PAUSE_MS / 3);
  try {
    const deadline = performance.now() + SETTLE_MS;
    while (performance.now() < deadline) {
      const info = await orUnavailable(nc, () => manager.consumers.info(stream, durable));
      if (info.num_ack_pending === 0) break;
      await delay(POLL_MS);
    }
    return await work();
  } finally {
    clearInterval(renewal);
    await orUnavailable(nc, () => manager.consumers.resume(stream, durable));
  }
}
