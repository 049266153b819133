import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A backup cannot be made, is damaged, or cannot be restored here. The message says why and what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** Where backups are: named files, each there as a whole or not at all. */
export interface BackupPlace {
  /** For people, without credentials. */
  readonly label: string;
  /** Names of all files, sorted. */
  list(): Promise<readonly string[]>;
  /** @throws BackupError if it is missing or cannot be read, also after the first piece */
  read(name: string): AsyncIterable<Uint8Array>;
  /** Resolves once it is durable. @throws BackupError if it exists: two backups run at once */
  write(name: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  remove(name: string): Promise<void>;
}

const UNFINISHED = '.unfinished';

/** A folder, such as a mounted volume or bucket. It is created with its first file. */
export function folderPlace(folder: string): BackupPlace {
  const at = resolve(folder);
  return {
    label: at,
    async list() {
      const names = await readdir(at).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw new BackupError(`${at} cannot be read: ${error.message}`, { cause: error });
      });
      return names.filter((name) => !name.endsWith(UNFINISHED)).sort();
    },
    async *read(name) {
      try {
        yield* createReadStream(join(at, name)) as AsyncIterable<Uint8Array>;
      } catch (cause) {
        throw new BackupError(`${name} cannot be read: ${(cause as Error).message}`, { cause });
      }
    },
    async write(name, content) {
      // A reader of a backup can read all sessions.
      await mkdir(at, { recursive: true, mode: 0o700 });
      const unfinished = join(at, `${name}${UNFINISHED}`);
      const sink = createWriteStream(unfinished, { mode: 0o600, flags: 'wx', flush: true });
      let isOurs = false;
      sink.on('open', () => {
        isOurs = true;
      });
      try {
        await pipeline(content, sink);
        await rename(unfinished, join(at, name));
        await syncFolder(at);
      } catch (error) {
        if (isOurs) await rm(unfinished, { force: true });
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'EEXIST') throw error;
        const again = `another backup is being written there; if none is, remove ${unfinished}`;
        throw new BackupError(again, { cause: error });
      }
    },
    remove: (name) => rm(join(at, name), { force: true }),
  };
}

/** The name of a new file is durable only with its folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
