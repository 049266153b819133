import 'reflect-metadata';
import { LOG_SETTINGS, logProblem, logState, openLog, remoteLogServer } from '@opensync/event-log';
import { openAccessLog } from '@opensync/event-log/access';
import { exchangeRates, openDailyUse } from '@opensync/event-log/rates';
import { KEY_SETTINGS, openKeys, provideGivenKey } from '@opensync/event-log/keys';
import { contentProblems, contentStates, observeContent, serveProcessReports } from '@opensync/event-log/observe';
import { embeddingModelOf } from '@opensync/platform';
import { assertPortFree, createHttpApp, HTTP_SETTINGS, LISTEN_SETTINGS, serve } from '@opensync/platform/http';
import { runService } from '@opensync/platform/service';
import { openGenerations, openStores, STORE_SETTINGS, storeStates } from '@opensync/stores';
import { LOGIN_SETTINGS, openLogin } from './login/open-login.ts';
import { openQuery, QUERY_SETTINGS } from './open-query.ts';
import { partialIndexes } from './status/partial-indexes.ts';

/** Without the indexes searches return less. */
const ESSENTIAL = ['documents'] as const;

await runService({
  name: 'query',
  settings: [
    ...LISTEN_SETTINGS,
    ...HTTP_SETTINGS,
    ...LOG_SETTINGS,
    ...KEY_SETTINGS,
    ...STORE_SETTINGS.documents,
    ...STORE_SETTINGS.search,
    ...STORE_SETTINGS.vectors,
    ...QUERY_SETTINGS,
    ...LOGIN_SETTINGS,
  ],
  start: async (settings, { logger, disposal, metrics, described }) => {
    await assertPortFree(settings);
    const nc = await openLog(remoteLogServer(settings), settings, { name: 'opensync-query', logger, disposal });
    serveProcessReports(nc, { service: 'query', metrics, settings: described });
    const keys = await openKeys(nc, settings, disposal);
    await provideGivenKey(keys, settings, logger);
    // Another process creates what is missing, and this one's users may only read.
    const isReader = settings.OPENSYNC_LOG_KEEPER === 'other';
    const generations = await openGenerations(nc, { disposal, logger, isReader });
    observeContent(metrics, nc);
    const stores = await openStores(settings, ['documents', 'search', 'vectors'], {
      logger,
      disposal,
      metrics,
      generations,
      isReader,
      essential: ESSENTIAL,
    });
    const login = await openLogin(settings, { nc, keys, disposal, logger });
    const dailyUse = openDailyUse(nc, { logger, disposal });
    const resources = { nc, generations, stores, people: keys.people, dailyUse, logger, metrics, disposal };
    const app = await createHttpApp(
      { ...openQuery(settings, resources), imports: [login.module] },
      {
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
          live: async () => !nc.isClosed(),
          ready: async () => {
            const partial = partialIndexes(nc, generations, embeddingModelOf(settings));
            const [log, states] = await Promise.all([logState(nc), storeStates(stores, ESSENTIAL, partial)]);
            // The stores can be read without the log; the keys are in memory.
            return {
              log: log === 'up' ? 'up' : 'degraded',
              keys: keys.isCurrent ? 'up' : 'down',
              ...contentStates(nc),
              ...states,
            };
          },
          details: () => ({ log: logProblem(nc), ...contentProblems(nc) }),
        },
      },
    );
    return { url: await serve(app, settings, { disposal, metrics }) };
  },
});
