import type { DynamicModule } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import { DeadLetters, EmbeddingClient, EventReader, PayloadStore, ProjectionProgress } from '@opensync/event-log';
import { EMBEDDING_SETTINGS, embeddingModelOf, type EmbeddingSettings, type Logger } from '@opensync/platform';
import { describeStores, type Stores } from '@opensync/stores';
import { queryModule } from './query.module.ts';
import { partialIndexes } from './status/partial-indexes.ts';
import { serveStoreReports } from './status/store-reports.ts';

export const QUERY_SETTINGS = EMBEDDING_SETTINGS;

/** The read API on this log and these stores, which also answers the command line's questions about them. */
export function openQuery(
  settings: EmbeddingSettings,
  { nc, stores, logger }: { nc: NatsConnection; stores: Stores; logger: Logger },
): DynamicModule {
  serveStoreReports(nc, () => describeStores(stores));
  return queryModule({
    ...stores,
    payloads: new PayloadStore(nc),
    embeddings: new EmbeddingClient(nc, embeddingModelOf(settings)),
    progress: new ProjectionProgress(nc),
    events: new EventReader(nc),
    deadLetters: new DeadLetters(nc),
    partial: () => partialIndexes(nc, embeddingModelOf(settings)),
    logger,
  });
}
