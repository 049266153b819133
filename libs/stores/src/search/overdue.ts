import { StoreUnavailableError } from '../description.ts';
import { monotonicMs } from '../monotonic.ts';

/** Of a search whose time is up. Fewer words may be quick enough. */
export function overdueError(cause?: unknown): StoreUnavailableError {
  return new StoreUnavailableError('search', { message: 'the search takes too long; ask for fewer words', cause });
}

/** Milliseconds that are left, at most `most`. @throws StoreUnavailableError if none are */
export function timeLeft(until: number | undefined, most: number): number {
  const left = Math.min(most, (until ?? Infinity) - monotonicMs());
  if (left <= 0) throw overdueError();
  return left;
}
