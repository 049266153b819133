import { isRetryable, type Logger } from '@opensync/platform';
import { StoreUnavailableError, type StoreName } from './description.ts';

/** Between two attempts to open a store that was away; callers in between are refused at once. */
const RETRY_MS = 1000;

/**
 * Opens a store; where it is away for now, gives one that opens it at the first use that finds it there. A process
 * must not depend on which of its servers is started first.
 * @throws what `open` throws that is not worth retrying
 */
export async function openNowOrLater<Store extends { close(): Promise<void> }>(
  name: StoreName,
  open: () => Promise<Store>,
  logger: Logger,
): Promise<Store> {
  try {
    return await open();
  } catch (error) {
    if (!isRetryable(error)) throw error;
    logger.warn({ store: name, err: error }, 'store is away; it is opened when it answers');
    return openLater(name, open, logger, error);
  }
}

function openLater<Store extends { close(): Promise<void> }>(
  name: StoreName,
  open: () => Promise<Store>,
  logger: Logger,
  firstProblem: unknown,
): Store {
  let problem = firstProblem;
  let failedAt = Date.now();
  let opening: Promise<Store> | undefined;
  let closed = false;

  const opened = (): Promise<Store> => {
    if (!opening && (closed || Date.now() - failedAt < RETRY_MS)) {
      return Promise.reject(new StoreUnavailableError(name, { cause: problem }));
    }
    opening ??= open().then(
      (store) => {
        logger.info({ store: name }, 'store is open');
        return store;
      },
      (error: unknown) => {
        // Also a wrong setting: it showed only now, and correcting it on the server needs no restart here.
        if (!isRetryable(error)) logger.error({ store: name, err: error }, 'store cannot be opened');
        problem = error;
        failedAt = Date.now();
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
  return new Proxy({} as Store, {
    get: (_target, property) => {
      if (property === 'close') return close;
      // What is awaited is asked for `then`.
      if (property === 'then' || typeof property === 'symbol') return undefined;
      return async (...args: unknown[]) => {
        const store = (await opened()) as Record<string, (...args: unknown[]) => unknown>;
        return store[property]!(...args);
      };
    },
  });
}
