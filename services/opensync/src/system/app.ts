import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { openEmbedder } from '@opensync/embedder';
import { logProblem, logState, openLog, readLostEvents, streamEnds, type LogConnection } from '@opensync/event-log';
import { openAccessLog } from '@opensync/event-log/access';
import { recordUses, serveKeyService } from '@opensync/event-log/key-service';
import { exchangeRates, openDailyUse } from '@opensync/event-log/rates';
import { accessLogJob, runJobs } from '@opensync/event-log/jobs';
import { openKeys, provideGivenKey, type GivenKey, type KeyDirectory } from '@opensync/event-log/keys';
import { contentProblems, contentStates, observeContent, serveProcessReports } from '@opensync/event-log/observe';
import { openIngest } from '@opensync/ingest';
import {
  describeSettings,
  embeddingModelOf,
  type EmbeddingModel,
  type LocalModelName,
  type Logger,
  type Settings,
} from '@opensync/platform';
import { assertPortFree, createHttpApp, serve } from '@opensync/platform/http';
import type { Disposal } from '@opensync/platform/service';
import { createRegistry, observeCertificates, observeDisk, startTracing } from '@opensync/platform/telemetry';
import { openProjector, UnusableStores } from '@opensync/projector';
import { openLogin, openQuery, partialIndexes } from '@opensync/query';
import {
  dropGeneration,
  embeddedStores,
  openGenerations,
  openStores,
  type StoreName,
  storeStates,
  usesDataFolder,
} from '@opensync/stores';
import { openWrapped } from '@opensync/wrapped';
import { lostEvents } from '../cli/status.ts';
import { holdDataFolder, type DataFolder } from './data-folder.ts';
import { provideKeptKeys, usablePluginFile, type KeptKeys } from './first-keys.ts';
import { provideLogServer } from './log.ts';
import { linkOfFirstAdmin } from './login-link.ts';

/** The running all-in-one. */
export interface RunningSystem {
  /** Its URL for this machine. */
  readonly url: string;
  /** Absent if log and stores are all remote. */
  readonly dataDir: string | undefined;
  /** The random keys that this run made, because there were none. */
  readonly firstKeys: KeptKeys | undefined;
  /** A file with a key for plugins that gives access, from this run or an earlier one. */
  readonly pluginFile: string | undefined;
  readonly givenKey: GivenKey | undefined;
  /** Stores that cannot be used yet, with a line on why. */
  readonly away: ReadonlyMap<StoreName, string>;
  /** Findings of the first check of the stores that an operator should know, and the actions taken. */
  readonly storeNotes: readonly string[];
  /** Turns text into vectors now. */
  readonly model: () => EmbeddingModel;
  /** Switches to another local model and embeds everything again. @throws ConfigError, AppError; then it stays */
  readonly useModel: (name: LocalModelName) => Promise<void>;
  /** Makes a link that logs the first admin in once; undefined if nobody can log in. @throws AppError UNAVAILABLE */
  readonly loginLink: () => Promise<string | undefined>;
}

export interface StartContext {
  readonly logger: Logger;
  /** Receives a line for each slow step. */
  readonly report: (line: string) => void;
  /** Closes the resources: stops intake, finishes work in progress, flushes and closes, in that order. */
  readonly disposal: Disposal;
}

const STORES = ['documents', 'search', 'vectors'] as const;
/** Without the indexes searches return less. */
const ESSENTIAL = ['documents'] as const;
/** How long the previous process may take to release the data folder. */
const HANDOVER_MS = 5000;
const HTTP_DRAIN_MS = 3000;

/**
 * Opens every resource and composes the services in this process: the one place that knows all of them.
 * @throws ConfigError, NatsServerError
 */
export async function startSystem(given: Settings, context: StartContext): Promise<RunningSystem> {
  const { logger, disposal } = context;
  // Changed by `useModel`; everything that asks which model it is, asks these.
  const settings = { ...given };
  const metrics = createRegistry('opensync');
  observeCertificates(metrics, settings);
  const stopTracing = await startTracing(settings, 'opensync');
  if (stopTracing) disposal.defer('tracing', stopTracing);
  const folder = await dataFolderOf(settings, disposal);
  await assertPortFree(settings);

  const server = await provideLogServer(settings, folder, context);
  const nc = await openLog(server, settings, { name: 'opensync', logger, disposal });
  serveProcessReports(nc, { service: 'opensync', metrics, settings: describeSettings(settings, process.env) });
  const keys = await openKeys(nc, settings, disposal);
  const givenKey = await provideGivenKey(keys, settings, logger);
  recordUses(nc, keys, logger);

  const generations = await openGenerations(nc, { disposal, logger });
  const away = new Map<StoreName, string>();
  const onAway = (name: StoreName, problem: string) => away.set(name, problem);
  const unusable = new UnusableStores();
  let reopenVectors = async () => {};
  const stores = await openStores(settings, STORES, {
    logger,
    disposal,
    metrics,
    generations,
    essential: ESSENTIAL,
    onReopen: (name, reopen) => void (name === 'vectors' && (reopenVectors = reopen)),
    onAway,
    onUnusable: unusable.report,
  });
  const ingest = openIngest(settings, { nc, documents: stores.documents, disposal, metrics });
  const embedder = await openEmbedder(settings, { nc, logger, disposal, metrics });
  const projector = await openProjector(settings, {
    ...{ nc, generations, stores, unusable, logger, disposal, metrics },
    embedded: embeddedStores(settings, STORES),
    drop: (name, generation) => dropGeneration(settings, name, generation),
  });
  const dailyUse = openDailyUse(nc, { logger, disposal });
  const query = openQuery(settings, {
    nc,
    generations,
    stores,
    people: keys.people,
    dailyUse,
    logger,
    metrics,
    disposal,
  });
  openWrapped(settings, { nc, documents: stores.documents, people: keys.people, logger, metrics, disposal });
  const login = await openLogin(settings, { nc, keys, disposal, logger });
  serveKeyService(nc, { keys, logins: login.directory }, settings, logger);
  observeContent(metrics, nc);
  if (folder) observeDisk(metrics, folder.path);
  if (settings.OPENSYNC_LOG_KEEPER === 'self') {
    runJobs([accessLogJob(nc, settings)], { nc, logger, metrics, disposal });
  }
  const app = await createHttpApp(compose([ingest, query, login.module, projector.module, embedder.module]), {
    settings,
    logger,
    metrics,
    authenticate: (token) => keys.authenticate(token),
    logins: login.gate,
    accessTokens: login.accessTokens,
    positions: keys.positions,
    accessLog: openAccessLog(nc, settings, { disposal, metrics }),
    dailyUse,
    shareRates: (rates) => exchangeRates(nc, rates, disposal),
    health: {
      live: async () => !nc.isClosed() && projector.isMakingProgress() && embedder.strategy.isAnswering(),
      // Ready means that writes are accepted and reads answered. Without the indexes searches return less, and
      // without consumers new writes are not visible yet: these only degrade.
      ready: async () => {
        const partial = partialIndexes(nc, generations, embeddingModelOf(settings));
        const [log, states] = await Promise.all([logState(nc), storeStates(stores, ESSENTIAL, partial)]);
        const consumers = projector.consumersState() === 'up' ? 'up' : 'degraded';
        return { log, keys: keys.isCurrent ? 'up' : 'down', consumers, ...contentStates(nc), ...states };
      },
      details: () => ({ log: logProblem(nc), ...contentProblems(nc), ...projector.stores.details() }),
    },
    drainLimitMs: HTTP_DRAIN_MS,
  });
  const strategies = [projector.strategy, embedder.strategy];
  const url = await serve(app, settings, { disposal, metrics, strategies });
  const publish = async () =>
    folder?.publish({
      pid: process.pid,
      httpUrl: url,
      natsUrl: server.url,
      embeddingModel: embeddingModelOf(settings),
      ...(server.token !== undefined && { natsToken: server.token }),
    });
  await publish();
  const useModel = async (name: LocalModelName) => {
    const before = settings.OPENSYNC_LOCAL_MODEL;
    await projector.switchModel(async () => {
      settings.OPENSYNC_LOCAL_MODEL = name;
      try {
        await reopenVectors();
        await embedder.follow();
      } catch (error) {
        settings.OPENSYNC_LOCAL_MODEL = before;
        await reopenVectors();
        throw error;
      }
    });
    await publish();
  };
  // Last: created earlier, it would be lost with a failed start, and the next one would create none.
  const notes = await logNotes(nc, keys);
  const firstKeys = await provideKeptKeys(keys, settings, logger);
  const pluginFile = firstKeys?.pluginFile ?? (await usablePluginFile(keys, settings));
  const storeNotes = [...notes, ...projector.stores.notes];
  const loginLink = async () => login.gate && linkOfFirstAdmin({ keys, logins: login.directory }, { url, settings });
  const model = () => embeddingModelOf(settings);
  return { url, dataDir: folder?.path, firstKeys, pluginFile, givenKey, away, storeNotes, loginLink, model, useModel };
}

/** Problems of a partly restored log that would otherwise go unnoticed. */
async function logNotes(nc: LogConnection, keys: KeyDirectory): Promise<string[]> {
  const [{ messages }, lost] = await Promise.all([streamEnds(nc), readLostEvents(nc)]);
  return [
    ...(lost > 0 ? [`log: ${lostEvents(lost)}`] : []),
    ...(messages > 0 && keys.count() === 0
      ? ['log: it has events but had no API keys: all earlier keys are lost']
      : []),
  ];
}

/** The data folder, locked for this process; undefined if nothing would be stored in it. */
async function dataFolderOf(settings: Settings, disposal: Disposal): Promise<DataFolder | undefined> {
  if (settings.NATS_URL && !usesDataFolder(settings, STORES)) return undefined;
  const folder = await holdDataFolder(settings.OPENSYNC_DATA_DIR, HANDOVER_MS);
  disposal.defer('data folder', () => folder.release());
  return folder;
}

@Module({})
class OpenSyncModule {}

function compose(services: DynamicModule[]): DynamicModule {
  return { module: OpenSyncModule, imports: services };
}
