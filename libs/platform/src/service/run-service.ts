import { ConfigError, loadSettingsOf, type Settings } from '../config.ts';
import { describeSettings, type DescribedSetting } from '../describe-settings.ts';
import { AppError } from '../errors.ts';
import { createLogger, type Logger } from '../logger.ts';
import { unknownSettings } from '../unknown-settings.ts';
import {
  createRegistry,
  observeCertificates,
  startTracing,
  TRACING_SETTINGS,
  type Registry,
} from '../telemetry/index.ts';
import { returnMemory } from '../process/returned-memory.ts';
import { shareLookups } from '../process/shared-lookups.ts';
import { Disposal } from './disposal.ts';
import { EXIT_CUT_OFF, listenForShutdown } from './shutdown.ts';

const CLOSE_STEP_MS = 4000;
const COMMON_SETTINGS = ['LOG_LEVEL', ...TRACING_SETTINGS] as const satisfies (keyof Settings)[];

export interface ServiceContext {
  readonly logger: Logger;
  /** The metrics that `/metrics` shows. */
  readonly metrics: Registry;
  /** The settings as an operator may see them. */
  readonly described: readonly DescribedSetting[];
  /** Closes resources in reverse order when the process is asked to stop. */
  readonly disposal: Disposal;
}

/** A service that runs as its own process. */
export interface Service<Name extends keyof Settings> {
  /** The name of its folder, e.g. `ingest`. */
  readonly name: string;
  /** The settings that it reads; other variables do not affect it. */
  readonly settings: readonly Name[];
  /** Opens everything and resolves when requests are answered, with the URL for this machine. */
  readonly start: (settings: Pick<Settings, Name>, context: ServiceContext) => Promise<{ readonly url: string }>;
  /**
   * With the argument `--prepare`, instead of starting: resolves when everything exists that this version needs. It only adds, so
   * it may run while another version is at work, and again after it was interrupted.
   */
  readonly prepare?: (settings: Pick<Settings, Name>, context: ServiceContext) => Promise<void>;
}

const PREPARE = '--prepare';

/**
 * Runs a service as this process until it ends. Exit code 0: stopped cleanly; 1: it cannot start, and a line names
 * the reason; 3: the stop cut something off.
 */
export async function runService<Name extends keyof Settings>(
  service: Service<Name>,
  process: NodeJS.Process = globalThis.process,
): Promise<never> {
  const program = `opensync-${service.name}`;
  const { requested, allowMore } = listenForShutdown(process);
  let inGoodOrder = true;
  shareLookups();
  returnMemory();
  for (const line of unknownSettings(process.env)) process.stderr.write(`${program}: ${line}\n`);
  try {
    const names = [...service.settings, ...COMMON_SETTINGS];
    const settings = loadSettingsOf(process.env, names);
    const logger = createLogger(settings.LOG_LEVEL, program);
    logger.info('starting');
    const disposal = new Disposal(({ step, err }) => logger.warn({ step, err }, 'shutdown step failed or timed out'));
    try {
      const stopTracing = await startTracing(settings, program);
      if (stopTracing) disposal.defer('tracing', stopTracing);
      const described = describeSettings(settings, process.env, names);
      const context = { logger, disposal, metrics: createRegistry(service.name), described };
      observeCertificates(context.metrics, settings);
      allowMore(drainMs(settings));
      // A process that is asked to stop while it waits for a server stops.
      if (process.argv.includes(PREPARE)) {
        const ended = await Promise.race([prepare(service, settings, context), requested]);
        if (ended !== undefined) throw new AppError('UNAVAILABLE', 'stopped before everything was prepared');
        logger.info('prepared');
      } else {
        const started = await Promise.race([service.start(settings, context), requested]);
        if (typeof started === 'object') {
          process.stdout.write(`${program} is running at ${started.url}\n`);
          logger.info({ url: started.url }, 'running');
        }
        logger.info({ reason: await requested }, 'stopping');
      }
    } finally {
      inGoodOrder = await disposal.run(CLOSE_STEP_MS);
    }
  } catch (error) {
    process.stderr.write(`${program}: ${problemOf(error)}\n`);
    process.exit(1);
  }
  process.exit(inGoodOrder ? 0 : EXIT_CUT_OFF);
}

async function prepare<Name extends keyof Settings>(
  service: Service<Name>,
  settings: Pick<Settings, Name>,
  context: ServiceContext,
): Promise<void> {
  if (!service.prepare)
    throw new ConfigError(`${PREPARE}: ${service.name} creates nothing, so there is nothing to prepare`);
  await service.prepare(settings, context);
}

/** For a service that listens; others have nothing to drain. */
function drainMs(settings: Partial<Settings>): number {
  return (settings.OPENSYNC_DRAIN_SECONDS ?? 0) * 1000;
}

/** One line for errors that an operator can fix; the stack for a bug. */
function problemOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof AppError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
