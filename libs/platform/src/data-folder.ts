import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from './config.ts';

/** Permissions of group and others on files and folders. */
const OTHERS = 0o077;
/** The permission of group and others to write. */
const OTHERS_WRITE = 0o022;

/**
 * Creates OPENSYNC_DATA_DIR if it is missing. From here on, all files that this process, its threads and its children
 * create are accessible only to their owner, wherever they are: the folder may already exist with open permissions,
 * and databases and streams, which hold whole transcripts, are created by programs without a setting for that.
 * @returns its absolute path
 * @throws ConfigError naming OPENSYNC_DATA_DIR, also if another user could change the folder or what is in it
 */
export async function makeDataFolder(path: string): Promise<string> {
  process.umask(process.umask() | OTHERS);
  const folder = resolve(path);
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`OPENSYNC_DATA_DIR: cannot create ${folder} (${error.code})`, { cause: error });
  });
  await assertOnlyOurs(folder);
  return folder;
}

/**
 * Writes a file that only its owner can read, in place of whatever is at the path: a file or a link that somebody has put there
 * keeps neither its mode nor its target. Readers see the old content or the new one.
 */
export async function writePrivately(path: string, content: string): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    // `wx` is O_EXCL, which also follows no link.
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A user who can write to the folder can replace the log, the stores and the configuration of nats-server, and so read its token. */
async function assertOnlyOurs(folder: string): Promise<void> {
  // The folder itself may be a link to another disk; what is in it is checked as it is.
  assertOurs(folder, folder, await stat(folder).catch(() => undefined));
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    assertOurs(folder, path, await lstat(path).catch(() => undefined));
  }
}

function assertOurs(folder: string, path: string, found: Stats | undefined): void {
  // It was removed meanwhile, or cannot be read: opening it later reports why. Windows has neither owners nor modes.
  if (!found || process.getuid === undefined) return;
  const us = process.getuid();
  if (found.uid !== us && found.uid !== 0) {
    throw new ConfigError(
      `OPENSYNC_DATA_DIR: ${path} belongs to another user (uid ${found.uid}), who could change it; run OpenSync as that user, ` +
        `or give it to this one: chown -R ${us} ${folder}`,
    );
  }
  // The mode of a link says nothing.
  if (found.isSymbolicLink() || (found.mode & OTHERS_WRITE) === 0) return;
  throw new ConfigError(
    `OPENSYNC_DATA_DIR: other users can write to ${path} (mode ${(found.mode & 0o7777).toString(8)}); run: chmod -R go-w ${folder}, ` +
      'or choose a folder inside it',
  );
}
