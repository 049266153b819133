import type { DynamicModule } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  EmbeddingClient,
  isMakingProgress,
  JetStreamStrategy,
  logReports,
  observeBacklog,
  observedHandler,
  PayloadStore,
  publishChanges,
} from '@opensync/event-log';
import {
  EMBEDDING_SETTINGS,
  embeddingModelOf,
  type Logger,
  type ProjectorRole,
  type Settings,
} from '@opensync/platform';
import { counter, METRIC, type Registry } from '@opensync/platform/telemetry';
import type { StoreName, Stores } from '@opensync/stores';
import { projectorModule } from './projector.module.ts';

export const PROJECTOR_SETTINGS = [
  'OPENSYNC_PROJECTOR_ROLES',
  ...EMBEDDING_SETTINGS,
] as const satisfies (keyof Settings)[];
export type ProjectorSettings = Pick<Settings, (typeof PROJECTOR_SETTINGS)[number]>;

/** Indexing waits for the embedder, which may be loading its model or working off a backlog. */
const EMBED_TIMEOUT_MS = 120_000;

export interface Projector {
  readonly module: DynamicModule;
  /** To connect to the application of the module; closing that stops it. */
  readonly strategy: JetStreamStrategy;
  /** Whether no consumer is wedged. */
  isMakingProgress(): boolean;
}

/** The stores that these roles work with: whatever is indexed comes from the documents. */
export function storesOf(roles: readonly ProjectorRole[]): StoreName[] {
  return [...new Set<StoreName>(['documents', ...roles])];
}

/** The projections that the settings name, on these resources; `stores` are those of `storesOf`. */
export function openProjector(
  settings: ProjectorSettings,
  {
    nc,
    stores: { documents, search, vectors },
    logger,
    metrics,
  }: {
    nc: NatsConnection;
    stores: Pick<Stores, 'documents'> & Partial<Stores>;
    logger: Logger;
    metrics: Registry;
  },
): Projector {
  const runs = (role: ProjectorRole) => settings.OPENSYNC_PROJECTOR_ROLES.includes(role);
  const embeddings = new EmbeddingClient(nc, embeddingModelOf(settings));
  const embed = (texts: readonly string[]) => embeddings.embed(texts, { timeoutMs: EMBED_TIMEOUT_MS });
  const onRefused = (err: unknown) => logger.warn({ err }, 'the model refuses a text: found by its words alone');
  const strategy = new JetStreamStrategy({ connection: nc, report: logReports(logger) });
  const conflicts = counter(metrics, METRIC.foldConflicts);
  observeBacklog(metrics, nc, () => strategy.health());
  return {
    module: projectorModule({
      documents,
      payloads: new PayloadStore(nc),
      around: (consumer, handler) => observedHandler(consumer, handler, { metrics, logger }),
      roles: {
        ...(runs('documents') && {
          documents: {
            publishChanges: (owner, changes) => publishChanges(nc, owner, changes),
            onConflicts: (count) => conflicts.inc(count),
          },
        }),
        ...(runs('search') && search && { search: { search } }),
        ...(runs('vectors') && vectors && { vectors: { vectors, embed, onRefused } }),
      },
    }),
    strategy,
    isMakingProgress: () => isMakingProgress(strategy.health(), Date.now()),
  };
}
