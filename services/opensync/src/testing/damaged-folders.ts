import { appendFile, chmod, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Data folders of products that were stopped in good order. */
export interface Folders {
  /** To be damaged: a copy of `whole`. */
  readonly damaged: string;
  /** With all sessions. */
  readonly whole: string;
  /** The same folder earlier, with fewer sessions. */
  readonly older: string;
  /** Of another installation. */
  readonly other: string;
  /** `whole`, copied while sessions were written to it. */
  readonly running: string;
}

/** What `opensync start` does with a folder. */
export interface Outcome {
  /** It exits with code 1, and names this; nothing in the folder is changed. */
  readonly refuses?: RegExp;
  /** It runs, and its banner has exactly these lines with `!`. */
  readonly says?: readonly RegExp[];
  /**
   * Whose sessions are listed and found then: those of this folder, or those of `whole`, with the key that the start
   * created (`new key`).
   */
  readonly has?: 'whole' | 'older' | 'other' | 'running' | 'new key';
}

/** A row of the tables in docs/operations.md, and how it is tested. */
export interface Damage {
  readonly what: string;
  readonly happens: string;
  damage(folders: Folders): Promise<unknown>;
  readonly outcome: Outcome;
}

const STORES = ['documents', 'search', 'vectors'] as const;
type Store = (typeof STORES)[number];

async function filesOf(folder: string, store: Store): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith(store)).map((name) => join(folder, name));
}
const fileOf = async (folder: string, store: Store) =>
  (await filesOf(folder, store)).find((file) => file.endsWith('.db'))!;

async function replace(folder: string, store: Store, from?: string): Promise<void> {
  for (const file of await filesOf(folder, store)) await rm(file);
  for (const file of from === undefined ? [] : await filesOf(from, store)) {
    await cp(file, join(folder, file.split('/').at(-1)!));
  }
}

async function replaceFolder(target: string, source: string): Promise<void> {
  await rm(target, { recursive: true });
  await cp(source, target, { recursive: true });
}

const streams = (folder: string) => join(folder, 'nats/jetstream/$G/streams');
const eventsFile = (folder: string, ...names: string[]) => join(streams(folder), 'EVENTS', ...names);
const blockOf = (folder: string) => eventsFile(folder, 'msgs', '1.blk');

const MISSING =
  /^(documents|search|vectors): the store is empty, but the log has events for it; (events 1 to \d+ are being replayed|all documents are being reindexed)$/;
const OLDER =
  /^(documents|search|vectors): the store is behind the log: it holds events only up to \d+; (events \d+ to \d+ are being replayed|all documents are being reindexed)$/;
const SET_ASIDE = /the store is kept as generation 1 and rebuilt as generation 2$/;
const LOST_LOG = /^documents: the store holds events up to \d+, but the log is empty: .*restore it$/;
const LOST_EVENTS = /^log: at least \d+ events are lost/;
const NO_KEYS = /^log: it has events but had no API keys/;

/** The stores: `documents.db`, `search.db`, `vectors-….db`. */
export const STORE_DAMAGES: readonly Damage[] = [
  {
    what: 'Only `nats/` is there',
    happens: 'All three stores are filled from the log while new events arrive.',
    damage: async ({ damaged, whole }) => {
      await rm(damaged, { recursive: true });
      await cp(join(whole, 'nats'), join(damaged, 'nats'), { recursive: true });
    },
    outcome: { says: [MISSING, MISSING, MISSING], has: 'whole' },
  },
  {
    what: 'A store’s file is missing',
    happens: 'It is refilled: documents from the log, an index from the documents.',
    damage: ({ damaged }) => replace(damaged, 'documents'),
    outcome: { says: [MISSING], has: 'whole' },
  },
  {
    what: 'It is empty',
    happens: 'The same.',
    damage: async ({ damaged }) => truncate(await fileOf(damaged, 'search'), 0),
    outcome: { says: [MISSING], has: 'whole' },
  },
  {
    what: 'It is an older copy',
    happens: 'The missing events are replayed; for an index, all documents are reindexed.',
    damage: async ({ damaged, older }) => {
      for (const store of STORES) await replace(damaged, store, older);
    },
    outcome: { says: [OLDER, OLDER, OLDER], has: 'whole' },
  },
  {
    what: 'The file is truncated',
    happens: 'It is kept unchanged, and a new generation is filled from the log.',
    damage: async ({ damaged }) => truncate(await fileOf(damaged, 'vectors'), 10_000),
    outcome: { says: [SET_ASIDE], has: 'whole' },
  },
  {
    what: 'The file is no database',
    happens: 'The same.',
    damage: async ({ damaged }) => writeFile(await fileOf(damaged, 'documents'), 'no database '.repeat(1000)),
    outcome: { says: [SET_ASIDE], has: 'whole' },
  },
  {
    what: 'The file has zeroed pages',
    happens: 'The same, as soon as an operation notices.',
    damage: async ({ damaged }) => {
      const file = await fileOf(damaged, 'search');
      await writeFile(file, (await readFile(file)).fill(0, 4096));
    },
    outcome: { says: [SET_ASIDE], has: 'whole' },
  },
  {
    what: 'It belongs to another log',
    happens: 'The same.',
    damage: ({ damaged, other }) => replace(damaged, 'documents', other),
    outcome: { says: [SET_ASIDE], has: 'whole' },
  },
  {
    what: 'It is a folder',
    happens: 'OpenSync does not start, and names it. Move it away; the next start refills the store.',
    damage: async ({ damaged }) => {
      await replace(damaged, 'search');
      await mkdir(join(damaged, 'search.db'));
    },
    outcome: { refuses: /the search store cannot be opened: \S+search\.db is a folder, not a file; move it away/ },
  },
  {
    what: 'A newer version wrote it',
    happens:
      'OpenSync does not start, and says so. Use that version, or move the file away; the next start refills the store.',
    damage: async ({ damaged }) => {
      const database = new DatabaseSync(await fileOf(damaged, 'documents'));
      database.exec('PRAGMA user_version = 999');
      database.close();
    },
    outcome: { refuses: /documents\.db was written by a newer version/ },
  },
  {
    what: 'Its `-wal` file is garbage',
    happens:
      'SQLite ignores what it cannot read. If the store is then behind the log, the missing events are replayed.',
    damage: async ({ damaged }) => writeFile(join(damaged, 'documents.db-wal'), 'no log '.repeat(1000)),
    outcome: { says: [], has: 'whole' },
  },
];

/** The log: `nats/`. */
export const LOG_DAMAGES: readonly Damage[] = [
  {
    what: '`nats/` is gone',
    happens:
      'The stores keep their contents, and new events get higher sequences. The API keys are lost too. If you have a backup, stop OpenSync and restore `nats/`.',
    damage: ({ damaged }) => rm(join(damaged, 'nats'), { recursive: true }),
    outcome: { says: [LOST_LOG], has: 'new key' },
  },
  {
    what: '`nats/` is older than the stores',
    happens: 'Each store is kept unchanged, and a new generation is filled from the log.',
    damage: ({ damaged, older }) => replaceFolder(join(damaged, 'nats'), join(older, 'nats')),
    outcome: { says: [SET_ASIDE, SET_ASIDE, SET_ASIDE], has: 'older' },
  },
  {
    what: '`nats/` belongs to another installation',
    happens: 'The same.',
    damage: ({ damaged, other }) => replaceFolder(join(damaged, 'nats'), join(other, 'nats')),
    outcome: { says: [SET_ASIDE, SET_ASIDE, SET_ASIDE], has: 'other' },
  },
  {
    what: 'The stream `EVENTS` is gone',
    happens: 'As if all of `nats/` were missing, but the API keys are kept.',
    damage: ({ damaged }) => rm(eventsFile(damaged), { recursive: true }),
    outcome: { says: [LOST_LOG], has: 'whole' },
  },
  {
    what: 'A file of it cannot be opened: owner, mode, or a folder in its place',
    happens: 'OpenSync names it and does not start nats-server. Correct its owner and mode, or restore it.',
    damage: async ({ damaged }) => {
      await rm(blockOf(damaged));
      await mkdir(blockOf(damaged));
    },
    outcome: { refuses: /the event log could not start: \S+1\.blk is a folder, not a file/ },
  },
  {
    what: 'A file of events (`EVENTS/msgs/*.blk`) is gone',
    happens:
      'Its events are lost; the startup output, `status` and `doctor` say so. The stores keep their contents. Restore a backup.',
    damage: ({ damaged }) => rm(blockOf(damaged)),
    outcome: { says: [LOST_EVENTS], has: 'whole' },
  },
  {
    what: 'It is truncated, or parts of it are overwritten',
    happens: 'The same.',
    damage: ({ damaged }) => truncate(blockOf(damaged), 2000),
    outcome: { says: [LOST_EVENTS], has: 'whole' },
  },
  {
    what: '`msgs/index.db` is gone',
    happens: 'nats-server recreates it.',
    damage: ({ damaged }) => rm(eventsFile(damaged, 'msgs', 'index.db')),
    outcome: { says: [], has: 'whole' },
  },
  {
    what: '`meta.inf` of a stream is gone or damaged',
    happens: 'The stream is recreated with its messages.',
    damage: ({ damaged }) => writeFile(eventsFile(damaged, 'meta.inf'), 'no JSON'),
    outcome: { says: [], has: 'whole' },
  },
  {
    what: 'The position of a consumer (`obs/`) is gone or damaged',
    happens: 'The consumer starts over. It processes all messages again, which changes nothing.',
    damage: ({ damaged }) => writeFile(eventsFile(damaged, 'obs', 'documents', 'o.dat'), 'no position'),
    outcome: { says: [], has: 'whole' },
  },
  {
    what: 'API keys (`KV_apikeys`) are gone',
    happens:
      'OpenSync creates the first keys again at startup, and says that the others are lost. Create new keys for the plugins.',
    damage: ({ damaged }) => rm(join(streams(damaged), 'KV_apikeys'), { recursive: true }),
    outcome: { says: [NO_KEYS], has: 'new key' },
  },
  {
    what: '`CHANGES` or `KV_generations` is gone',
    happens: 'It is recreated, and the indexes are brought up to date.',
    damage: async ({ damaged }) => {
      for (const name of ['CHANGES', 'KV_generations']) await rm(join(streams(damaged), name), { recursive: true });
    },
    outcome: { says: [], has: 'whole' },
  },
];

/** The folder itself. */
export const FOLDER_DAMAGES: readonly Damage[] = [
  {
    what: 'It was copied from a running OpenSync',
    happens:
      'It starts as after a crash. A store that is older or newer than the copied log, or damaged, is treated as above.',
    damage: ({ damaged, running }) => replaceFolder(damaged, running),
    outcome: { has: 'running' },
  },
  {
    what: 'Its path is a file, it cannot be written, or its disk is full',
    happens: 'OpenSync does not start, and names `OPENSYNC_DATA_DIR` and the reason.',
    damage: async ({ damaged }) => {
      await rm(damaged, { recursive: true });
      await writeFile(damaged, '');
    },
    outcome: { refuses: /OPENSYNC_DATA_DIR/ },
  },
  {
    what: 'It, or something in it, belongs to another user, or other users can write to it',
    happens:
      'OpenSync and every command stop and name the `chown` or `chmod` that fixes it: another user could replace the log or read the token of nats-server.',
    damage: ({ damaged }) => chmod(join(damaged, 'nats'), 0o777),
    outcome: {
      refuses: /^opensync: OPENSYNC_DATA_DIR: other users can write to \S+nats \(mode 777\); run: chmod -R go-w /,
    },
  },
  {
    what: '`lock` is gone',
    happens: 'It is recreated; it has no content.',
    damage: ({ damaged }) => rm(join(damaged, 'lock')),
    outcome: { says: [], has: 'whole' },
  },
  {
    what: '`lock` has content, or is a folder',
    happens: 'OpenSync does not start, and names it. Delete it if no OpenSync runs on the folder.',
    damage: ({ damaged }) => appendFile(join(damaged, 'lock'), 'not a lock file, but much longer'),
    outcome: { refuses: /the lock \S+lock has content that OpenSync did not write; delete it/ },
  },
  {
    what: '`runtime.json` or `nats/nats-server.pid` is left over or damaged',
    happens: 'It is ignored and replaced.',
    damage: async ({ damaged }) => {
      await writeFile(join(damaged, 'runtime.json'), '{"pid": 1, "httpUrl":');
      await writeFile(join(damaged, 'nats', 'nats-server.pid'), '4194300');
    },
    outcome: { says: [], has: 'whole' },
  },
];
