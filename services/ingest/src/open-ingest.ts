import type { DynamicModule } from '@nestjs/common';
import {
  EventPublisher,
  ProjectionProgress,
  PUBLISH_SETTINGS,
  publishMode,
  type LogConnection,
} from '@opensync/event-log';
import { observedPublisher, serveLogProblem } from '@opensync/event-log/observe';
import { PayloadStore } from '@opensync/event-log/payloads';
import type { Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { Registry } from '@opensync/platform/telemetry';
import type { DocumentStore } from '@opensync/stores';
import { ingestModule } from './ingest.module.ts';
import { countedWarnings } from './sync/warnings.ts';

export const INGEST_SETTINGS = PUBLISH_SETTINGS;

export interface OpenIngestContext {
  readonly nc: LogConnection;
  readonly documents: DocumentStore;
  readonly disposal: Disposal;
  readonly metrics: Registry;
}

/** The write gateway on this log. The disposal closes its resources after the requests in progress. */
export function openIngest(
  settings: Pick<Settings, (typeof INGEST_SETTINGS)[number]>,
  { nc, documents, disposal, metrics }: OpenIngestContext,
): DynamicModule {
  const publisher = new EventPublisher(nc, { source: 'opensync/ingest', mode: publishMode(settings) });
  serveLogProblem(nc);
  disposal.defer('publisher', () => publisher.close());
  return ingestModule({
    publisher: observedPublisher(publisher, metrics),
    payloads: new PayloadStore(nc),
    documents,
    progress: new ProjectionProgress(nc),
    onWarnings: countedWarnings(metrics),
  });
}
