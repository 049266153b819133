import type { Projection } from '@opensync/contracts';
import type { BatchHandler } from '@opensync/event-log';
import type { VectorModel } from '@opensync/platform';
import type { Generations } from './generations.ts';

/**
 * Handles batches so that none is acknowledged that used a generation which is no longer live. Otherwise a switch
 * could lose an event: a process that has not heard of it yet (its connection or event loop hangs for a moment) would
 * write it to the previous generation, which nobody reads, and acknowledge it.
 * The log is asked after the work, so everything that is acknowledged for the previous generation was on the log
 * before the switch, and the rebuild catches up with it after the switch. Costs a request per store and batch.
 * @param stores that the handler reads and writes
 * @param model that the vectors must use, at the end of the batch
 */
export function onLiveGenerations(
  generations: Pick<Generations, 'used' | 'confirm'>,
  stores: readonly Projection[],
  handler: BatchHandler,
  model?: () => VectorModel,
): BatchHandler {
  return async (batch, context) => {
    const used = generations.used(stores);
    const outcome = await handler(batch, context);
    await generations.confirm(used, model?.());
    return outcome;
  };
}
