import { setTimeout as delay } from 'node:timers/promises';
import { rootReasonOf, type Logger } from '@opensync/platform';
import { StoreUnavailableError, UnusableStoreError, type StoreName } from '../description.ts';
import type { Observe } from '../observe.ts';
import { handleOf, type Closable, type StoreHandle } from '../open-later.ts';
import type { GenerationSource } from './source.ts';

export interface LiveStoreOptions<Store extends Closable> {
  readonly name: StoreName;
  /** Opens the first live generation; it may not be usable yet, because there is no other. */
  readonly open: (generation: number) => Promise<StoreHandle<Store>>;
  /** Opens a generation to switch to. @throws if it is not usable: the previous one then stays in use */
  readonly openNext: (generation: number) => Promise<Store>;
  readonly source: GenerationSource;
  readonly logger: Logger;
  readonly observe: Observe;
  /** How long an operation may keep a generation open that is no longer live, ms; default 30 s. */
  readonly retireLimitMs?: number;
  /** Called for each operation that fails because the contents of the generation are unusable. */
  readonly onUnusable?: ((generation: number, error: UnusableStoreError) => void) | undefined;
}

const RETRY_MS = 1000;
/** Maximum time for an operation on the previous generation after a switch. */
const RETIRE_MS = 30_000;

/** A generation with its operations in progress. */
class OpenGeneration<Store extends Closable> {
  readonly number: number;
  readonly #handle: StoreHandle<Store>;
  #underWay = 0;
  #onIdle: (() => void) | undefined;

  constructor(number: number, handle: StoreHandle<Store>) {
    this.number = number;
    this.#handle = handle;
  }

  async run<T>(operation: (store: Store) => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await operation(await this.#handle.use());
    } finally {
      if (--this.#underWay === 0) this.#onIdle?.();
    }
  }

  /** Closes it after its last operation, or after `limitMs` regardless of operations, which may never end. */
  async retire(limitMs: number): Promise<void> {
    if (this.#underWay > 0) {
      const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
      const limit = new AbortController();
      await Promise.race([idle, delay(limitMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
      limit.abort();
    }
    await this.#handle.close();
  }
}

/**
 * The live generation of a store: after a switch the next operation uses the new one. While it is not known
 * which generation is live, or it is not open yet, reads use the previous one, and writes are rejected as
 * unavailable: nobody would read them.
 */
export class LiveStore<Store extends Closable> {
  readonly #options: LiveStoreOptions<Store>;
  readonly #unsubscribe: () => void;
  readonly #retiring = new Map<number, Promise<unknown>>();
  #current: OpenGeneration<Store>;
  #following = Promise.resolve();
  #closed = false;
  /** Why the live generation cannot be opened. */
  #problem: unknown;

  /** @throws what `open` throws for the generation that is live at first */
  static async open<Store extends Closable>(options: LiveStoreOptions<Store>): Promise<LiveStore<Store>> {
    const generation = options.source.live(options.name);
    return new LiveStore(options, new OpenGeneration(generation, await options.open(generation)));
  }

  private constructor(options: LiveStoreOptions<Store>, first: OpenGeneration<Store>) {
    const { name, source } = options;
    this.#options = options;
    this.#current = first;
    source.uses(name, first.number);
    const switched = () => (this.#following = this.#following.then(() => this.#follow()));
    this.#unsubscribe = source.onSwitch((store) => void (store === name && switched()));
    // What was switched while the first one was being opened.
    void switched();
  }

  read<T>(operation: keyof Store & string, work: (store: Store) => Promise<T>): Promise<T> {
    return this.#options.observe(operation, () => this.#run(work));
  }

  /** An operation that changes something. */
  write<T>(operation: keyof Store & string, work: (store: Store) => Promise<T>): Promise<T> {
    return this.#options.observe(operation, async () => {
      this.#assertLive();
      return this.#run(work);
    });
  }

  /**
   * Opens the live generation again, at the location that `openNext` knows by now. The caller keeps writers away
   * meanwhile. @throws what `openNext` throws; the former one then stays in use
   */
  reopen(): Promise<void> {
    const reopening = this.#following.then(async () => {
      const { number } = this.#current;
      const before = this.#current;
      this.#current = new OpenGeneration(number, handleOf(await this.#options.openNext(number)));
      this.#retire(before);
    });
    this.#following = reopening.catch(() => undefined);
    return reopening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    await this.#following;
    await Promise.all([...this.#retiring.values(), this.#current.retire(this.#retireLimitMs)]);
  }

  async #run<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const generation = this.#current;
    try {
      return await generation.run(work);
    } catch (error) {
      if (error instanceof UnusableStoreError) this.#options.onUnusable?.(generation.number, error);
      throw error;
    }
  }

  async #follow(): Promise<void> {
    const { name, source, logger, openNext, onUnusable } = this.#options;
    while (!this.#closed && source.live(name) !== this.#current.number) {
      const generation = source.live(name);
      try {
        // A store is never open twice.
        await this.#retiring.get(generation);
        const next = new OpenGeneration(generation, handleOf(await openNext(generation)));
        const before = this.#current;
        this.#current = next;
        source.uses(name, generation);
        logger.info({ store: name, generation }, 'store switched to a new live generation');
        this.#problem = undefined;
        this.#retire(before);
      } catch (error) {
        // Once for each problem: it is tried every second.
        if (rootReasonOf(error) !== rootReasonOf(this.#problem)) {
          logger.error(
            { store: name, generation, err: error },
            'the live generation cannot be opened; reading from the previous one and retrying',
          );
        }
        this.#problem = error;
        if (error instanceof UnusableStoreError) onUnusable?.(generation, error);
        await delay(RETRY_MS);
      }
    }
  }

  /** In parallel with everything else: a hanging read must block neither this switch nor the next one. */
  #retire(generation: OpenGeneration<Store>): void {
    const { name: store, logger } = this.#options;
    const retired = generation
      .retire(this.#retireLimitMs)
      .catch((err: unknown) =>
        logger.warn({ store, generation: generation.number, err }, 'the previous generation could not be closed'),
      )
      .finally(() => this.#retiring.delete(generation.number));
    this.#retiring.set(generation.number, retired);
  }

  #assertLive(): void {
    const { name, source } = this.#options;
    if (!source.current) {
      throw new StoreUnavailableError(name, {
        message: `the ${name} store refuses writes: the record of the live generation cannot be read`,
      });
    }
    const generation = source.live(name);
    if (generation === this.#current.number) return;
    throw new StoreUnavailableError(name, {
      message: `the ${name} store refuses writes: generation ${generation} is live but not open in this process yet`,
      cause: this.#problem,
    });
  }

  get #retireLimitMs(): number {
    return this.#options.retireLimitMs ?? RETIRE_MS;
  }
}
