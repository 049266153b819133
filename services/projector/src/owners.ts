import pMap from 'p-map';
import { isRetryable } from '@opensync/platform';

/**
 * Does the work of each owner, at most `concurrency` at once, and waits for all of it even if some fails: otherwise
 * leftover work would still run when the batch is retried.
 * @throws the failure; a retryable error before others, since a retry shows those again
 */
export async function forEachOwner<Item>(
  items: Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  await pMap(items, (item) => work(item).catch((error: unknown) => failures.push(error)), { concurrency });
  if (failures.length > 0) throw failures.find(isRetryable) ?? failures[0];
}
