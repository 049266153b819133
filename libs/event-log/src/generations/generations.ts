import { setTimeout as delay } from 'node:timers/promises';
import { Kvm, type KV, type KvEntry, type KvWatchEntry } from '@nats-io/kv';
import { AppError } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { NatsConnection } from '@nats-io/transport-node';
import { Link } from '../connection.ts';
import { GENERATION_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import {
  FIRST_GENERATION,
  generationRecordSchema,
  liveEntry,
  PROJECTIONS,
  USE_SUBJECT,
  type GenerationUse,
  type Projection,
} from './records.ts';

const RETRY_MS = 250;

/**
 * Which generation of each store is live, as everybody hears it at once, and which ones this process uses. A rebuild
 * switches only for good once all processes that can be reached use the new one.
 */
export class Generations {
  readonly #nc: NatsConnection;
  readonly #bucket: KV;
  readonly #live = new Map<Projection, { generation: number; revision: number }>();
  readonly #inUse: GenerationUse = {};
  readonly #listeners = new Set<(projection: Projection, generation: number) => void>();
  readonly #close: () => void;
  readonly #ready = Promise.withResolvers<void>();
  #watch: Awaited<ReturnType<KV['watch']>> | undefined;
  #current = false;
  #closed = false;
  readonly #following: Promise<void>;

  /** Resolves when it is known which generations are live. @throws AppError UNAVAILABLE */
  static async open(nc: NatsConnection): Promise<Generations> {
    const bucket = await orUnavailable(nc, () => new Kvm(nc).open(GENERATION_BUCKET));
    const generations = new Generations(nc, bucket);
    await generations.#ready.promise;
    return generations;
  }

  private constructor(nc: NatsConnection, bucket: KV) {
    this.#nc = nc;
    this.#bucket = bucket;
    const unlink = Link.of(nc).onChange(() => {
      // What was switched meanwhile is not known before the next watch has begun.
      this.#current = false;
      this.#watch?.stop();
    });
    const answering = nc.subscribe(USE_SUBJECT, {
      callback: (error, request) => {
        if (!error) request.respond(JSON.stringify(this.#inUse));
      },
    });
    this.#close = () => {
      unlink();
      answering.unsubscribe();
      this.#watch?.stop();
    };
    this.#following = this.#follow();
  }

  live(projection: Projection): number {
    return this.#live.get(projection)?.generation ?? FIRST_GENERATION.live;
  }

  /**
   * Whether `live` is what all others see. It is not while the log is away: whoever writes then might write into a
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

  /** Tells whoever asks that this process reads and writes this generation. */
  uses(projection: Projection, generation: number): void {
    this.#inUse[projection] = generation;
  }

  /** What this process reads and writes of these at this moment. */
  used(projections: readonly Projection[]): GenerationUse {
    return Object.fromEntries(projections.map((projection) => [projection, this.#inUse[projection]]));
  }

  /**
   * Asks the log itself, which the watch may lag behind, whether these generations are the live ones.
   * @throws AppError UNAVAILABLE where one is not, this process has gone over to another, or the log does not answer
   */
  async confirm(used: GenerationUse): Promise<void> {
    for (const projection of PROJECTIONS) {
      const generation = used[projection];
      if (generation === undefined) continue;
      this.#apply(projection, await orUnavailable(this.#nc, () => this.#bucket.get(liveEntry(projection))));
      if (this.live(projection) !== generation || this.#inUse[projection] !== generation) {
        throw new AppError('UNAVAILABLE', `Another generation of the ${projection} store is live by now.`);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ready.resolve();
    this.#close();
    await this.#following;
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      try {
        const watch = await this.#bucket.watch({ key: 'live.*' });
        this.#watch = watch;
        for (const projection of PROJECTIONS) this.#apply(projection, await this.#bucket.get(liveEntry(projection)));
        this.#current = true;
        this.#ready.resolve();
        for await (const entry of watch) {
          const projection = PROJECTIONS.find((name) => liveEntry(name) === entry.key);
          if (projection) this.#apply(projection, entry);
        }
      } catch {
        // The bucket does not answer; what was known stays what is read, and nothing is written.
      }
      this.#current = false;
      if (!this.#closed) await delay(RETRY_MS);
    }
  }

  #apply(projection: Projection, entry: KvEntry | KvWatchEntry | null): void {
    const known = this.#live.get(projection);
    if (entry?.operation !== 'PUT' || entry.revision <= (known?.revision ?? 0)) return;
    const { live: generation } = generationRecordSchema.parse(entry.json());
    this.#live.set(projection, { generation, revision: entry.revision });
    if (generation === (known?.generation ?? FIRST_GENERATION.live)) return;
    for (const listener of [...this.#listeners]) listener(projection, generation);
  }
}

/** Generations that are closed at the end. @throws AppError UNAVAILABLE */
export async function openGenerations(nc: NatsConnection, disposal: Disposal): Promise<Generations> {
  const generations = await Generations.open(nc);
  disposal.defer('generations', () => generations.close());
  return generations;
}

/** Which generations are live at this moment; the first ones where nothing says so, the bucket is missing even. */
export async function generationsNow(nc: NatsConnection) {
  const bucket = await orUnavailable(nc, () => new Kvm(nc).open(GENERATION_BUCKET));
  const live = new Map<Projection, number>();
  for (const projection of PROJECTIONS) {
    const entry = await bucket.get(liveEntry(projection)).catch(() => null);
    if (entry?.operation === 'PUT') live.set(projection, generationRecordSchema.parse(entry.json()).live);
  }
  return {
    live: (projection: Projection) => live.get(projection) ?? FIRST_GENERATION.live,
    current: true,
    onSwitch: () => () => undefined,
    uses: () => undefined,
  };
}
