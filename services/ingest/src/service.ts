import 'reflect-metadata';
import { LOG_SETTINGS, logProblem, logState, openLog, remoteLogServer } from '@opensync/event-log';
import { openAccessLog } from '@opensync/event-log/access';
import { exchangeRates, openDailyUse } from '@opensync/event-log/rates';
import { KEY_SETTINGS, openKeys, provideGivenKey, warnWithoutKeys } from '@opensync/event-log/keys';
import { contentProblems, contentStates, observeContent, serveProcessReports } from '@opensync/event-log/observe';
import { assertPortFree, createHttpApp, HTTP_SETTINGS, LISTEN_SETTINGS, serve } from '@opensync/platform/http';
import { runService } from '@opensync/platform/service';
import { openGenerations, openStores, STORE_SETTINGS, storeStates } from '@opensync/stores';
import { INGEST_SETTINGS, openIngest } from './open-ingest.ts';

/** Writing needs no store; only the list of synced sessions does. */
const ESSENTIAL = [] as const;

await runService({
  name: 'ingest',
  settings: [
    ...LISTEN_SETTINGS,
    ...HTTP_SETTINGS,
    ...LOG_SETTINGS,
    ...KEY_SETTINGS,
    ...STORE_SETTINGS.documents,
    ...INGEST_SETTINGS,
  ],
  start: async (settings, { logger, disposal, metrics, described }) => {
    await assertPortFree(settings);
    const nc = await openLog(remoteLogServer(settings), settings, { name: 'opensync-ingest', logger, disposal });
    serveProcessReports(nc, { service: 'ingest', metrics, settings: described });
    const keys = await openKeys(nc, settings, disposal);
    await provideGivenKey(keys, settings, logger);
    warnWithoutKeys(keys, logger);
    // Another process creates what is missing, and this one's users may only read.
    const isReader = settings.OPENSYNC_LOG_KEEPER === 'other';
    const generations = await openGenerations(nc, { disposal, logger, isReader });
    observeContent(metrics, nc);
    const stores = await openStores(settings, ['documents'], {
      logger,
      disposal,
      metrics,
      generations,
      isReader,
      essential: ESSENTIAL,
    });
    const app = await createHttpApp(openIngest(settings, { nc, documents: stores.documents, disposal, metrics }), {
      settings,
      logger,
      metrics,
      authenticate: (token) => keys.authenticate(token),
      positions: keys.positions,
      accessLog: openAccessLog(nc, settings, { disposal, metrics }),
      dailyUse: openDailyUse(nc, { logger, disposal }),
      shareRates: (rates) => exchangeRates(nc, rates, disposal),
      health: {
        live: async () => !nc.isClosed(),
        ready: async () => {
          const [log, states] = await Promise.all([logState(nc), storeStates(stores, ESSENTIAL)]);
          return { log, keys: keys.isCurrent ? 'up' : 'down', ...contentStates(nc), ...states };
        },
        details: () => ({ log: logProblem(nc), ...contentProblems(nc) }),
      },
    });
    return { url: await serve(app, settings, { disposal, metrics }) };
  },
});
