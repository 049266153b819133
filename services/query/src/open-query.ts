import type { DynamicModule } from '@nestjs/common';
import type { Owner } from '@opensync/contracts';
import {
  CONSUMER,
  CurationLog,
  EventPublisher,
  EventReader,
  ProjectionProgress,
  PUBLISH_SETTINGS,
  publishMode,
  type LogConnection,
} from '@opensync/event-log';
import { readAccessLog } from '@opensync/event-log/access';
import { PreferenceDirectory, StoredPictures } from '@opensync/event-log/wrapped';
import { DeadLetters } from '@opensync/event-log/dead-letters';
import { EmbeddingClient } from '@opensync/event-log/embedding';
import { commandJob, readJobs, runJobs } from '@opensync/event-log/jobs';
import { changesAfter, hearApplied } from '@opensync/event-log/live';
import { namesOfMembers, type People } from '@opensync/event-log/people';
import { ChunkCache, PayloadStore, PendingRemovals } from '@opensync/event-log/payloads';
import {
  ByteBudget,
  closenessOf,
  EMBEDDING_SETTINGS,
  embeddingModelOf,
  type Logger,
  type Settings,
} from '@opensync/platform';
import { dailyLimitsOf, type DailyUse } from '@opensync/platform/http';
import { affordable } from '@opensync/platform/memory';
import type { Disposal } from '@opensync/platform/service';
import { counter, gauge, METRIC, type Registry } from '@opensync/platform/telemetry';
import { describeStores, type Generations, type Stores } from '@opensync/stores';
import { openConsole } from './console/files.ts';
import { queryModule } from './query.module.ts';
import { emptyTrash } from './curation/trash-keeper.ts';
import { DocsIndex } from './docs/docs-index.ts';
import { PROJECT_FOLDER } from './docs/pages.ts';
import { Erasures } from './erasure/erasures.ts';
import { LiveHub } from './live/live-hub.ts';
import { openOperator } from './operator/operator-resources.ts';
import { SearchTurns } from './search/search-turns.ts';
import { partialIndexes } from './status/partial-indexes.ts';
import { serveStoreReports } from './status/store-reports.ts';

export const QUERY_SETTINGS = [
  ...EMBEDDING_SETTINGS,
  ...PUBLISH_SETTINGS,
  'OPENSYNC_BASE_PATH',
  'OPENSYNC_DAILY_BYTES',
  'OPENSYNC_DAILY_EVENTS',
  'OPENSYNC_DAILY_REQUESTS',
  'OPENSYNC_INGEST_RATE_LIMIT',
  'OPENSYNC_READ_RATE_LIMIT',
  'OPENSYNC_LIVE_STREAMS',
  'OPENSYNC_KEY_LIVE_STREAMS',
  'OPENSYNC_MCP_HOSTS',
  'OPENSYNC_TIME_ZONE',
] as const satisfies (keyof Settings)[];
export type QuerySettings = Pick<Settings, (typeof QUERY_SETTINGS)[number]>;

const CACHE_BYTES = 32 * 1024 * 1024;
const CACHE_AGE_MS = 60_000;
/** Sixteen concurrent streamed pages; half of them for one owner. */
const PAGES_BYTES = 32 * 1024 * 1024;
/** How long a page waits for another one to end before its client is told to retry. */
const PAGE_WAIT_MS = 5_000;
const PAGE_RETRY_AFTER = 3;
/** Pages that may wait; each has read its first 256 KB. */
const MOST_WAITING_PAGES = 64;
const MOST_WAITING_PAGES_OF_OWNER = 16;
/** Pages that are begun at the same time, and those of one owner. */
const PAGES_BEGUN = 8;
const PAGES_BEGUN_OF_OWNER = 2;
/** Requests that wait for that; they hold nothing yet. */
const MOST_WAITING_TO_BEGIN = 512;
const MOST_WAITING_TO_BEGIN_OF_OWNER = 64;

export function pageBudget(limit: number): ByteBudget {
  return new ByteBudget({
    limit,
    perHolder: limit / 2,
    waitMs: PAGE_WAIT_MS,
    refusal: 'Too many large sessions are being read at the moment; try again',
    retryAfter: PAGE_RETRY_AFTER,
    mostWaiting: MOST_WAITING_PAGES,
    mostWaitingOfHolder: MOST_WAITING_PAGES_OF_OWNER,
  });
}

export function pageTurns(): ByteBudget {
  return new ByteBudget({
    limit: PAGES_BEGUN,
    perHolder: PAGES_BEGUN_OF_OWNER,
    waitMs: PAGE_WAIT_MS,
    refusal: 'Too many sessions are being read at the moment; try again',
    retryAfter: PAGE_RETRY_AFTER,
    mostWaiting: MOST_WAITING_TO_BEGIN,
    mostWaitingOfHolder: MOST_WAITING_TO_BEGIN_OF_OWNER,
  });
}

/** Exports that are made at the same time, each with up to some 20 MiB, and those of one owner. */
const EXPORTS = 4;
const EXPORTS_OF_OWNER = 2;
const MOST_WAITING_EXPORTS = 16;
const MOST_WAITING_EXPORTS_OF_OWNER = 4;
const EXPORT_RETRY_AFTER = 30;

export function exportTurns(): ByteBudget {
  return new ByteBudget({
    limit: EXPORTS,
    perHolder: EXPORTS_OF_OWNER,
    waitMs: PAGE_WAIT_MS,
    refusal: 'Too many exports are being made at the moment; try again',
    retryAfter: EXPORT_RETRY_AFTER,
    mostWaiting: MOST_WAITING_EXPORTS,
    mostWaitingOfHolder: MOST_WAITING_EXPORTS_OF_OWNER,
  });
}

/** What may wait for the client of one live stream: some thousand events. */
const LIVE_STREAM_BYTES = 1024 * 1024;
const LIVE_BYTES = 64 * 1024 * 1024;
/** Events that a stream may have missed; with more, its client reads what it shows again. */
const MOST_MISSED = 1_000;

/** The read API on this log and these stores, which also answers the command line's status requests. */
export function openQuery(
  settings: QuerySettings,
  {
    nc,
    generations,
    stores,
    people,
    dailyUse,
    logger,
    metrics,
    disposal,
  }: {
    nc: LogConnection;
    /** Those that the stores follow. */
    generations: Pick<Generations, 'record'>;
    stores: Stores;
    /** Who the members of workspaces are. */
    people: { readonly people: People };
    /** What workspaces have used on this day. */
    dailyUse: DailyUse;
    logger: Logger;
    metrics: Registry;
    disposal: Disposal;
  },
): DynamicModule {
  const publisher = new EventPublisher(nc, { source: 'opensync/query', mode: publishMode(settings) });
  disposal.defer('publisher of commands', () => publisher.close());
  serveStoreReports(nc, () => describeStores(stores));
  const pageBytes = pageBudget(affordable(PAGES_BYTES, 1 / 16));
  gauge(metrics, METRIC.pagesHeld, () => [{ value: pageBytes.used }]);
  const payloads = new PayloadStore(nc, {
    lane: 'requests',
    cache: new ChunkCache({ limit: affordable(CACHE_BYTES, 1 / 16), maxAgeMs: CACHE_AGE_MS }),
  });
  const curations = new CurationLog(nc, 'opensync/query');
  const progress = new ProjectionProgress(nc);
  const turns = pageTurns();
  const live = openLive(settings, { nc, documents: stores.documents, progress, turns, logger, metrics });
  const preferences = new PreferenceDirectory(nc);
  disposal.defer('preferences', () => preferences.close());
  const docs = new DocsIndex(PROJECT_FOLDER);
  const isMember = (owner: Owner) => people.people.roleOf(owner) !== undefined;
  const erasures = new Erasures({ nc, stores, generations, isMember });
  runJobs(
    [
      {
        name: 'trash',
        run: async ({ now }) => {
          const erased = await emptyTrash(
            { documents: stores.documents, curations, progress, publisher },
            {
              now,
              onErased: ({ owner, id }) =>
                logger.info({ ...owner, sessionId: id }, 'session erased after a day in the trash'),
              onFailure: (err) => logger.error({ err }, 'a session in the trash could not be erased; retrying'),
            },
          );
          return `erased ${erased} of the sessions in the trash`;
        },
      },
      erasures.job,
      { name: 'docs', everywhere: true, run: async () => `${(await docs.current()).pages.length} pages` },
    ],
    { nc, logger, metrics, disposal },
  );
  return queryModule({
    ...stores,
    limits: {
      use: dailyUse,
      perDay: dailyLimitsOf(settings),
      perMinute: { ingest: settings.OPENSYNC_INGEST_RATE_LIMIT, read: settings.OPENSYNC_READ_RATE_LIMIT },
    },
    payloads,
    snapshots: payloads,
    pictures: new StoredPictures(nc),
    curations,
    now: Date.now,
    pageBytes,
    pageTurns: turns,
    exportTurns: exportTurns(),
    live,
    namesIn: (workspaceId) => namesOfMembers(people.people, workspaceId),
    nameOf: ({ workspaceId, userId }) =>
      userId === undefined
        ? people.people.workspaces().find((workspace) => workspace.workspaceId === workspaceId)?.name
        : people.people.user(userId)?.name,
    zonesOf: (of) => preferences.zonesOf(of) ?? [{ zone: settings.OPENSYNC_TIME_ZONE }],
    searchTurns: { search: new SearchTurns(), vectors: new SearchTurns() },
    embeddings: new EmbeddingClient(nc, () => embeddingModelOf(settings)),
    closeness: () => closenessOf(embeddingModelOf(settings)),
    progress,
    events: new EventReader(nc),
    publisher,
    deadLetters: new DeadLetters(nc),
    removals: new PendingRemovals(nc),
    docs,
    erasures,
    jobs: {
      read: () => readJobs(nc, Date.now()),
      command: (name, command) => commandJob(nc, name, command, Date.now()),
    },
    partial: () => partialIndexes(nc, generations, embeddingModelOf(settings)),
    operator: openOperator(nc, { stores, people }),
    console: openConsole(settings.OPENSYNC_BASE_PATH),
    accessLog: { read: (query) => readAccessLog(nc, query) },
    mcpHosts: settings.OPENSYNC_MCP_HOSTS.split(',').map((host) => host.trim().toLowerCase()),
    logger,
  });
}

function openLive(
  { OPENSYNC_LIVE_STREAMS: streams, OPENSYNC_KEY_LIVE_STREAMS: streamsPerKey }: QuerySettings,
  {
    nc,
    documents,
    progress,
    turns,
    logger,
    metrics,
  }: {
    nc: LogConnection;
    documents: Stores['documents'];
    progress: ProjectionProgress;
    turns: ByteBudget;
    logger: Logger;
    metrics: Registry;
  },
): LiveHub {
  const dropped = counter(metrics, METRIC.liveDropped);
  const live = new LiveHub({
    documents,
    logger,
    hear: (listener) => hearApplied(nc, listener),
    applied: () => progress.applied(CONSUMER.documents),
    changesAfter: async (workspaceId, after) => {
      // A read holds megabytes of the log.
      const endTurn = await turns.acquire(workspaceId, 1);
      try {
        return await changesAfter(nc, workspaceId, { after, most: MOST_MISSED });
      } finally {
        endTurn();
      }
    },
    limits: {
      ...{ streams, streamsPerKey, streamBytes: LIVE_STREAM_BYTES },
      totalBytes: affordable(LIVE_BYTES, 1 / 16),
    },
    onDropped: () => dropped.inc(),
  });
  gauge(metrics, METRIC.liveStreams, () => [{ value: live.open }]);
  return live;
}
