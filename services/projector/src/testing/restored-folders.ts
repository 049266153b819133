import { readdir, readFile, rm, truncate, writeFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { anOwner, temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { aHistory } from './replica.ts';
import { copyFolder, openWatchedFolder, type WatchedFolder } from './watched-folder.ts';

export const OWNERS = ['ada', 'bob'].map((name) => anOwner(`${name}@example.com`));
/** Of one log; an older copy has the first half of them. */
export const HISTORY = aHistory(OWNERS, 4);
export const HALF = Math.floor(HISTORY.length / 2);
/** Of another log, with the same sessions in another order of events, and more of them. */
const OTHER_HISTORY = aHistory(OWNERS.toReversed(), 6).toReversed();

let root: TemporaryFolder;
const running: WatchedFolder[] = [];
export const path = (...names: string[]) => join(root.path, ...names);

export async function open(name: string): Promise<WatchedFolder> {
  const opened = await openWatchedFolder(path(name));
  running.push(opened);
  return opened;
}

export async function close(opened: WatchedFolder, end?: 'stop' | 'kill'): Promise<void> {
  running.splice(running.indexOf(opened), 1);
  await opened.close(end);
}

/** Works on a folder for as long as a process runs on it. */
export async function during<T>(
  name: string,
  work: (opened: WatchedFolder) => Promise<T>,
  end?: 'stop' | 'kill',
): Promise<T> {
  const opened = await open(name);
  const result = await work(opened);
  await close(opened, end);
  return result;
}

/**
 * Makes the folders `older`, `newer` (a continuation of it) and `other` (of another log) before the tests of a spec file,
 * and removes the folder `x` of each test after it.
 */
export function makeFolders(): void {
  beforeAll(async () => {
    root = await temporaryFolder();
    await during('older', async ({ publish, settled }) => {
      await publish(HISTORY.slice(0, HALF));
      await settled();
    });
    await copyFolder(path('older'), path('newer'));
    await during('newer', async ({ publish, settled }) => {
      await publish(HISTORY.slice(HALF));
      await settled();
    });
    await during('other', async ({ publish, settled }) => {
      await publish(OTHER_HISTORY);
      await settled();
    });
  });
  afterEach(async () => {
    for (const opened of [...running]) await close(opened);
    await rm(path('x'), { recursive: true, force: true });
  });
  afterAll(() => root.remove());
}

const filesOf = async (store: string, folder: string) =>
  (await readdir(path(folder))).filter((file) => file.startsWith(store)).map((file) => path(folder, file));
/** One file of each store, after a clean stop. */
export const fileOf = async (store: string, folder = 'x') =>
  (await filesOf(store, folder)).find((file) => file.endsWith('.db'))!;

export const STORES = ['documents', 'search', 'vectors'] as const;

/** Possible states of a store's file. */
export const DAMAGES: Readonly<Record<string, (store: string) => Promise<void>>> = {
  kept: async () => undefined,
  missing: async (store) => {
    for (const file of await filesOf(store, 'x')) await rm(file);
  },
  'an older copy': async (store) => {
    await DAMAGES.missing!(store);
    for (const file of await filesOf(store, 'older')) await cp(file, path('x', file.split('/').at(-1)!));
  },
  "another log's": async (store) => {
    await DAMAGES.missing!(store);
    for (const file of await filesOf(store, 'other')) await cp(file, path('x', file.split('/').at(-1)!));
  },
  empty: async (store) => truncate(await fileOf(store), 0),
  'cut off': async (store) => truncate(await fileOf(store), 20_000),
  'cut off within its header': async (store) => truncate(await fileOf(store), 50),
  zeros: async (store) => writeFile(await fileOf(store), Buffer.alloc(50_000)),
  garbage: async (store) => writeFile(await fileOf(store), 'no database '.repeat(1000)),
  'zeros in its pages': async (store) => {
    const file = await fileOf(store);
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0, 4096));
  },
};

export const LOGS: Readonly<Record<string, () => Promise<void>>> = {
  kept: async () => undefined,
  older: async () => {
    await rm(path('x', 'nats'), { recursive: true });
    await copyFolder(path('older', 'nats'), path('x', 'nats'));
  },
  other: async () => {
    await rm(path('x', 'nats'), { recursive: true });
    await copyFolder(path('other', 'nats'), path('x', 'nats'));
  },
};

/** Opens the folder and compares it with stores that are filled from its log alone, also after more is written. */
export async function expectRecovery(): Promise<WatchedFolder> {
  const opened = await open('x');
  await opened.settled();
  expect(await opened.contents()).toEqual(await opened.expected());
  return opened;
}
