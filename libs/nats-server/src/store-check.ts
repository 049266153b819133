import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NatsServerError } from './ensure.ts';

/** Names that a nats-server opens as files. */
const FILES = /\.(blk|inf|sum|dat|db|key)$/;
const { R_OK, W_OK, X_OK } = constants;

/**
 * Checks that a nats-server can open everything in its store. A server that cannot read a single file of a stream,
 * e.g. because another user restored a backup, deletes that stream with all its messages.
 * @throws NatsServerError naming the file and the reason
 */
export async function assertStoreIsAccessible(storeDir: string): Promise<void> {
  const root = join(storeDir, 'jetstream');
  if (await isThere(root)) await assertFolder(root);
}

async function assertFolder(folder: string): Promise<void> {
  const entries = await attempt(folder, async () => {
    await access(folder, R_OK | W_OK | X_OK);
    return readdir(folder, { withFileTypes: true });
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    // Follows symbolic links, as the server does.
    const isFolder =
      entry.isDirectory() || (entry.isSymbolicLink() && (await attempt(path, () => stat(path))).isDirectory());
    if (isFolder && FILES.test(entry.name)) throw problem(path, 'is a folder, not a file');
    if (isFolder) await assertFolder(path);
    else if (FILES.test(entry.name)) await attempt(path, () => access(path, R_OK | W_OK));
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw problem(path, `cannot be opened (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
}

function problem(path: string, what: string, cause?: unknown): NatsServerError {
  return new NatsServerError(
    `the event log could not start: ${path} ${what}; correct its owner and mode, or restore the folder from a backup`,
    { cause },
  );
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw problem(path, `cannot be opened (${error.code})`, error);
    },
  );
}

const DAMAGED_CONSUMER = /Error adding consumer '(\S+) > (\S+) > (\S+)': .*corrupt state file/g;

/**
 * The folders of consumers whose positions a server could not read, according to its start-up log. It neither
 * recovers nor recreates these consumers while the folders exist. Removing them loses nothing: their messages are
 * processed again.
 */
export function damagedConsumers(storeDir: string, log: string): readonly string[] {
  return [...log.matchAll(DAMAGED_CONSUMER)].map(([, account, stream, consumer]) =>
    join(storeDir, 'jetstream', account!, 'streams', stream!, 'obs', consumer!),
  );
}
