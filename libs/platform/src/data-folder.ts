import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from './config.ts';

/** What others than the owner might do with a file or folder. */
const OTHERS = 0o077;

/**
 * Makes OPENSYNC_DATA_DIR where it is missing. Whatever this process, its threads and its children make from here on is for its
 * owner alone, wherever they make it: the folder may have been there before, open to all, and databases and streams, which
 * hold whole transcripts, are made by programs that have no setting for that.
 * @returns its absolute path
 * @throws ConfigError naming OPENSYNC_DATA_DIR
 */
export async function makeDataFolder(path: string): Promise<string> {
  process.umask(process.umask() | OTHERS);
  const folder = resolve(path);
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`OPENSYNC_DATA_DIR: cannot create ${folder} (${error.code})`, { cause: error });
  });
  return folder;
}
