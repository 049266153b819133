import { CONSUMER, isModel, Topology } from '@opensync/event-log';
import type { EmbeddingModel } from '@opensync/platform';
import type { NatsConnection } from '@nats-io/transport-node';

export type IndexName = 'search' | 'vectors';

/**
 * The indexes that lack documents, as far as the last look at the log has shown. To whoever embeds with another model than
 * the projector the vectors are those of documents that came later, at best.
 */
export function partialIndexes(nc: NatsConnection, model: EmbeddingModel): IndexName[] {
  const topology = Topology.of(nc);
  return (['search', 'vectors'] as const).filter((name) => {
    if (topology?.isPartial(CONSUMER[name])) return true;
    const info = topology?.consumer(CONSUMER[name]);
    return info !== undefined && name === 'vectors' && !isModel(info, model);
  });
}
