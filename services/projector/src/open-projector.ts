import {
  HEADER,
  isEventType,
  type AppliedChange,
  type DocumentChanges,
  type Owner,
  type Projection,
} from '@opensync/contracts';
import type { DynamicModule } from '@nestjs/common';
import {
  CONSUMER,
  consumersState,
  historyOf,
  isMakingProgress,
  logReports,
  publishChanges,
  type BatchHandler,
  type LogConnection,
} from '@opensync/event-log';
import { replayByItself, type DeadLetterKind, type LetterFacts } from '@opensync/event-log/dead-letters';
import { EmbeddingClient, requestsAtOnce } from '@opensync/event-log/embedding';
import { runJobs, type JobDefinition } from '@opensync/event-log/jobs';
import { announceApplied } from '@opensync/event-log/live';
import { observeBackups, observeBacklog, observedHandler, serveConsumerHealth } from '@opensync/event-log/observe';
import { PayloadStore, PendingRemovals, removePayloads } from '@opensync/event-log/payloads';
import { JetStreamStrategy } from '@opensync/event-log/transport';
import {
  EMBEDDING_SETTINGS,
  embeddingModelOf,
  PROJECTOR_ROLES,
  readsHeadings,
  type Logger,
  type PartState,
  type ProjectorRole,
  type Settings,
} from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { counter, METRIC, type Registry } from '@opensync/platform/telemetry';
import { type Generations, onLiveGenerations, type StoreName, type Stores, takeOverModel } from '@opensync/stores';
import { FiguresProjection, keepFigures } from './figures/index.ts';
import type { Embed } from './indexing/text-embedding.ts';
import { Pauses } from './indexing/pauses.ts';
import { announcements } from './indexing/missed-changes.ts';
import { openPriceTable, readOverrides } from './rating/index.ts';
import { projectorModule } from './projector.module.ts';
import { DocumentsKeeper } from './recovery/documents-keeper.ts';
import { IndexKeeper } from './recovery/index-keeper.ts';
import type { Keeper } from './recovery/keeper.ts';
import { StoreWatch } from './recovery/store-watch.ts';
import type { UnusableStores } from './recovery/unusable-stores.ts';

export const PROJECTOR_SETTINGS = [
  'OPENSYNC_PROJECTOR_ROLES',
  'OPENSYNC_PRICES_FILE',
  ...EMBEDDING_SETTINGS,
] as const satisfies (keyof Settings)[];
export type ProjectorSettings = Pick<Settings, (typeof PROJECTOR_SETTINGS)[number]>;

/** Per request of at most 64 texts: an embedder may be loading its model, or serving others too. */
const EMBED_TIMEOUT_MS = 120_000;

/** Elasticsearch treats each change of the position as a change of its configuration. */
const POSITION_ON_SERVER_MS = 60_000;

const ROLES_OF_CHANGES = ['search', 'vectors'] as const satisfies ProjectorRole[];

export interface Projector {
  readonly module: DynamicModule;
  /** Transport for the application of the module; closing the application stops it. */
  readonly strategy: JetStreamStrategy;
  /** Whether no consumer is wedged. */
  isMakingProgress(): boolean;
  /** `down` while a consumer receives no messages, e.g. because it is missing. */
  consumersState(): PartState;
  /**
   * Runs `follow`, after which the settings choose another embedding model and the vectors' store is that of the
   * model, while nothing is embedded; then everything is embedded again.
   */
  switchModel(follow: () => Promise<void>): Promise<void>;
  /** The relation of the stores of its roles to the log. */
  readonly stores: Pick<StoreWatch, 'notes' | 'details'>;
}

/** A letter is replayed automatically up to this many attempts; deliveries before it was dead-lettered count. */
const MOST_ATTEMPTS: Readonly<Partial<Record<DeadLetterKind, number>>> = { 'not-embedded': 5, 'unknown-type': 50 };
/** A text that the model fails on: after a pause that grows with each attempt. */
const EMBEDDING_PAUSE_MS = 10 * 60_000;

/** Which dead letters need no operator, and when they are due. */
function replayAt({ kind, attempts, time, headers }: LetterFacts): number | undefined {
  if (attempts >= (MOST_ATTEMPTS[kind] ?? 0)) return undefined;
  if (kind === 'not-embedded') return time + attempts * EMBEDDING_PAUSE_MS;
  if (kind === 'unknown-type') return isEventType(headers[HEADER.type]) ? 0 : undefined;
  return undefined;
}

/** The stores that these roles need: all indexes are built from the documents. */
export function storesOf(roles: readonly ProjectorRole[]): StoreName[] {
  return [...new Set<StoreName>(['documents', ...roles])];
}

/** What each projection reads and writes. */
const STORES_OF: Readonly<Record<string, readonly Projection[]>> = {
  [CONSUMER.documents.durable]: ['documents'],
  [CONSUMER.search.durable]: ['documents', 'search'],
  [CONSUMER.vectors.durable]: ['documents', 'vectors'],
};

/**
 * The projections that the settings name, on these resources; `stores` are those of `storesOf`.
 * @throws AppError UNAVAILABLE
 */
export async function openProjector(
  settings: ProjectorSettings,
  {
    nc,
    generations,
    stores: { documents, search, vectors },
    unusable,
    embedded,
    drop,
    logger,
    disposal,
    metrics,
  }: {
    nc: LogConnection;
    /** The generations that the stores follow. */
    generations: Generations;
    stores: Pick<Stores, 'documents'> & Partial<Stores>;
    /** Receives the `onUnusable` reports of the stores. */
    unusable: UnusableStores;
    /** The stores in the data folder of this process. */
    embedded: readonly StoreName[];
    /** Removes a generation that no process has open. */
    drop: (name: StoreName, generation: number) => Promise<void>;
    logger: Logger;
    disposal: Disposal;
    metrics: Registry;
  },
): Promise<Projector> {
  const runs = (role: ProjectorRole) => settings.OPENSYNC_PROJECTOR_ROLES.includes(role);
  const model = () => embeddingModelOf(settings);
  const pauses = new Pauses();
  const pricesFile = settings.OPENSYNC_PRICES_FILE;
  const embeddings = new EmbeddingClient(nc, model);
  const embed: Embed = (texts, { attempts } = {}) =>
    embeddings.embed(texts, { role: 'passage', timeoutMs: EMBED_TIMEOUT_MS, attempts });
  const refusedTexts = counter(metrics, METRIC.embedRefusedTexts);
  const onRefused = (err: unknown) => {
    refusedTexts.inc();
    logger.warn({ err }, 'the embedding model cannot embed a text; only keyword search will find that text');
  };
  const { topology } = nc;
  if (runs('vectors')) await takeOverModel(nc, model());
  topology?.check();
  const log = logReports(logger);
  const conflicts = counter(metrics, METRIC.foldConflicts);
  const endReplay = replayByItself(nc, {
    consumers: PROJECTOR_ROLES.filter(runs),
    replayAt,
    onProcessed: ({ consumer, kind, sequence }) =>
      logger.info({ consumer, kind, sequence }, 'dead letter replayed automatically'),
    onFailure: (err) => logger.error({ err }, 'dead letters cannot be read; automatic replay is paused'),
  });
  disposal.defer('replay of dead letters', endReplay);
  const removals = new PendingRemovals(nc);
  const removedPayloads = counter(metrics, METRIC.payloadsRemoved);
  const prices = async () => openPriceTable(await readOverrides(pricesFile));
  const rating = runs('documents') ? new FiguresProjection({ documents, prices: await prices() }) : undefined;
  const figures =
    rating &&
    keepFigures(rating, { onFailure: (err) => logger.error({ err }, 'figures could not be updated; retrying') });
  if (figures) disposal.defer('figures', () => figures.close());
  const pricesJob: JobDefinition = {
    name: 'prices',
    everywhere: true,
    run: async () => {
      const isOther = await rating!.changePrices(await prices());
      if (isOther) figures!.wake();
      return isOther ? 'new prices; all sessions are rated again' : 'the prices are the same';
    },
  };
  if (rating) runJobs([pricesJob], { nc, logger, metrics, disposal });
  const documentsRole = {
    publishChanges: async (owner: Owner, changes: DocumentChanges) => {
      await publishChanges(nc, owner, changes);
      figures?.wake();
    },
    onApplied: (owner: Owner, changes: readonly AppliedChange[]) => announceApplied(nc, owner, changes),
    history: (owner: Owner, after: number) => historyOf(nc, owner, after),
    onDeletion: (owner: Owner, sequence: number) => removals.request(owner, sequence),
    onConflicts: (count: number) => conflicts.inc(count),
  };
  if (runs('documents')) {
    const endRemoval = removePayloads(nc, {
      onRemoved: ({ owner, requested }, payloads) => {
        removedPayloads.inc(payloads);
        logger.info({ ...owner, sequence: requested, payloads }, 'payloads of deleted sessions removed');
      },
      onFailure: (err) => logger.error({ err }, 'payloads of deleted sessions could not be removed; retrying'),
    });
    disposal.defer('removal of payloads', endRemoval);
  }
  const examined = { nc, generations, unusable };
  const everyMs = (name: StoreName) => (embedded.includes(name) ? 0 : POSITION_ON_SERVER_MS);
  const announceAll = announcements({ nc, documents });
  const keepers: Keeper[] = [
    ...(runs('documents')
      ? // Live views are not told about repairs.
        [new DocumentsKeeper({ ...examined, logger }, { documents, ...documentsRole, onApplied: undefined })]
      : []),
    ...ROLES_OF_CHANGES.filter(runs).flatMap((role) => {
      const index = { search, vectors }[role];
      const context = {
        ...{ ...examined, documents, announceAll, logger, everyMs: everyMs(role) },
        ...(role === 'vectors' && { model }),
      };
      return index ? [new IndexKeeper(role, CONSUMER[role], index, context)] : [];
    }),
  ];
  const watch = await StoreWatch.start({ ...examined, keepers, embedded, drop, logger, metrics });
  disposal.defer('store watch', () => watch.close());
  const strategy = new JetStreamStrategy({
    connection: nc,
    report: (consumer, report) => {
      log(consumer, report);
      if (report.kind === 'unsubscribed') topology?.check();
    },
    around: (consumer, handler) => {
      const stores = STORES_OF[consumer.durable]!;
      const confirmed = onLiveGenerations(generations, stores, handler, model);
      const followed: BatchHandler = async (batch, context) => {
        watch.assertFollow(stores);
        return confirmed(batch, context);
      };
      const isOfModel = consumer.durable === CONSUMER.vectors.durable;
      return observedHandler(consumer, isOfModel ? pauses.around(followed) : followed, { metrics, logger });
    },
  });
  serveConsumerHealth(nc, () => strategy.health());
  observeBacklog(metrics, nc, () => strategy.health());
  observeBackups(metrics, nc);
  return {
    module: projectorModule({
      documents,
      payloads: new PayloadStore(nc),
      roles: {
        ...(runs('documents') && { documents: documentsRole }),
        ...(runs('search') && search && { search: { search } }),
        ...(runs('vectors') &&
          vectors && {
            vectors: {
              vectors,
              embed,
              embedsAtOnce: requestsAtOnce(model()),
              headings: () => readsHeadings(model()),
              onRefused,
            },
          }),
      },
    }),
    strategy,
    isMakingProgress: () => isMakingProgress(strategy.health(), Date.now()),
    consumersState: () => consumersState(strategy.health()),
    stores: watch,
    switchModel: (follow) =>
      pauses.during(async () => {
        await follow();
        if (runs('vectors')) await takeOverModel(nc, model());
      }),
  };
}
