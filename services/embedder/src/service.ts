import 'reflect-metadata';
import { LOG_SETTINGS, logProblem, logState, openConnection, remoteLogServer } from '@opensync/event-log';
import { serveProcessReports } from '@opensync/event-log/observe';
import { assertPortFree, createHealthApp, LISTEN_SETTINGS, serve } from '@opensync/platform/http';
import { runService } from '@opensync/platform/service';
import { EMBEDDER_SETTINGS, openEmbedder } from './open-embedder.ts';

await runService({
  name: 'embedder',
  settings: [...LISTEN_SETTINGS, ...LOG_SETTINGS, ...EMBEDDER_SETTINGS],
  start: async (settings, { logger, disposal, metrics, described }) => {
    await assertPortFree(settings);
    const nc = await openConnection(remoteLogServer(settings), 'opensync-embedder', disposal);
    serveProcessReports(nc, { service: 'embedder', metrics, settings: described });
    const { module, strategy } = await openEmbedder(settings, { nc, logger, disposal, metrics });
    const app = await createHealthApp(module, {
      logger,
      metrics,
      health: {
        live: async () => !nc.isClosed() && strategy.isAnswering(),
        ready: async () => ({ log: await logState(nc) }),
        details: () => ({ log: logProblem(nc) }),
      },
    });
    return { url: await serve(app, settings, { disposal, metrics, strategies: [strategy] }) };
  },
});
