import { makeDataFolder, type Logger } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { Registry } from '@opensync/platform/telemetry';
import { adapterOf, FIRST_GENERATION, type Stores, type StoreSettings } from './adapters.ts';
import { UnusableStoreError, type StoreName } from './description.ts';
import type { GenerationSource } from './life/source.ts';
import { LIVE_PORT } from './life/live-stores.ts';
import { LiveStore } from './life/live-store.ts';
import { storeObserver } from './observe.ts';
import { handleOf, openNowOrLater, unusableHandle, type Closable, type StoreHandle } from './open-later.ts';

export interface OpenStoresContext {
  readonly logger: Logger;
  readonly disposal: Disposal;
  /** The registry for measuring operations; not set: they are not measured. */
  readonly metrics?: Registry | undefined;
  /** The live generation of each store, now and after a rebuild; not set: always the first one. */
  readonly generations?: GenerationSource | undefined;
  /** Whether the process only reads, with users that may do nothing else; default false. */
  readonly isReader?: boolean | undefined;
  /** The stores that the process needs: it does not start if their servers reject it. Default: all of them. */
  readonly essential?: readonly StoreName[] | undefined;
  /**
   * Called for each operation that fails because the store's contents are unusable, e.g. because its file is damaged.
   * A caller that passes it repairs the store: an embedded one in that state is still opened, and fails with each
   * operation.
   */
  readonly onUnusable?: ((name: StoreName, generation: number, error: UnusableStoreError) => void) | undefined;
  /**
   * Receives for each store a function that opens it again, after the settings have changed where it is: see
   * `LiveStore.reopen`.
   */
  readonly onReopen?: ((name: StoreName, reopen: () => Promise<void>) => void) | undefined;
  /** Called for each store that cannot be used yet, with a line for the operator. */
  readonly onAway?: ((name: StoreName, problem: string) => void) | undefined;
}

/**
 * One generation of a store, live or not, without waiting for an unavailable server. The caller closes it.
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

/** Removes a generation that no process has open. @throws StoreUnavailableError */
export async function dropGeneration<Name extends StoreName>(
  settings: StoreSettings<Name>,
  name: Name,
  generation: number,
): Promise<void> {
  await adapterOf(name, settings, generation).drop();
}

/** Those of these stores that are in the data folder. */
export function embeddedStores<Name extends StoreName>(settings: StoreSettings<Name>, names: readonly Name[]): Name[] {
  return names.filter((name) => adapterOf(name, settings, FIRST_GENERATION).server === undefined);
}

/** Whether any of these stores is in the data folder. */
export function usesDataFolder<Name extends StoreName>(settings: StoreSettings<Name>, names: readonly Name[]): boolean {
  return embeddedStores(settings, names).length > 0;
}

/** The first generation is live, and no other one ever is. */
const FIRST_FOREVER: GenerationSource = {
  live: () => FIRST_GENERATION,
  current: true,
  onSwitch: () => () => undefined,
  uses: () => undefined,
};

/**
 * Opens these stores, each on the server that its setting names or embedded, and closes them at the end. A store
 * whose server is unavailable is opened as soon as it answers; until then its operations throw StoreUnavailableError.
 * The same applies to a store that is not essential and whose server rejects us.
 * @throws ConfigError naming the setting that is wrong; UnusableStoreError for an embedded one that nobody repairs
 */
export async function openStores<Name extends StoreName>(
  settings: StoreSettings<Name>,
  names: readonly Name[],
  {
    logger,
    disposal,
    metrics,
    generations = FIRST_FOREVER,
    onAway,
    onUnusable,
    onReopen,
    isReader = false,
    essential = names,
  }: OpenStoresContext,
): Promise<Pick<Stores, Name>> {
  if (usesDataFolder(settings, names)) await makeDataFolder(settings.OPENSYNC_DATA_DIR);
  const openStore = async <One extends Name>(name: One): Promise<Stores[One]> => {
    const openNext = async (generation: number): Promise<Stores[One]> => {
      const adapter = adapterOf<One>(name, settings, generation);
      const store = await adapter.open({ isReader });
      if (isReader) return store;
      await adapter.use?.().catch((error: unknown) => {
        logger.warn(
          { store: name, generation, err: error },
          'the live generation could not be marked on the server; tools that read the server directly may use an old one',
        );
      });
      return store;
    };
    const open = async (generation: number): Promise<StoreHandle<Stores[One]>> => {
      const { server } = adapterOf<One>(name, settings, generation);
      // A file that cannot be opened does not become available by waiting.
      if (server === undefined) return openEmbedded(() => openNext(generation), onUnusable !== undefined);
      const isEssential = (essential as readonly StoreName[]).includes(name);
      return openNowOrLater({
        ...{ name, server, essential: isEssential, logger, onAway },
        open: () => openNext(generation),
      });
    };
    const live = await LiveStore.open<Stores[One]>({
      ...{ name, open, openNext, source: generations, logger },
      observe: storeObserver(name, metrics),
      onUnusable: onUnusable && ((generation, error) => onUnusable(name, generation, error)),
    });
    onReopen?.(name, () => live.reopen());
    return LIVE_PORT[name](live);
  };
  // All at once: each waits for its own file or server.
  const opened = await Promise.allSettled(names.map(openStore));
  const stores: Partial<Record<StoreName, Stores[StoreName]>> = {};
  for (const [index, name] of names.entries()) {
    const result = opened[index]!;
    if (result.status === 'rejected') continue;
    const store = result.value;
    disposal.defer(`${name} store`, () => store.close());
    stores[name] = store;
  }
  const failed = opened.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return stores as Pick<Stores, Name>;
}

/** @param isRepaired by the caller: then a file that cannot be used is opened all the same, and fails with each operation */
async function openEmbedded<Store extends Closable>(
  open: () => Promise<Store>,
  isRepaired: boolean,
): Promise<StoreHandle<Store>> {
  try {
    return handleOf(await open());
  } catch (error) {
    if (isRepaired && error instanceof UnusableStoreError) return unusableHandle(error);
    throw error;
  }
}
