import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from './config.ts';

/** Permissions of group and others on files and folders. */
const OTHERS = 0o077;

/**
 * Creates OPENSYNC_DATA_DIR if it is missing. From here on, all files that this process, its threads and its children
 * create are accessible only to their owner, wherever they are: the folder may already exist with open permissions,
 * and databases and streams, which hold whole transcripts, are created by programs without a setting for that.
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
