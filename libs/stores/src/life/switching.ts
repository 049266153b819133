import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@opensync/platform';
import { StoreUnavailableError, UnusableStoreError, type StoreName } from '../description.ts';
import type { GenerationSource } from './source.ts';

interface Closable {
  close(): Promise<void>;
}

export interface SwitchingOptions<Store extends Closable> {
  readonly name: StoreName;
  readonly open: (generation: number) => Promise<Store>;
  readonly source: GenerationSource;
  readonly logger: Logger;
  /** How long an operation may hold open a generation that is not live any more, ms; default 30 s. */
  readonly retireLimitMs?: number;
  /** Called with each operation that fails because the contents of the generation cannot be used. */
  readonly onUnusable?: ((generation: number, error: UnusableStoreError) => void) | undefined;
}

/** The operations of the ports that change something. */
const WRITES: readonly PropertyKey[] = ['save', 'removeBefore', 'index', 'upsert', 'remove', 'setPosition'];
const RETRY_MS = 1000;
/** Longest that an operation on the generation before may take after a switch. */
const RETIRE_MS = 30_000;

/** A generation with the operations that are under way on it. */
class OpenGeneration<Store extends Closable> {
  readonly number: number;
  readonly store: Store;
  #underWay = 0;
  #onIdle: (() => void) | undefined;

  constructor(number: number, store: Store) {
    this.number = number;
    this.store = store;
  }

  async run<T>(operation: (store: Store) => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await operation(this.store);
    } finally {
      if (--this.#underWay === 0) this.#onIdle?.();
    }
  }

  /** Closes it after its last operation, or after `limitMs` whatever is still under way: that may never end. */
  async retire(limitMs: number): Promise<void> {
    if (this.#underWay > 0) {
      const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
      const limit = new AbortController();
      await Promise.race([idle, delay(limitMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
      limit.abort();
    }
    await this.store.close();
  }
}

/**
 * A store that is always the live generation: after a switch the next operation is on the new one. While it is not known
 * which one that is, or the new one is not open yet, reads are answered from the one before, and writes are refused as
 * unavailable: nobody would read them.
 * @throws what `open` throws for the generation that is live at first
 */
export async function openSwitching<Store extends Closable>({
  name,
  open,
  source,
  logger,
  retireLimitMs = RETIRE_MS,
  onUnusable,
}: SwitchingOptions<Store>): Promise<Store> {
  const first = source.live(name);
  let current = new OpenGeneration(first, await open(first));
  let closed = false;
  /** Why the live generation cannot be opened. */
  let problem: unknown;
  let following = Promise.resolve();
  const retiring = new Map<number, Promise<unknown>>();
  source.uses(name, first);

  async function follow(): Promise<void> {
    while (!closed && source.live(name) !== current.number) {
      const generation = source.live(name);
      try {
        // A store is never open twice.
        await retiring.get(generation);
        const next = new OpenGeneration(generation, await open(generation));
        const before = current;
        current = next;
        source.uses(name, generation);
        logger.info({ store: name, generation }, 'store switched to another generation');
        problem = undefined;
        retire(before);
      } catch (error) {
        problem = error;
        logger.error({ store: name, generation, err: error }, 'generation cannot be opened; the one before is used');
        await delay(RETRY_MS);
      }
    }
  }
  /** Beside everything else: a read that hangs must hold up neither this switch nor the next one. */
  const retire = (generation: OpenGeneration<Store>) => {
    const retired = generation
      .retire(retireLimitMs)
      .catch((err: unknown) =>
        logger.warn({ store: name, generation: generation.number, err }, 'generation not closed'),
      )
      .finally(() => retiring.delete(generation.number));
    retiring.set(generation.number, retired);
  };
  const switched = () => {
    following = following.then(follow);
  };
  const unsubscribe = source.onSwitch((store) => {
    if (store === name) switched();
  });
  // What was switched while the first one was being opened.
  switched();

  const assertLive = () => {
    if (!source.current) {
      throw new StoreUnavailableError(name, {
        message: `the ${name} store refuses: the log does not say which generation is live`,
      });
    }
    const generation = source.live(name);
    if (generation === current.number) return;
    throw new StoreUnavailableError(name, {
      message: `the ${name} store refuses: generation ${generation} is live and not open here`,
      cause: problem,
    });
  };
  const close = async () => {
    closed = true;
    unsubscribe();
    await following;
    await Promise.all([...retiring.values(), current.retire(retireLimitMs)]);
  };
  return new Proxy({} as Store, {
    get: (_target, property) => {
      if (property === 'close') return close;
      // What is awaited is asked for `then`.
      if (property === 'then' || typeof property === 'symbol') return undefined;
      return async (...args: unknown[]) => {
        if (WRITES.includes(property)) assertLive();
        const generation = current;
        try {
          return await generation.run((store) => (store as unknown as Record<string, Operation>)[property]!(...args));
        } catch (error) {
          if (error instanceof UnusableStoreError) onUnusable?.(generation.number, error);
          throw error;
        }
      };
    },
  });
}

type Operation = (...args: unknown[]) => Promise<unknown>;
