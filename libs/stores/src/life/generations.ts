import { setTimeout as delay } from 'node:timers/promises';
import { PROJECTIONS, type Projection } from '@opensync/contracts';
import type { KV, KvEntry } from '@nats-io/kv';
import {
  GENERATION_BUCKET,
  openBucket,
  orUnavailable,
  watchBucket,
  type BucketWatch,
  type LogConnection,
} from '@opensync/event-log';
import { AppError, type EmbeddingModel, isRetryable, type Logger } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { answerInUse } from './in-use.ts';
import { assertModel } from './model.ts';
import { provideRecord } from './provide-record.ts';
import {
  FIRST_RECORD,
  liveEntry,
  recordOf,
  type GenerationRecord,
  type GenerationUse,
  UnreadableRecordError,
} from './records.ts';

const RETRY_MS = 250;

/**
 * Which generation of each store is live, as every process hears it at once, and which ones this process uses. A rebuild
 * waits after its switch until all processes that can be reached use the new one.
 *
 * The live generation's number only ever grows. A record that has a lower one, or is not there, means that the log was
 * emptied: a process that knows a higher one writes it again, else some processes would use one generation and some another.
 */
export class Generations {
  readonly #nc: LogConnection;
  readonly #bucket: KV;
  readonly #logger: Pick<Logger, 'error'> | undefined;
  readonly #live = new Map<Projection, { readonly record: GenerationRecord; readonly revision: number }>();
  readonly #inUse: GenerationUse = {};
  readonly #listeners = new Set<(projection: Projection, generation: number) => void>();
  readonly #unlink: readonly ((() => void) | undefined)[];
  readonly #ready = Promise.withResolvers<void>();
  #answering: (() => void) | undefined;
  #watch: BucketWatch | undefined;
  /** What was read of the bucket may be over; counts so that a watch that is just beginning is restarted as well. */
  #restarts = 0;
  #current = false;
  #closed = false;
  /** The last error of following the bucket that no retry helps against, so that each is logged once. */
  #failure: string | undefined;
  readonly #following: Promise<void>;

  /** Resolves when it is known which generations are live. @throws UnreadableRecordError; AppError UNAVAILABLE */
  static async open(nc: LogConnection, logger?: Pick<Logger, 'error'>): Promise<Generations> {
    const bucket = await orUnavailable(nc, () => openBucket(nc, GENERATION_BUCKET));
    const generations = new Generations(nc, bucket, logger);
    try {
      await generations.#ready.promise;
    } catch (error) {
      await generations.close();
      throw error;
    }
    return generations;
  }

  private constructor(nc: LogConnection, bucket: KV, logger: Pick<Logger, 'error'> | undefined) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#logger = logger;
    const restart = () => this.#restart();
    this.#unlink = [nc.link.onChange(restart), nc.topology?.onReplaced(GENERATION_BUCKET, restart)];
    this.#following = this.#follow();
  }

  live(projection: Projection): number {
    return this.record(projection).live;
  }

  /** What is recorded of the store's life, as far as it was heard. */
  record(projection: Projection): GenerationRecord {
    return this.#live.get(projection)?.record ?? FIRST_RECORD;
  }

  /**
   * Whether `live` is what all others see. It is not while the log is away: a process that writes then might write into a
   * generation that nobody reads any more.
   */
  get current(): boolean {
    return this.#current;
  }

  /** Called with each switch. Returns what ends that. */
  onSwitch(listener: (projection: Projection, generation: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Answers a rebuild that asks from now on: this process reads and writes this generation. */
  uses(projection: Projection, generation: number): void {
    this.#inUse[projection] = generation;
    // Not before: a rebuild waits for the answers of all processes that listen.
    this.#answering ??= answerInUse(this.#nc, () => this.#inUse);
  }

  /** What this process reads and writes of these at this moment. */
  used(projections: readonly Projection[]): GenerationUse {
    return Object.fromEntries(projections.map((projection) => [projection, this.#inUse[projection]]));
  }

  /**
   * Asks the log itself, which the watch may lag behind, whether these generations are the live ones.
   * @throws AppError UNAVAILABLE if one is not, this process has gone over to another, the log lost the record, or
   * does not answer
   * @param model that the vectors must be made with; not set: any
   */
  async confirm(used: GenerationUse, model?: Pick<EmbeddingModel, 'name' | 'dimensions'>): Promise<void> {
    for (const projection of PROJECTIONS) {
      const generation = used[projection];
      if (generation === undefined) continue;
      const before = this.live(projection);
      const entry = await orUnavailable(this.#nc, () => this.#bucket.get(liveEntry(projection)));
      const record = this.#applyOrRefuse(projection, entry);
      if (!record || record.live < before) {
        this.#restart();
        throw new AppError(
          'UNAVAILABLE',
          `The log has lost the record of the live generation of the ${projection} store.`,
        );
      }
      if (record.live !== generation || this.#inUse[projection] !== generation) {
        throw new AppError('UNAVAILABLE', `Another generation of the ${projection} store is live now.`);
      }
      if (projection === 'vectors' && model) assertModel(record, model);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ready.resolve();
    for (const unlink of this.#unlink) unlink?.();
    this.#answering?.();
    this.#watch?.stop();
    await this.#following;
  }

  /** Reads everything again. What was switched meanwhile is not known before the next watch has begun. */
  #restart(): void {
    this.#restarts++;
    this.#current = false;
    // Those of another bucket begin at 1.
    for (const [projection, { record }] of this.#live) this.#live.set(projection, { record, revision: 0 });
    this.#watch?.stop();
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      const restarts = this.#restarts;
      try {
        await Promise.all(PROJECTIONS.map((projection) => this.#provide(projection)));
        const watch = await watchBucket(this.#nc, GENERATION_BUCKET, 'live.*');
        this.#watch = watch;
        for (const projection of PROJECTIONS) {
          const entry = await this.#bucket.get(liveEntry(projection));
          this.#apply(projection, entry, entry?.revision);
        }
        if (restarts !== this.#restarts || this.#closed) watch.stop();
        else this.#current = true;
        this.#failure = undefined;
        this.#ready.resolve();
        for await (const entry of watch) {
          const projection = PROJECTIONS.find((name) => liveEntry(name) === entry.key);
          if (projection) this.#apply(projection, entry, entry.sequence);
        }
      } catch (error) {
        // The bucket does not answer, or a record cannot be read; what was known stays what is read, and nothing is written.
        this.#report(error);
      }
      this.#watch?.stop();
      this.#current = false;
      if (!this.#closed) await delay(RETRY_MS);
    }
  }

  /** A process that starts ends with a record that it cannot read; one that runs goes on once somebody has mended it. */
  #report(error: unknown): void {
    if (error instanceof UnreadableRecordError) this.#ready.reject(error);
    // Errors of the client: the log is away, which others report.
    else if (!(error instanceof AppError) || isRetryable(error)) return;
    if (this.#failure === error.message) return;
    this.#failure = error.message;
    this.#logger?.error(
      { err: error },
      'the record of live generations cannot be read; writes to the stores are paused',
    );
  }

  /** @throws AppError UNAVAILABLE also if the record cannot be read: no event may be given up because of that */
  #applyOrRefuse(projection: Projection, entry: KvEntry | null): GenerationRecord | undefined {
    try {
      return this.#apply(projection, entry, entry?.revision);
    } catch (error) {
      throw error instanceof UnreadableRecordError
        ? new AppError('UNAVAILABLE', error.message, { cause: error })
        : error;
    }
  }

  async #provide(projection: Projection): Promise<void> {
    const entry = await provideRecord(this.#nc, this.#bucket, projection, this.#live.get(projection)?.record);
    this.#apply(projection, entry, entry.revision);
  }

  /** Gives what the entry says. */
  #apply(
    projection: Projection,
    entry: Parameters<typeof recordOf>[0],
    revision: number | undefined,
  ): GenerationRecord | undefined {
    const record = recordOf(entry);
    const known = this.#live.get(projection);
    const before = this.live(projection);
    // The watch may lag behind what was asked for.
    if (!record || revision === undefined || record.live < before) return record;
    if (known && record.live === before && revision < known.revision) return record;
    this.#live.set(projection, { record, revision });
    if (record.live > before) for (const listener of [...this.#listeners]) listener(projection, record.live);
    return record;
  }
}

/** Generations that are closed at the end. @throws UnreadableRecordError; AppError UNAVAILABLE */
export async function openGenerations(
  nc: LogConnection,
  { disposal, logger }: { readonly disposal: Disposal; readonly logger: Pick<Logger, 'error'> },
): Promise<Generations> {
  const generations = await Generations.open(nc, logger);
  disposal.defer('generations', () => generations.close());
  return generations;
}

/**
 * Which generations are live at this moment; the first ones if nothing says so, or the bucket is missing.
 * @throws UnreadableRecordError; AppError UNAVAILABLE
 */
export async function generationsNow(nc: LogConnection) {
  const bucket = await orUnavailable(nc, () => openBucket(nc, GENERATION_BUCKET));
  const live = new Map<Projection, number>();
  for (const projection of PROJECTIONS) {
    const record = recordOf(await bucket.get(liveEntry(projection)).catch(() => null));
    if (record) live.set(projection, record.live);
  }
  return {
    live: (projection: Projection) => live.get(projection) ?? FIRST_RECORD.live,
    current: true,
    onSwitch: () => () => undefined,
    uses: () => undefined,
  };
}
