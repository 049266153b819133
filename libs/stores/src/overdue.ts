import { StoreUnavailableError, type StoreName } from './description.ts';
import { monotonicMs } from './monotonic.ts';

/** Of a search whose time is up. Fewer words may be quick enough. */
function overdueError(cause?: unknown, store: StoreName = 'search'): StoreUnavailableError {
  const message = `the search takes too long; ${store === 'vectors' ? 'try again' : 'ask for fewer words'}`;
  return new StoreUnavailableError(store, { message, cause });
}

/** Milliseconds that are left, at most `most`. @throws StoreUnavailableError if none are */
export function timeLeft(until: number | undefined, most: number, store?: StoreName): number {
  const left = Math.min(most, (until ?? Infinity) - monotonicMs());
  if (left <= 0) throw overdueError(undefined, store);
  return left;
}

/**
 * A read that ends by itself when the time of its search is up, also if it has not begun by then; its error then says so.
 */
export async function inTime<Result>(
  until: number | undefined,
  read: () => Promise<Result>,
  store?: StoreName,
): Promise<Result> {
  timeLeft(until, Infinity, store);
  try {
    return await read();
  } catch (error) {
    throw until !== undefined && monotonicMs() > until ? overdueError(error, store) : error;
  }
}

/** The result of `work` if it arrives in time. `work` must have a time limit of its own, slightly later. */
export async function awaitedUntil<Result>(
  until: number | undefined,
  work: () => Promise<Result>,
  store?: StoreName,
): Promise<Result> {
  if (until === undefined) return work();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(overdueError(undefined, store)), timeLeft(until, Infinity, store));
  try {
    return await Promise.race([work(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
