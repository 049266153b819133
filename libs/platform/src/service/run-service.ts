import { ConfigError, loadSettingsOf, type Settings } from '../config.ts';
import { AppError } from '../errors.ts';
import { createLogger, type Logger } from '../logger.ts';
import { unknownSettings } from '../unknown-settings.ts';
import { createRegistry, startTracing, TRACING_SETTINGS, type Registry } from '../telemetry/index.ts';
import { Disposal } from './disposal.ts';
import { EXIT_CUT_OFF, listenForShutdown } from './shutdown.ts';

const CLOSE_STEP_MS = 4000;
const COMMON_SETTINGS = ['LOG_LEVEL', ...TRACING_SETTINGS] as const satisfies (keyof Settings)[];

export interface ServiceContext {
  readonly logger: Logger;
  /** The metrics that `/metrics` shows. */
  readonly metrics: Registry;
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
}

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
  for (const line of unknownSettings(process.env)) process.stderr.write(`${program}: ${line}\n`);
  try {
    const settings = loadSettingsOf(process.env, [...service.settings, ...COMMON_SETTINGS]);
    const logger = createLogger(settings.LOG_LEVEL, program);
    logger.info('starting');
    const disposal = new Disposal(({ step, err }) => logger.warn({ step, err }, 'shutdown step failed or timed out'));
    try {
      const stopTracing = await startTracing(settings, program);
      if (stopTracing) disposal.defer('tracing', stopTracing);
      const context = { logger, disposal, metrics: createRegistry() };
      allowMore(drainMs(settings));
      // A process that is asked to stop while it waits for a server stops.
      const started = await Promise.race([service.start(settings, context), requested]);
      if (typeof started === 'object') {
        process.stdout.write(`${program} is running at ${started.url}\n`);
        logger.info({ url: started.url }, 'running');
      }
      logger.info({ reason: await requested }, 'stopping');
    } finally {
      inGoodOrder = await disposal.run(CLOSE_STEP_MS);
    }
  } catch (error) {
    process.stderr.write(`${program}: ${problemOf(error)}\n`);
    process.exit(1);
  }
  process.exit(inGoodOrder ? 0 : EXIT_CUT_OFF);
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
