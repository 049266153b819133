import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { provideFirstKeys, type FirstKeys, type KeyDirectory, type KeySettings } from '@opensync/event-log/keys';
import { makeDataFolder, writePrivately, type Logger, type Settings } from '@opensync/platform';

/** The keys that this run made, and where they are kept. */
export interface KeptKeys extends FirstKeys {
  readonly pluginFile: string;
  readonly adminFile: string;
}

const LONGEST_KEY_FILE = 1024;

/**
 * Makes the first keys if there are none, and keeps them in the data folder for its owner: a key that only appears on a
 * terminal is lost with it, and one that appears in a pipe is in somebody's log. Without a file there are no keys.
 */
export async function provideKeptKeys(
  keys: KeyDirectory,
  settings: KeySettings & Pick<Settings, 'OPENSYNC_DATA_DIR'>,
  logger: Logger,
): Promise<KeptKeys | undefined> {
  const files = filesIn(settings);
  const made = await provideFirstKeys(keys, settings, async ({ plugin, admin }) => {
    try {
      // A system with remote log and stores has not made it.
      await makeDataFolder(settings.OPENSYNC_DATA_DIR);
      await writePrivately(files.pluginFile, `${plugin}\n`);
      await writePrivately(files.adminFile, `${admin}\n`);
      return true;
    } catch (err) {
      logger.warn({ err }, 'the first API keys could not be kept in the data folder, so none were created');
      return false;
    }
  });
  return made && { ...made, ...files };
}

/** The file of the first start with a key for plugins, while that key gives access. */
export async function usablePluginFile(
  keys: KeyDirectory,
  settings: Pick<Settings, 'OPENSYNC_DATA_DIR'>,
): Promise<string | undefined> {
  const { pluginFile } = filesIn(settings);
  const text = await readFile(pluginFile, 'utf8').catch(() => '');
  if (text.length > LONGEST_KEY_FILE) return undefined;
  return (await keys.authenticate(text.trim())) && pluginFile;
}

function filesIn({ OPENSYNC_DATA_DIR: folder }: Pick<Settings, 'OPENSYNC_DATA_DIR'>) {
  return { pluginFile: join(resolve(folder), 'plugin-key'), adminFile: join(resolve(folder), 'admin-key') };
}
