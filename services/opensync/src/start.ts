import { resolve } from 'node:path';
import { createLogger, type Logger, type Settings } from '@opensync/platform';
import { returnMemory } from '@opensync/platform/process';
import { Disposal, EXIT_CUT_OFF, listenForShutdown } from '@opensync/platform/service';
import { isOnPath } from './cli/command-name.ts';
import type { Output } from './cli/output.ts';
import { startSystem, type RunningSystem } from './system/app.ts';
import { keepModel, modelLine } from './models/model-keeper.ts';
import { withLocalModel } from './models/local-model.ts';
import { banner, type BannerFacts } from './system/banner.ts';
import { installationFolder, installCommand } from './system/command-shim.ts';

const CLOSE_STEP_MS = 4000;

/**
 * Runs the all-in-one until it is asked to stop. Resolves with the exit code: 0 after a clean stop, 3 if it cut
 * something off.
 */
export async function start(given: Settings, output: Output): Promise<number> {
  const settings = withLocalModel(given);
  const { requested, allowMore } = listenForShutdown(process);
  allowMore(settings.OPENSYNC_DRAIN_SECONDS * 1000);
  returnMemory();
  let inGoodOrder = true;
  const logger = createLogger(settings.LOG_LEVEL, 'opensync');
  const disposal = new Disposal(({ step, err }) => logger.warn({ step, err }, 'shutdown step failed or timed out'));
  try {
    const starting = startSystem(settings, { logger, report: output.note, disposal });
    // A stop does not wait until a program is downloaded or a server answers.
    const system = await Promise.race([starting, requested]);
    if (typeof system === 'object') {
      const showsKey = settings.OPENSYNC_KEY_DISPLAY === 'always' || process.stdout.isTTY;
      const command = await provideCommand(settings, logger);
      // A link is a secret for a while, as a key is for longer.
      const loginLink = showsKey ? await provideLink(system, logger) : undefined;
      output.print(banner({ ...system, showsKey, loginLink, command, model: modelLine(system.model().name) }));
      disposal.defer('embedding model', keepModel(given, { system, logger, note: output.note }));
    }
    logger.info({ reason: await requested }, 'stopping');
    output.print('Stopping …');
  } finally {
    inGoodOrder = await disposal.run(CLOSE_STEP_MS);
  }
  output.print(inGoodOrder ? 'Stopped.' : 'Stopped, but some work was cut off; see the log.');
  return inGoodOrder ? 0 : EXIT_CUT_OFF;
}

/** Nothing depends on it: the key of an admin logs in, too. */
async function provideLink(
  { loginLink }: Pick<RunningSystem, 'loginLink'>,
  logger: Logger,
): Promise<string | undefined> {
  try {
    return await loginLink();
  } catch (err) {
    logger.warn({ err }, 'no link for a login could be made');
    return undefined;
  }
}

/** The command line of this installation, in the data folder. Nothing depends on it. */
async function provideCommand(
  { OPENSYNC_DATA_DIR: dataDir }: Settings,
  logger: Logger,
): Promise<BannerFacts['command']> {
  const installation = installationFolder();
  if (installation === undefined) return undefined;
  try {
    const path = await installCommand(resolve(dataDir), installation);
    return { path, isOnPath: isOnPath(path, process.env) };
  } catch (err) {
    logger.warn({ err }, 'the opensync command could not be written to the data folder');
    return undefined;
  }
}
