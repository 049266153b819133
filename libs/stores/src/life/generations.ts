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
import { AppError, isRetryable, type Logger, type VectorModel } from '@opensync/platform';
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
 * The live generation of each store, which every process learns at once, and the generations that this process uses.
 * After its switch, a rebuild waits until all reachable processes use the new one.
 * The live generation's number only ever grows. A record with a lower one, or a missing record, means that the log
 * was emptied: a process that knows a higher number writes it again; otherwise processes would use different
 * generations. A reader writes nothing: while there is no record, it uses the first generation.
 */
export class Generations {
  readonly #nc: LogConnection;
  readonly #bucket: KV;
  readonly #isReader: boolean;
  readonly #logger: Pick<Logger, 'error'> | undefined;
  readonly #live = new Map<Projection, { readonly record: GenerationRecord; readonly revision: number }>();
  readonly #inUse: GenerationUse = {};
  readonly #listeners = new Set<(projection: Projection, generation: number) => void>();
  readonly #unlink: readonly ((() => void) | undefined)[];
  readonly #ready = Promise.withResolvers<void>();
  #answering: (() => void) | undefined;
  #watch: BucketWatch | undefined;
  /**
   * What was read from the bucket may be outdated; a counter, so that a watch that is just beginning is restarted as
   * well.
   */
  #restarts = 0;
  #current = false;
  #closed = false;
  /** The last permanent error of following the bucket, so that each is logged once. */
  #failure: string | undefined;
  readonly #following: Promise<void>;

  /** Resolves when the live generations are known. @throws UnreadableRecordError; AppError UNAVAILABLE */
  static async open(
    nc: LogConnection,
    logger?: Pick<Logger, 'error'>,
    { isReader = false }: { readonly isReader?: boolean | undefined } = {},
  ): Promise<Generations> {
    const bucket = await orUnavailable(nc, () => openBucket(nc, GENERATION_BUCKET));
    const generations = new Generations(nc, bucket, logger, isReader);
    try {
      await generations.#ready.promise;
    } catch (error) {
      await generations.close();
      throw error;
    }
    return generations;
  }

  private constructor(nc: LogConnection, bucket: KV, logger: Pick<Logger, 'error'> | undefined, isReader: boolean) {
    this.#isReader = isReader;
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

  /** The record of the store's life, as last received. */
  record(projection: Projection): GenerationRecord {
    return this.#live.get(projection)?.record ?? FIRST_RECORD;
  }

  /**
   * Whether `live` is up to date. It is not while the log is unavailable: a process that writes then might write into
   * a generation that nobody reads any more.
   */
  get current(): boolean {
    return this.#current;
  }

  /** Called with each switch. Returns a function that unsubscribes. */
  onSwitch(listener: (projection: Projection, generation: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From now on tells rebuilds that this process reads and writes this generation. */
  uses(projection: Projection, generation: number): void {
    this.#inUse[projection] = generation;
    // Not before: a rebuild waits for the answers of all listening processes.
    this.#answering ??= answerInUse(this.#nc, () => this.#inUse);
  }

  /** The generations of these stores that this process uses at this moment. */
  used(projections: readonly Projection[]): GenerationUse {
    return Object.fromEntries(projections.map((projection) => [projection, this.#inUse[projection]]));
  }

  /**
   * Asks the log itself, because the watch may lag, whether these generations are the live ones.
   * @throws AppError UNAVAILABLE if one is not, this process has switched to another, the log lost the record, or
   * does not answer
   * @param model that the vectors must use; not set: any
   */
  async confirm(used: GenerationUse, model?: VectorModel): Promise<void> {
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

  /** Reads everything again. A switch in between is unknown before the next watch has begun. */
  #restart(): void {
    this.#restarts++;
    this.#current = false;
    // Revisions of another bucket begin at 1.
    for (const [projection, { record }] of this.#live) this.#live.set(projection, { record, revision: 0 });
    this.#watch?.stop();
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      const restarts = this.#restarts;
      try {
        if (!this.#isReader) await Promise.all(PROJECTIONS.map((projection) => this.#provide(projection)));
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
        // The bucket does not answer, or a record cannot be read; reads use the known state, and nothing is written.
        this.#report(error);
      }
      this.#watch?.stop();
      this.#current = false;
      if (!this.#closed) await delay(RETRY_MS);
    }
  }

  /**
   * A starting process fails with a record that it cannot read; a running one continues once an operator has fixed
   * it.
   */
  #report(error: unknown): void {
    if (error instanceof UnreadableRecordError) this.#ready.reject(error);
    // Client errors: the log is unavailable, which others report.
    else if (!(error instanceof AppError) || isRetryable(error)) return;
    if (this.#failure === error.message) return;
    this.#failure = error.message;
    this.#logger?.error(
      { err: error },
      'the record of live generations cannot be read; writes to the stores are paused',
    );
  }

  /** @throws AppError UNAVAILABLE also if the record cannot be read: no event may be dead-lettered because of that */
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

  /** Applies the entry and returns it. */
  #apply(
    projection: Projection,
    entry: Parameters<typeof recordOf>[0],
    revision: number | undefined,
  ): GenerationRecord | undefined {
    const record = recordOf(entry);
    const known = this.#live.get(projection);
    const before = this.live(projection);
    // The watch may lag behind this answer.
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
  {
    disposal,
    logger,
    isReader,
  }: {
    readonly disposal: Disposal;
    readonly logger: Pick<Logger, 'error'>;
    readonly isReader?: boolean | undefined;
  },
): Promise<Generations> {
  const generations = await Generations.open(nc, logger, { isReader });
  disposal.defer('generations', () => generations.close());
  return generations;
}

/**
 * The live generations at this moment; the first ones if nothing is recorded, or the bucket is missing.
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
