import { makeDataFolder, type Logger } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { Registry } from '@opensync/platform/telemetry';
import { adapterOf, FIRST_GENERATION, type Stores, type StoreSettings } from './adapters.ts';
import { UnusableStoreError, type StoreName } from './description.ts';
import type { GenerationSource } from './life/source.ts';
import { openSwitching } from './life/switching.ts';
import { observedStore } from './observe.ts';
import { openNowOrLater } from './open-later.ts';

export interface OpenStoresContext {
  readonly logger: Logger;
  readonly disposal: Disposal;
  /** Where the operations are measured; not set: nowhere. */
  readonly metrics?: Registry | undefined;
  /** Which generation of each store is live, now and after a rebuild; not set: always the first one. */
  readonly generations?: GenerationSource | undefined;
  /** The stores that the process is of no use without: it does not start where their servers refuse. Default: all of them. */
  readonly essential?: readonly StoreName[] | undefined;
  /**
   * Called with each operation that fails because what the store holds cannot be used, e.g. because its file is damaged. Who
   * gives it repairs the store: an embedded one in that state is opened all the same, and fails with each operation.
   */
  readonly onUnusable?: ((name: StoreName, generation: number, error: UnusableStoreError) => void) | undefined;
  /** Told of each store that cannot be used yet, with a line for the operator. */
  readonly onAway?: ((name: StoreName, problem: string) => void) | undefined;
}

/**
 * One generation of a store, live or not, without waiting for a server that is away. The caller closes it.
 * @throws ConfigError naming the setting that is wrong, StoreUnavailableError
 */
export async function openGeneration<Name extends StoreName>(
  settings: StoreSettings<Name>,
  name: Name,
  generation: number,
): Promise<Stores[Name]> {
  const adapter = adapterOf(name, settings, generation);
  if (adapter.server === undefined) await makeDataFolder(settings.OPENSYNC_DATA_DIR);
  return adapter.open();
}

/** Removes a generation that nobody has open. @throws StoreUnavailableError */
export async function dropGeneration<Name extends StoreName>(
  settings: StoreSettings<Name>,
  name: Name,
  generation: number,
): Promise<void> {
  await adapterOf(name, settings, generation).drop();
}

/** Those of these stores that lie in the data folder. */
export function embeddedStores<Name extends StoreName>(settings: StoreSettings<Name>, names: readonly Name[]): Name[] {
  return names.filter((name) => adapterOf(name, settings, FIRST_GENERATION).server === undefined);
}

/** Whether any of these stores lies in the data folder. */
export function usesDataFolder<Name extends StoreName>(settings: StoreSettings<Name>, names: readonly Name[]): boolean {
  return embeddedStores(settings, names).length > 0;
}

/**
 * Opens these stores, each on the server that its setting names or else embedded, and closes them at the end. One
 * whose server is merely away is opened as soon as it answers; until then its operations throw
 * StoreUnavailableError. The same goes for one that is not essential and whose server refuses.
 * @throws ConfigError naming the setting that is wrong; UnusableStoreError of an embedded one that nobody repairs
 */
export async function openStores<Name extends StoreName>(
  settings: StoreSettings<Name>,
  names: readonly Name[],
  { logger, disposal, metrics, generations, onAway, onUnusable, essential = names }: OpenStoresContext,
): Promise<Pick<Stores, Name>> {
  if (usesDataFolder(settings, names)) await makeDataFolder(settings.OPENSYNC_DATA_DIR);
  const openStore = async (name: Name): Promise<Stores[StoreName]> => {
    const open = async (generation: number) => {
      const adapter = adapterOf<StoreName>(name, settings as StoreSettings, generation);
      // A file that cannot be opened is not away: nobody else brings it back.
      if (adapter.server === undefined) return onUnusable ? openUsableOrNot(() => adapter.open()) : adapter.open();
      const openLive = async () => {
        const store = await adapter.open();
        await adapter.use?.().catch((error: unknown) => {
          logger.warn({ store: name, generation, err: error }, 'the server does not show which generation is live');
        });
        return store;
      };
      return openNowOrLater({
        name,
        server: adapter.server,
        essential: (essential as readonly StoreName[]).includes(name),
        open: openLive,
        logger,
        onAway,
      });
    };
    const store = generations
      ? await openSwitching({
          name,
          open,
          source: generations,
          logger,
          onUnusable: onUnusable && ((generation, error) => onUnusable(name, generation, error)),
        })
      : await open(FIRST_GENERATION);
    return store;
  };
  // All at once: each waits for its own file or server.
  const opened = await Promise.allSettled(names.map(openStore));
  const stores: Partial<Record<StoreName, Stores[StoreName]>> = {};
  for (const [index, name] of names.entries()) {
    const result = opened[index]!;
    if (result.status === 'rejected') continue;
    const store = result.value;
    disposal.defer(`${name} store`, () => store.close());
    stores[name] = metrics ? observedStore(name, store, metrics) : store;
  }
  const failed = opened.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return stores as Pick<Stores, Name>;
}

/** Where what is stored cannot be used, gives a store whose every operation says so. */
async function openUsableOrNot<Store extends { close(): Promise<void> }>(open: () => Promise<Store>): Promise<Store> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof UnusableStoreError)) throw error;
    return new Proxy({} as Store, {
      get: (_target, property) => {
        if (property === 'close') return () => Promise.resolve();
        // What is awaited is asked for `then`.
        if (property === 'then' || typeof property === 'symbol') return undefined;
        return () => Promise.reject(error);
      },
    });
  }
}
