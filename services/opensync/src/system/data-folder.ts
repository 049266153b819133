import { existsSync } from 'node:fs';
import { open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, makeDataFolder, writePrivately } from '@opensync/platform';
import { z } from 'zod';

/** How a running process can be reached; written for the CLI, readable by the owner of the folder alone. */
export const runtimeSchema = z.object({
  pid: z.number().int(),
  httpUrl: z.string(),
  natsUrl: z.string(),
  natsToken: z.string().optional(),
  /** Absent if an earlier version wrote the file. */
  embeddingModel: z
    .object({ provider: z.enum(['local', 'openai']), name: z.string(), dimensions: z.number().int() })
    .optional(),
});
export type Runtime = z.infer<typeof runtimeSchema>;

/** Another process holds the folder. */
export class DataFolderInUseError extends ConfigError {}

/** The folder of the embedded log and stores, held by this process until it is released. */
export interface DataFolder {
  readonly path: string;
  /** Streams of the embedded nats-server. */
  readonly natsDir: string;
  readonly natsLog: string;
  publish(runtime: Runtime): Promise<void>;
  release(): Promise<void>;
}

/** Bytes that are free on its disk. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Whether the folder has ever been used: a restored backup may contain only the log. */
export function dataFolderExists(path: string): boolean {
  return ['lock', NATS_FOLDER].some((name) => existsSync(join(path, name)));
}

/**
 * Creates the folder if it is missing and locks it, waiting up to `waitMs` for a process that is about to stop.
 * @throws DataFolderInUseError if another process holds it, ConfigError if it cannot be written
 */
export async function holdDataFolder(path: string, waitMs = 0): Promise<DataFolder> {
  const folder = await makeDataFolder(path);
  const deadline = Date.now() + waitMs;
  let lock = await takeLock(folder);
  while (!lock && Date.now() < deadline) {
    await delay(50);
    lock = await takeLock(folder);
  }
  if (!lock) {
    const holder = await readRuntime(folder);
    const who = holder ? `process ${holder.pid}, ${holder.httpUrl}` : 'another process';
    throw new DataFolderInUseError(`OPENSYNC_DATA_DIR: ${folder} is in use by ${who}`);
  }
  try {
    await assertWritable(folder);
  } catch (error) {
    lock.close();
    throw error;
  }
  return holding(folder, lock);
}

/** The lock file is empty, so taking it does not reveal a full disk. */
async function assertWritable(folder: string): Promise<void> {
  const probe = join(folder, `probe.${process.pid}`);
  try {
    await writeFile(probe, Buffer.alloc(PROBE_BYTES), { mode: 0o600 });
  } catch (error) {
    throw cannotWrite(folder, error);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined); // a read-only disk rejects this too
  }
}

function cannotWrite(folder: string, cause: unknown): ConfigError {
  const { code } = cause as NodeJS.ErrnoException;
  return new ConfigError(`OPENSYNC_DATA_DIR: cannot write to ${folder} (${code})`, { cause });
}

function holding(folder: string, lock: DatabaseSync): DataFolder {
  let held = true;
  return {
    path: folder,
    natsDir: join(folder, NATS_FOLDER),
    natsLog: join(folder, 'nats-server.log'),
    publish: (runtime) => writePrivately(join(folder, 'runtime.json'), `${JSON.stringify(runtime, null, 2)}\n`),
    release: async () => {
      if (!held) return;
      held = false;
      await rm(join(folder, 'runtime.json'), { force: true });
      lock.close();
    },
  };
}

/**
 * The lock is SQLite's on an empty file: the kernel releases it with the process, however that ends, so no stale lock
 * is ever left. Node has no file locks.
 */
async function takeLock(folder: string): Promise<DatabaseSync | undefined> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, 'lock'));
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    await assertWritable(folder); // the system says why, SQLite only that it could not
    throw await unusableLock(join(folder, 'lock'), error);
  }
}

/** SQLite says only that it cannot lock the file. */
async function unusableLock(file: string, cause: unknown): Promise<ConfigError> {
  const why = await open(file, 'r+').then(
    async (opened) => {
      await opened.close();
      return 'has content that OpenSync did not write';
    },
    ({ code }: NodeJS.ErrnoException) => `cannot be opened (${code})`,
  );
  const fix = 'delete it if no OpenSync runs on this folder: it holds no data';
  return new ConfigError(`OPENSYNC_DATA_DIR: the lock ${file} ${why}; ${fix}`, { cause });
}

const NATS_FOLDER = 'nats';
const SQLITE_BUSY = 5;
/** The minimum that a start writes: configuration, state of the streams. */
const PROBE_BYTES = 64 * 1024;

/** The file of the process that holds the folder; undefined if it is missing or unreadable. */
export async function readRuntime(folder: string): Promise<Runtime | undefined> {
  try {
    return runtimeSchema.parse(JSON.parse(await readFile(join(folder, 'runtime.json'), 'utf8')));
  } catch {
    return undefined;
  }
}
