import type { Projection } from '@opensync/contracts';
import type { BatchHandler } from '@opensync/event-log';
import type { EmbeddingModel } from '@opensync/platform';
import type { Generations } from './generations.ts';

/**
 * Handles batches so that none is acknowledged which was read from or written to a generation that is not live any
 * more. Else an event could be lost in a switch: a process which has not heard of it yet (its connection or its
 * event loop hangs for a moment) would write it to the generation before, which nobody reads, and acknowledge it.
 *
 * The log is asked after the work, so whatever is acknowledged for the generation before was on the log before the
 * switch was, and the rebuild catches up with that after the switch. Costs a request for each store and batch.
 * @param stores what the handler reads and writes
 * @param model what the vectors must be made with
 */
export function onLiveGenerations(
  generations: Pick<Generations, 'used' | 'confirm'>,
  stores: readonly Projection[],
  handler: BatchHandler,
  model?: Pick<EmbeddingModel, 'name' | 'dimensions'>,
): BatchHandler {
  return async (batch, context) => {
    const used = generations.used(stores);
    const outcome = await handler(batch, context);
    await generations.confirm(used, model);
    return outcome;
  };
}
