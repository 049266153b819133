import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { LOG_SETTINGS, logProblem, logState, openLog, remoteLogServer } from '@opensync/event-log';
import { KEY_SETTINGS, openKeys } from '@opensync/event-log/keys';
import { serveProcessReports } from '@opensync/event-log/observe';
import { assertPortFree, createHealthApp, LISTEN_SETTINGS, serve } from '@opensync/platform/http';
import { runService } from '@opensync/platform/service';
import { openGenerations, openStores, STORE_SETTINGS, storeStates } from '@opensync/stores';
import { openWrapped, WRAPPED_SETTINGS } from './open-wrapped.ts';

@Module({})
class WrappedModule {}

const ESSENTIAL = ['documents'] as const;

await runService({
  name: 'wrapped',
  settings: [...LISTEN_SETTINGS, ...LOG_SETTINGS, ...KEY_SETTINGS, ...STORE_SETTINGS.documents, ...WRAPPED_SETTINGS],
  start: async (settings, { logger, disposal, metrics, described }) => {
    await assertPortFree(settings);
    const nc = await openLog(remoteLogServer(settings), settings, { name: 'opensync-wrapped', logger, disposal });
    serveProcessReports(nc, { service: 'wrapped', metrics, settings: described });
    const keys = await openKeys(nc, settings, disposal);
    // Another process creates what is missing, and this one's users may only read.
    const isReader = settings.OPENSYNC_LOG_KEEPER === 'other';
    const generations = await openGenerations(nc, { disposal, logger, isReader });
    const stores = await openStores(settings, ['documents'], {
      ...{ logger, disposal, metrics, generations, isReader },
      essential: ESSENTIAL,
    });
    openWrapped(settings, { nc, documents: stores.documents, people: keys.people, logger, metrics, disposal });
    const app = await createHealthApp(WrappedModule, {
      logger,
      metrics,
      health: {
        live: async () => !nc.isClosed(),
        ready: async () => {
          const [log, states] = await Promise.all([logState(nc), storeStates(stores, ESSENTIAL)]);
          return { log, keys: keys.isCurrent ? 'up' : 'down', ...states };
        },
        details: () => ({ log: logProblem(nc) }),
      },
    });
    return { url: await serve(app, settings, { disposal, metrics }) };
  },
});
