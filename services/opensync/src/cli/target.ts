import {
  connectLog,
  openConnection,
  reconcileTopology,
  remoteLogServer,
  topologyOf,
  untilKept,
  type LogConnection,
} from '@opensync/event-log';
import { ConfigError, createLogger, type Settings } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import {
  DataFolderInUseError,
  dataFolderExists,
  holdDataFolder,
  readRuntime,
  type DataFolder,
  type Runtime,
} from '../system/data-folder.ts';
import { provideLogServer } from '../system/log.ts';
import { startCommand } from './command-name.ts';

/** The installation that a command works on. */
export type Target = { readonly nc: LogConnection } & (
  | { readonly kind: 'remote'; readonly url: string }
  | { readonly kind: 'running'; readonly runtime: Runtime; readonly dataDir: string }
  | { readonly kind: 'stopped'; readonly folder: DataFolder }
);

const STEP_LIMIT_MS = 5000;

/**
 * Runs `work` on the servers of NATS_URL if that is set, otherwise on the OpenSync that runs on the data folder,
 * otherwise on the data folder itself, with a nats-server started for the duration of the command.
 * @param options.create whether a missing data folder may be created
 */
export async function withTarget<T>(
  settings: Settings,
  options: { create: boolean; note: (line: string) => void },
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const disposal = new Disposal(() => undefined);
  try {
    return await work(await openTarget(settings, options, disposal));
  } finally {
    await disposal.run(STEP_LIMIT_MS);
  }
}

async function openTarget(
  settings: Settings,
  { create, note }: { create: boolean; note: (line: string) => void },
  disposal: Disposal,
): Promise<Target> {
  const { NATS_URL: url, OPENSYNC_DATA_DIR: dataDir } = settings;
  if (url) return { kind: 'remote', url, nc: await openConnection(remoteLogServer(settings), CLIENT, disposal) };
  if (!create && !dataFolderExists(dataDir)) {
    throw new ConfigError(
      `OPENSYNC_DATA_DIR: there is no OpenSync in ${dataDir}; start one with: ${startCommand(dataDir)}`,
    );
  }
  if (!dataFolderExists(dataDir)) note(`There is no OpenSync in ${dataDir} yet; creating it.`);
  const folder = await holdDataFolder(dataDir).catch((error: unknown) => {
    if (error instanceof DataFolderInUseError) return undefined;
    throw error;
  });
  if (!folder) return openRunning(dataDir, disposal);
  disposal.defer('data folder', () => folder.release());
  const logger = createLogger(settings.LOG_LEVEL, 'opensync-cli');
  const server = await provideLogServer(settings, folder, { disposal, logger, report: note });
  return { kind: 'stopped', folder, nc: await openConnection(server, CLIENT, disposal) };
}

async function openRunning(dataDir: string, disposal: Disposal): Promise<Target> {
  const runtime = await readRuntime(dataDir);
  if (!runtime) {
    throw new ConfigError(`OPENSYNC_DATA_DIR: the OpenSync in ${dataDir} is starting or stopping; try again`);
  }
  const { natsUrl: url, natsToken: token } = runtime;
  const nc = await connectLog({ servers: url, token, name: CLIENT, firstConnectMs: 3000 }).catch((cause: unknown) => {
    // Its address is not in anybody's settings.
    throw new ConfigError(`the event log of the OpenSync in ${dataDir} does not answer; restart it`, { cause });
  });
  disposal.defer('log connection', () => nc.drain());
  return { kind: 'running', runtime, dataDir, nc };
}

const KEPT_WITHIN_MS = 10_000;

/** Creates missing streams and buckets, unless a running OpenSync or the keeper does that, which is waited for so long. */
export async function provideStreams(
  { kind, nc }: Target,
  settings: Settings,
  keptWithinMs = KEPT_WITHIN_MS,
): Promise<void> {
  if (kind === 'running') return;
  if (settings.OPENSYNC_LOG_KEEPER === 'other') await untilKept(nc, keptWithinMs);
  else await reconcileTopology(nc, topologyOf(settings));
}

const CLIENT = 'opensync-cli';
