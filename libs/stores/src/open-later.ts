import { ConfigError, isRetryable, type Logger, rootReasonOf } from '@opensync/platform';
import { STORE_URL } from './adapters.ts';
import { StoreUnavailableError, UnfitServerError, UnusableStoreError, type StoreName } from './description.ts';

/** Pause between attempts to open an unavailable store; calls in between are rejected at once. */
const RETRY_MS = 1000;

export interface Closable {
  close(): Promise<void>;
}

/** A store that is open, or may be by the time it is used. */
export interface StoreHandle<Store extends Closable> {
  /** @throws StoreUnavailableError */
  readonly use: () => Promise<Store>;
  readonly close: () => Promise<void>;
}

/** @param store is open */
export function handleOf<Store extends Closable>(store: Store): StoreHandle<Store> {
  return { use: () => Promise.resolve(store), close: () => store.close() };
}

/** Of a store whose contents cannot be used: each use fails with the same error. */
export function unusableHandle<Store extends Closable>(error: UnusableStoreError): StoreHandle<Store> {
  return { use: () => Promise.reject(error), close: () => Promise.resolve() };
}

export interface OpenNowOrLaterOptions<Store extends Closable> {
  readonly name: StoreName;
  /** Its location, without credentials. */
  readonly server: string;
  /** Whether the process is useless without it. */
  readonly essential: boolean;
  readonly open: () => Promise<Store>;
  readonly logger: Logger;
  /** Called, once and before this resolves, if it is opened later. */
  readonly onAway?: ((name: StoreName, problem: string) => void) | undefined;
}

/**
 * Opens a store; if it is unavailable, returns a store that opens it on the first use after it is available. A
 * process must not depend on the order in which its servers start. For a store that is not essential, this also
 * applies to a server that rejects us: it may do so only later, and the cause may be fixed on the server.
 * @throws ConfigError if a setting is malformed; for an essential store all errors of `open` that are not worth
 * retrying
 */
export async function openNowOrLater<Store extends Closable>(
  options: OpenNowOrLaterOptions<Store>,
): Promise<StoreHandle<Store>> {
  try {
    return handleOf(await options.open());
  } catch (error) {
    const isMalformed = error instanceof ConfigError && !(error instanceof UnfitServerError);
    if (isMalformed || (options.essential && !isRetryable(error))) throw error;
    options.onAway?.(options.name, problemOf(error, options));
    return openLater(options, error);
  }
}

/** Why it cannot be opened, starting with the name of the setting, and what to do about it, in one line. */
function problemOf(error: unknown, { name, server }: Pick<OpenNowOrLaterOptions<Closable>, 'name' | 'server'>): string {
  // The messages of these errors are complete.
  if (error instanceof ConfigError || error instanceof UnusableStoreError) return error.message;
  if (!isRetryable(error))
    return `${STORE_URL[name]}: the ${name} store at ${server} cannot be opened: ${rootReasonOf(error)}`;
  return (
    `${STORE_URL[name]}: the ${name} store at ${server} does not answer (${rootReasonOf(error)}); ` +
    'check the address, and whether the server runs'
  );
}

function openLater<Store extends Closable>(
  options: OpenNowOrLaterOptions<Store>,
  firstProblem: unknown,
): StoreHandle<Store> {
  const { name, open, logger } = options;
  let problem = firstProblem;
  let failedAt = performance.now();
  let opening: Promise<Store> | undefined;
  let closed = false;
  let told: string | undefined;

  /** Once for each problem, because it is checked every second. */
  const tell = (error: unknown) => {
    const line = problemOf(error, options);
    if (line === told) return;
    told = line;
    if (isRetryable(error)) logger.warn({ store: name }, line);
    // Even for a wrong setting: fixing it on the server needs no restart here.
    else logger.error({ store: name, ...(!(error instanceof ConfigError) && { err: error }) }, line);
  };
  tell(problem);

  const use = (): Promise<Store> => {
    if (!opening && (closed || performance.now() - failedAt < RETRY_MS)) {
      return Promise.reject(new StoreUnavailableError(name, { cause: problem }));
    }
    opening ??= open().then(
      (store) => {
        logger.info({ store: name }, 'store opened');
        return store;
      },
      (error: unknown) => {
        tell(error);
        problem = error;
        failedAt = performance.now();
        opening = undefined;
        throw new StoreUnavailableError(name, { cause: error });
      },
    );
    return opening;
  };
  const close = async () => {
    closed = true;
    await opening?.then(
      (store) => store.close(),
      () => undefined,
    );
  };
  return { use, close };
}
