import { randomBytes } from 'node:crypto';
import { remoteLogServer, type LogServer } from '@opensync/event-log';
import { ensureNatsServer, startNatsServer } from '@opensync/nats-server';
import type { Logger, Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { DataFolder } from './data-folder.ts';

const NATS_STOP_GRACE_MS = 1500;

/** The server of NATS_URL; if that is not set, a nats-server on the data folder, started here. */
export async function provideLogServer(
  settings: Settings,
  folder: DataFolder | undefined,
  context: { disposal: Disposal; logger: Logger; report: (line: string) => void },
): Promise<LogServer> {
  if (settings.NATS_URL || !folder) return remoteLogServer(settings);
  const { disposal, logger, report } = context;
  const stop = new AbortController();
  const program = ensureNatsServer({ bin: settings.NATS_SERVER_BIN, report, signal: stop.signal });
  disposal.defer('nats-server program', async () => {
    stop.abort();
    await program.catch(() => undefined);
  });
  const bin = await program;
  // New at every start: it is a secret between this process, its child and runtime.json.
  const token = randomBytes(24).toString('base64url');
  const starting = startNatsServer({
    bin,
    storeDir: folder.natsDir,
    port: settings.NATS_PORT,
    sync: settings.OPENSYNC_SYNC,
    token,
    logFile: folder.natsLog,
    onExit: (exit) => logger.error(exit, 'nats-server exited; restarting it'),
  });
  // Even one that is still starting during a stop.
  disposal.defer('nats-server', () =>
    starting.then(
      (server) => server.stop(NATS_STOP_GRACE_MS),
      () => undefined,
    ),
  );
  const server = await starting;
  return { url: server.url, token, dataDir: folder.path, disk: server.disk };
}
