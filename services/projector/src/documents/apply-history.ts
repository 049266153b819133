import type { StoredDelivery } from '@opensync/event-log';
import { isRetryable } from '@opensync/platform';
import { untilAvailable } from '../rebuild/candidate.ts';
import type { DocumentsProjection } from './documents-projection.ts';

/**
 * Applies events that the live consumer has already processed. Unprocessable ones became dead letters then, or were
 * dropped, so they are skipped. Returns their number.
 * @throws AppError UNAVAILABLE if a store stays unavailable for minutes
 */
export async function applyHistory(
  projection: Pick<DocumentsProjection, 'apply'>,
  batch: readonly StoredDelivery[],
): Promise<number> {
  try {
    const { poison = [] } = await untilAvailable(() => projection.apply(batch));
    return poison.length;
  } catch (error) {
    if (isRetryable(error)) throw error;
    if (batch.length === 1) return 1;
    let skipped = 0;
    for (const delivery of batch) skipped += await applyHistory(projection, [delivery]);
    return skipped;
  }
}
