import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { LOG_SETTINGS, logProblem, logState, openLog, remoteLogServer, serveRaising } from '@opensync/event-log';
import { accessLogJob, runJobs } from '@opensync/event-log/jobs';
import { KEY_SETTINGS, openKeys, provideGivenKey } from '@opensync/event-log/keys';
import { recordUses, serveKeyService } from '@opensync/event-log/key-service';
import { LOGIN_SETTINGS, openLogins } from '@opensync/event-log/logins';
import { serveProcessReports } from '@opensync/event-log/observe';
import { ConfigError, type Settings } from '@opensync/platform';
import { assertPortFree, createHealthApp, LISTEN_SETTINGS, serve } from '@opensync/platform/http';
import { runService, type ServiceContext } from '@opensync/platform/service';

@Module({})
class KeeperModule {}

const SETTINGS = [
  ...LISTEN_SETTINGS,
  ...LOG_SETTINGS,
  ...KEY_SETTINGS,
  ...LOGIN_SETTINGS,
  'OPENSYNC_LOGIN_JOIN',
] as const;

/** The log with all its streams, buckets and consumers, and the keys with the first one. */
async function openKept(
  settings: Pick<Settings, (typeof SETTINGS)[number]>,
  { logger, disposal }: Pick<ServiceContext, 'logger' | 'disposal'>,
) {
  if (settings.OPENSYNC_LOG_KEEPER === 'other') {
    throw new ConfigError(
      'OPENSYNC_LOG_KEEPER: must be `self` or not set for the keeper, which the other services wait for',
    );
  }
  const nc = await openLog(remoteLogServer(settings), settings, { name: 'opensync-keeper', logger, disposal });
  const keys = await openKeys(nc, settings, disposal);
  await provideGivenKey(keys, settings, logger);
  return { nc, keys };
}

/**
 * Keeps the streams, buckets and consumers of the log, and stores the secret of the API keys and the first key, so that
 * no service that requests reach needs the right to. With users on the log, this is the only service that may.
 */
await runService({
  name: 'keeper',
  settings: SETTINGS,
  prepare: async (settings, context) => void (await openKept(settings, context)),
  start: async (settings, { logger, disposal, metrics, described }) => {
    await assertPortFree(settings);
    const { nc, keys } = await openKept(settings, { logger, disposal });
    serveProcessReports(nc, { service: 'keeper', metrics, settings: described });
    serveRaising(nc);
    const logins = await openLogins(nc, keys, settings, disposal);
    serveKeyService(nc, { keys, logins }, settings, logger);
    recordUses(nc, keys, logger);
    runJobs([accessLogJob(nc, settings)], { nc, logger, metrics, disposal });
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
