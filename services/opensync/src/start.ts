import { createLogger, type Settings } from '@opensync/platform';
import { Disposal, listenForShutdown } from '@opensync/platform/service';
import type { Output } from './cli/output.ts';
import { startSystem } from './system/app.ts';
import { banner } from './system/banner.ts';

const CLOSE_STEP_MS = 4000;

/** Runs the all-in-one until it is asked to stop; the exit code of a stop in good order is 0. */
export async function start(settings: Settings, output: Output): Promise<number> {
  const { requested } = listenForShutdown(process);
  const logger = createLogger(settings.LOG_LEVEL, 'opensync');
  const disposal = new Disposal(({ step, err }) => logger.warn({ step, err }, 'not closed in good order'));
  try {
    // Who is asked to stop while it still downloads a program or waits for a server stops.
    const system = await Promise.race([startSystem(settings, { logger, report: output.note, disposal }), requested]);
    if (typeof system === 'object') output.print(banner(system));
    const wish = await requested;
    logger.info({ wish }, 'stopping');
    // Whoever read it may be gone, the terminal with them; the stop is in good order all the same.
    process.stdout.on('error', () => undefined);
    output.print('Stopping …');
  } finally {
    await disposal.run(CLOSE_STEP_MS);
  }
  output.print('Stopped.');
  return 0;
}
