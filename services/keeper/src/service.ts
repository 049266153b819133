import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { LOG_SETTINGS, logProblem, logState, openLog, remoteLogServer, serveRaising } from '@opensync/event-log';
import { KEY_SETTINGS, openKeys, provideGivenKey } from '@opensync/event-log/keys';
import { ConfigError } from '@opensync/platform';
import { assertPortFree, createHealthApp, LISTEN_SETTINGS, serve } from '@opensync/platform/http';
import { runService } from '@opensync/platform/service';

@Module({})
class KeeperModule {}

/**
 * Keeps the streams, buckets and consumers of the log, and stores the secret of the API keys and the first key, so that
 * no service that requests reach needs the right to. With users on the log, this is the only service that may.
 */
await runService({
  name: 'keeper',
  settings: [...LISTEN_SETTINGS, ...LOG_SETTINGS, ...KEY_SETTINGS],
  start: async (settings, { logger, disposal, metrics }) => {
    if (settings.OPENSYNC_LOG_KEEPER === 'other') {
      throw new ConfigError(
        'OPENSYNC_LOG_KEEPER: must be `self` or not set for the keeper, which the other services wait for',
      );
    }
    await assertPortFree(settings);
    const nc = await openLog(remoteLogServer(settings), settings, { name: 'opensync-keeper', logger, disposal });
    serveRaising(nc);
    const keys = await openKeys(nc, settings, disposal);
    await provideGivenKey(keys, settings, logger);
    const app = await createHealthApp(KeeperModule, {
      logger,
      metrics,
      health: {
        live: async () => !nc.isClosed(),
        ready: async () => ({ log: await logState(nc), keys: keys.isCurrent ? 'up' : 'down' }),
        details: () => ({ log: logProblem(nc) }),
      },
    });
    return { url: await serve(app, settings, { disposal, metrics }) };
  },
});
