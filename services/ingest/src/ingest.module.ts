import type { DynamicModule } from '@nestjs/common';
import type { RequestWarning } from '@opensync/contracts';
import type { EventPublisher, ProjectionProgress } from '@opensync/event-log';
import type { PayloadStore } from '@opensync/event-log/payloads';
import type { DocumentStore } from '@opensync/stores';
import { DocumentsProgress } from '@opensync/platform/http';
import { SyncController } from './sync/sync.controller.ts';
import { SyncedMetadata } from './sync/synced-metadata.ts';
import { SyncedSessions } from './sync/synced-sessions.ts';
import { SyncIntake } from './sync/sync-intake.ts';

/** The resources of the gateway; the caller closes them, after the HTTP server has drained. */
export interface IngestResources {
  readonly publisher: Pick<EventPublisher, 'publish'>;
  readonly payloads: Pick<PayloadStore, 'put'>;
  readonly documents: Pick<DocumentStore, 'load' | 'sessions'>;
  readonly progress: Pick<ProjectionProgress, 'waitFor'>;
  /** Called with the repaired and omitted values of each stored session or message. */
  readonly onWarnings?: (warnings: readonly RequestWarning[]) => void;
}

class IngestModule {}

/**
 * The HTTP write gateway: turns requests of plugins into events. Part of an application created with `createHttpApp`.
 */
export function ingestModule({ publisher, payloads, documents, progress, onWarnings }: IngestResources): DynamicModule {
  return {
    module: IngestModule,
    controllers: [SyncController],
    providers: [
      { provide: SyncIntake, useValue: new SyncIntake(publisher, payloads, onWarnings) },
      { provide: SyncedSessions, useValue: new SyncedSessions(documents) },
      { provide: SyncedMetadata, useValue: new SyncedMetadata(documents) },
      { provide: DocumentsProgress, useValue: progress },
    ],
  };
}
