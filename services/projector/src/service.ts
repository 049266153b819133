import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { PROJECTIONS } from '@opensync/contracts';
import { LOG_SETTINGS, logProblem, logState, openLog, remoteLogServer } from '@opensync/event-log';
import { contentProblems, contentStates, observeContent, serveProcessReports } from '@opensync/event-log/observe';
import { assertPortFree, createHealthApp, LISTEN_SETTINGS, serve } from '@opensync/platform/http';
import { runService } from '@opensync/platform/service';
import { observeDisk } from '@opensync/platform/telemetry';
import {
  dropGeneration,
  embeddedStores,
  openGenerations,
  openStores,
  STORE_SETTINGS,
  storeStates,
} from '@opensync/stores';
import { openProjector, PROJECTOR_SETTINGS, storesOf } from './open-projector.ts';
import { UnusableStores } from './recovery/unusable-stores.ts';

/** All indexes are built from the documents; a failing index must not block them or the other index. */
const ESSENTIAL = ['documents'] as const;
const RETRY_MS = 500;

await runService({
  name: 'projector',
  settings: [
    ...LISTEN_SETTINGS,
    ...LOG_SETTINGS,
    ...STORE_SETTINGS.documents,
    ...STORE_SETTINGS.search,
    ...STORE_SETTINGS.vectors,
    ...PROJECTOR_SETTINGS,
  ],
  prepare: async (settings, { logger, disposal, metrics }) => {
    const nc = await openLog(remoteLogServer(settings), settings, { name: 'opensync-projector', logger, disposal });
    const generations = await openGenerations(nc, { disposal, logger });
    const stores = await openStores(settings, PROJECTIONS, { logger, disposal, metrics, generations });
    // A store that does not answer yet is opened, and completed, when it does.
    while (Object.values(await storeStates(stores, PROJECTIONS)).includes('down')) await delay(RETRY_MS);
  },
  start: async (settings, { logger, disposal, metrics, described }) => {
    await assertPortFree(settings);
    const nc = await openLog(remoteLogServer(settings), settings, { name: 'opensync-projector', logger, disposal });
    serveProcessReports(nc, { service: 'projector', metrics, settings: described });
    const generations = await openGenerations(nc, { disposal, logger });
    observeContent(metrics, nc);
    const names = storesOf(settings.OPENSYNC_PROJECTOR_ROLES);
    if (embeddedStores(settings, names).length > 0) observeDisk(metrics, settings.OPENSYNC_DATA_DIR);
    const unusable = new UnusableStores();
    const stores = await openStores(settings, names, {
      logger,
      disposal,
      metrics,
      generations,
      essential: ESSENTIAL,
      onUnusable: unusable.report,
    });
    const projector = await openProjector(settings, {
      ...{ nc, generations, stores, unusable, logger, disposal, metrics },
      embedded: embeddedStores(settings, names),
      drop: (name, generation) => dropGeneration(settings, name, generation),
    });
    const app = await createHealthApp(projector.module, {
      logger,
      metrics,
      health: {
        live: async () => !nc.isClosed() && projector.isMakingProgress(),
        ready: async () => {
          const [log, states] = await Promise.all([logState(nc), storeStates(stores, ESSENTIAL)]);
          return { log, consumers: projector.consumersState(), ...contentStates(nc), ...states };
        },
        details: () => ({ log: logProblem(nc), ...contentProblems(nc), ...projector.stores.details() }),
      },
    });
    return { url: await serve(app, settings, { disposal, metrics, strategies: [projector.strategy] }) };
  },
});
