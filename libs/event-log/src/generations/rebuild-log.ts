import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { NoRespondersError, nuid, type NatsConnection } from '@nats-io/transport-node';
import { GENERATION_BUCKET, type ConsumerRef } from '../topology/names.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';
import {
  FIRST_GENERATION,
  generationRecordSchema,
  liveEntry,
  USE_SUBJECT,
  useSchema,
  type Checkpoint,
  type GenerationRecord,
  type GenerationUse,
  type Projection,
} from './records.ts';

/** Another process has taken over the rebuild of the same store. */
export class RebuildConflictError extends Error {
  override readonly name = 'RebuildConflictError';
}

/** What the log keeps of one projection's generations and of their making. */
export class RebuildLog {
  readonly #nc: NatsConnection;
  readonly #bucket: KV;
  readonly #projection: Projection;
  readonly #run = nuid.next();

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
    return (await orUnavailable(this.#nc, () => this.#read())).record;
  }

  /**
   * Makes the rebuild this run's own: whoever had it before is refused from now on, whatever it is doing.
   * @param restart Does not go on with the generation of an interrupted run, which is kept as it is: that run may be
   * writing to it still.
   */
  async claim({ restart }: { restart: boolean }): Promise<Checkpoint & { readonly resumed: boolean }> {
    let resumed = false;
    const { rebuild } = await this.#change((record) => {
      const { live, kept, rebuild: before } = record;
      if (before?.run === this.#run) return record;
      // One whose generation is live already was interrupted after the switch: there is nothing left of it to do.
      const open = before && before.generation !== live ? before : undefined;
      resumed = open !== undefined && !restart;
      if (open && resumed) return { live, kept, rebuild: { ...open, run: this.#run } };
      const known = open ? [...kept, open.generation] : kept;
      const generation = Math.max(live, ...known) + 1;
      return { live, kept: known, rebuild: { generation, position: null, run: this.#run } };
    });
    return { generation: rebuild!.generation, position: rebuild!.position, resumed };
  }

  /** @throws RebuildConflictError where another run has claimed the rebuild since; AppError UNAVAILABLE */
  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.#change((record) => ({ ...this.#own(record), rebuild: { ...checkpoint, run: this.#run } }));
  }

  /**
   * Puts the generation that this run has made to use.
   * @throws RebuildConflictError where another run has claimed the rebuild since; AppError UNAVAILABLE
   */
  async switchOver(): Promise<GenerationRecord> {
    return this.#change((record) => {
      const { live, kept, rebuild } = this.#own(record);
      return rebuild.generation === live ? record : { live: rebuild.generation, kept: [...kept, live], rebuild };
    });
  }

  /** Ends the rebuild after its switch, unless another has begun. @throws AppError UNAVAILABLE */
  async finish(): Promise<void> {
    await this.#change((record) => {
      const { live, kept, rebuild } = record;
      return rebuild?.run === this.#run ? { live, kept } : record;
    });
  }

  /** Strikes generations that were removed. @throws AppError UNAVAILABLE */
  async forget(removed: readonly number[]): Promise<void> {
    await this.#change(({ kept, ...record }) => ({
      ...record,
      kept: kept.filter((generation) => !removed.includes(generation)),
    }));
  }

  #own({ rebuild, ...record }: GenerationRecord): GenerationRecord & Required<Pick<GenerationRecord, 'rebuild'>> {
    if (rebuild?.run === this.#run) return { ...record, rebuild };
    throw new RebuildConflictError('another rebuild of the same store has taken over');
  }

  async #read(): Promise<{ record: GenerationRecord; revision: number }> {
    const entry = await this.#bucket.get(liveEntry(this.#projection));
    const record = entry?.operation === 'PUT' ? generationRecordSchema.parse(entry.json()) : FIRST_GENERATION;
    return { record, revision: entry?.revision ?? 0 };
  }

  /**
   * Writes what becomes of the record unless it changed meanwhile: then it is read, and changed, again. A change gives
   * back the same record where it has been made already, which the answer of an earlier attempt may not have told.
   */
  async #change(change: (record: GenerationRecord) => GenerationRecord): Promise<GenerationRecord> {
    for (;;) {
      const { record, revision } = await orUnavailable(this.#nc, () => this.#read());
      const changed = change(record);
      if (changed === record || (await this.#put(changed, revision))) return changed;
    }
  }

  /** False where somebody has changed the record since. */
  async #put(record: GenerationRecord, revision: number): Promise<boolean> {
    return orUnavailable(this.#nc, async () => {
      try {
        await this.#bucket.put(liveEntry(this.#projection), JSON.stringify(record), { previousSeq: revision });
        return true;
      } catch (error) {
        const isStale = error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
        if (isStale) return false;
        throw error;
      }
    });
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
