import 'reflect-metadata';
import { LOG_SETTINGS, logProblem, logState, openLog, remoteLogServer } from '@opensync/event-log';
import { contentProblems, contentStates, observeContent } from '@opensync/event-log/observe';
import { assertPortFree, createHealthApp, LISTEN_SETTINGS, serve } from '@opensync/platform/http';
import { runService } from '@opensync/platform/service';
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
  start: async (settings, { logger, disposal, metrics }) => {
    await assertPortFree(settings);
    const nc = await openLog(remoteLogServer(settings), settings, { name: 'opensync-projector', logger, disposal });
    const generations = await openGenerations(nc, { disposal, logger });
    observeContent(metrics, nc);
    const names = storesOf(settings.OPENSYNC_PROJECTOR_ROLES);
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
