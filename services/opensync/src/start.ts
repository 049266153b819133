import { createLogger, type Settings } from '@opensync/platform';
import { listenForShutdown } from '@opensync/platform/service';
import type { Output } from './cli/output.ts';
import { startSystem } from './system/app.ts';
import { banner } from './system/banner.ts';

/** Runs the all-in-one until it is asked to stop; the exit code of a stop in good order is 0. */
export async function start(settings: Settings, output: Output): Promise<number> {
  const { requested } = listenForShutdown(process);
  const logger = createLogger(settings.LOG_LEVEL, 'opensync');
  const system = await startSystem(settings, { logger, report: output.note });
  output.print(banner(system));
  const wish = await requested;
  logger.info({ wish }, 'stopping');
  // Whoever read it may be gone, the terminal with them; the stop is in good order all the same.
  process.stdout.on('error', () => undefined);
  output.print('Stopping …');
  await system.close();
  output.print('Stopped.');
  return 0;
}
