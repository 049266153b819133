import { mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { jest } from '@jest/globals';
import { workerEntry } from '@opensync/platform/node';
import { StoreUnavailableError } from '../description.ts';
import { SqliteDatabase } from './database.ts';
import type { NotesDatabase } from './notes.worker.ts';

/** As `PRAGMA synchronous` calls them. */
const [NORMAL, FULL] = [1, 2];

describe('SqliteDatabase', () => {
  let folder: string;
  let file: string;
  const opened: SqliteDatabase<NotesDatabase>[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'opensync-sqlite-'));
    file = join(folder, 'data', 'notes.sqlite');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    await rm(folder, { recursive: true });
  });

  async function open(path = file) {
    const entry = workerEntry(import.meta.url, 'notes.worker');
    const database = await SqliteDatabase.open<NotesDatabase>({ store: 'documents', entry, file: path });
    opened.push(database);
    return database;
  }

  it('names a damaged file when it is opened, and the reason', async () => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'not a database '.repeat(1000));
    await expect(open()).rejects.toMatchObject({ name: 'UnusableStoreError', store: 'documents' });
    await expect(open()).rejects.toThrow(`the documents store is damaged: ${file}: file is not a database`);
    await expect(open(folder)).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    await expect(open(folder)).rejects.toThrow(
      `the documents store cannot be opened: ${folder} is a folder, not a file; move it away`,
    );
  });

  it('opens a new file while another process is about to write to it', async () => {
    await mkdir(dirname(file), { recursive: true });
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE other (x); BEGIN IMMEDIATE');
    const opening = open();
    // Long enough for the first attempt, which the other one makes fail; the rest of them have seconds.
    const release = setTimeout(() => other.exec('COMMIT'), 500);
    try {
      expect(await (await opening).read('pragma', 'journal_mode')).toBe('wal');
    } finally {
      clearTimeout(release);
      other.close();
    }
  });

  it('keeps its contents when it is opened again', async () => {
    const first = await open();
    await first.write('add', 'kept');
    await first.close();
    expect(await (await open()).read('texts', undefined)).toEqual(['kept']);
  });

  it('opens the next database in the threads of one that is closed', async () => {
    const first = await open();
    const threads = [await first.read('thread', undefined), await first.lookUp('thread', undefined)];
    await first.write('add', 'of the first');
    await first.close();
    const other = await open(join(folder, 'other.sqlite'));
    expect(threads).toContain(await other.read('thread', undefined));
    expect(threads).toContain(await other.lookUp('thread', undefined));
    expect(await other.read('texts', undefined)).toEqual([]);
    expect(await other.read('pragma', 'query_only')).toBe(1);
    expect(await other.lookUp('pragma', 'query_only')).toBe(0);
  });

  it('takes no thread that is about to end because nothing was opened for a while', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance', 'queueMicrotask'] });
    try {
      await (await open()).close();
      jest.advanceTimersByTime(60_000);
      expect(await (await open()).read('texts', undefined)).toEqual([]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('leaves no database open in a thread that could not open it', async () => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'not a database '.repeat(1000));
    await expect(open()).rejects.toMatchObject({ name: 'UnusableStoreError' });
    expect(await (await open(join(folder, 'other.sqlite'))).read('texts', undefined)).toEqual([]);
    // Where the system can say it.
    const handles = await Promise.all(
      (await readdir('/proc/self/fd').catch(() => [])).map((handle) =>
        readlink(`/proc/self/fd/${handle}`).catch(() => ''),
      ),
    );
    expect(handles.filter((path) => path.startsWith(file))).toEqual([]);
  });

  it('writes through a write-ahead log that is synced at every commit, and makes the reader read-only', async () => {
    const database = await open();
    expect(await database.read('pragma', 'journal_mode')).toBe('wal');
    expect(await database.read('pragma', 'query_only')).toBe(1);
    expect(await database.write('addAndTell', 'synced')).toBe(FULL);
  });

  it('leaves out the sync of writes that need not be durable, but not beside one that must be', async () => {
    const database = await open();
    expect(await database.write('addAndTell', 'not synced', { durable: false })).toBe(NORMAL);
    const flags = sharedFlags();
    const held = database.write('holdWriter', flags);
    const waiting = [false, true].map((durable) => database.write('addAndTell', 'together', { durable }));
    release(flags);
    await held;
    expect(await Promise.all(waiting)).toEqual([FULL, FULL]);
  });

  it('syncs earlier commits with a durable one that changes nothing', async () => {
    const database = await open();
    const logged = async () => (await stat(`${file}-wal`)).size;
    await database.write('add', 'not synced', { durable: false });
    const before = await logged();
    // SQLite syncs the log when it appends to it.
    await database.write('nothing', undefined);
    const after = await logged();
    expect(after).toBeGreaterThan(before);
    await database.write('nothing', undefined);
    expect(await logged()).toBe(after);
  });

  it('lets a read see every write that has resolved', async () => {
    const database = await open();
    for (let n = 0; n < 50; n += 1) {
      await database.write('add', String(n));
      expect(await database.read('texts', undefined)).toHaveLength(n + 1);
    }
  });

  it('keeps strings intact: NUL, surrogate pairs, other scripts', async () => {
    const database = await open();
    const text = 'a\0b 👩‍👩‍👧 \u{10ffff} العربية \uffff\u0001';
    await database.write('add', text);
    expect(await database.read('texts', undefined)).toEqual([text]);
  });

  it('writes and looks up during a long read', async () => {
    const database = await open();
    const { held, release } = await holdReader(database);
    await database.write('add', 'not delayed');
    expect(await database.lookUp('texts', undefined)).toEqual(['not delayed']);
    release();
    await held;
  });

  it('reads and looks up during a long write', async () => {
    const database = await open();
    const flags = sharedFlags();
    const held = database.write('holdWriter', flags);
    expect(await database.lookUp('texts', undefined)).toEqual([]);
    expect(await database.read('texts', undefined)).toEqual([]);
    release(flags);
    await held;
  });

  it('commits waiting writes together', async () => {
    const database = await open();
    const flags = sharedFlags();
    const held = database.write('holdWriter', flags);
    const before = (await stat(`${file}-wal`)).size;
    const waiting = Array.from({ length: 50 }, (_, n) => database.write('add', String(n)));
    release(flags);
    await Promise.all([held, ...waiting]);
    // Each commit appends at least one frame of a whole page.
    expect((await stat(`${file}-wal`)).size - before).toBeLessThan(10 * 4096);
    expect(await database.read('texts', undefined)).toHaveLength(50);
  });

  it('does not fail others when one of the waiting writes fails', async () => {
    const database = await open();
    const flags = sharedFlags();
    const held = database.write('holdWriter', flags);
    const outcomes = Promise.allSettled([
      database.write('add', 'before'),
      database.write('addThenThrow', 'never'),
      database.write('addNothing', undefined),
      database.write('add', 'after'),
    ]);
    release(flags);
    await held;
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(await database.read('texts', undefined)).toEqual(['before', 'after']);
  });

  it('rejects with a plain error if the operation is at fault', async () => {
    const database = await open();
    const refused = await failureOf(database.write('addThenThrow', 'never'));
    expect(refused).not.toBeInstanceOf(StoreUnavailableError);
    expect(refused.message).toBe('documents store: changed my mind');
    const constraint = await failureOf(database.write('addNothing', undefined));
    expect(constraint).not.toBeInstanceOf(StoreUnavailableError);
    expect(await failureOf(database.read('uncloneable', undefined))).toBeInstanceOf(Error);
    expect(await database.read('texts', undefined)).toEqual([]);
  });

  it('is unavailable while the disk is full, and continues afterwards', async () => {
    const database = await open();
    const large = 'x'.repeat(100_000);
    await database.write('limitPages', 1);
    const refused = await failureOf(database.write('add', large));
    expect(refused).toBeInstanceOf(StoreUnavailableError);
    expect(refused.message).toBe('the documents store cannot write: its disk is full');
    await database.write('limitPages', 0);
    await database.write('add', large);
    expect(await database.read('texts', undefined)).toEqual([large]);
  });

  it('is unavailable if the file cannot be opened', async () => {
    expect(await failureOf(open(folder))).toBeInstanceOf(StoreUnavailableError);
  });

  it('rejects a file of a newer version with a plain error', async () => {
    await (await open()).close();
    const raw = new DatabaseSync(file);
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    const refused = await failureOf(open());
    expect(refused).not.toBeInstanceOf(StoreUnavailableError);
    expect(refused.message).toContain('newer version');
  });

  it.each(['writer', 'reader'] as const)('fails the pending calls of a %s that dies, and restarts it', async (role) => {
    const database = await open();
    await database.write('add', 'kept');
    const crash = role === 'writer' ? database.write('crashWriter', undefined) : database.read('crash', undefined);
    const behind = role === 'writer' ? database.write('add', 'lost') : database.read('texts', undefined);
    const failures = await Promise.all([failureOf(crash), failureOf(behind)]);
    for (const failure of failures) expect(failure).toBeInstanceOf(StoreUnavailableError);
    await database.write('add', 'after');
    expect(await database.read('texts', undefined)).toEqual(['kept', 'after']);
  });

  it('rejects calls beyond its queue at once', async () => {
    const database = await open();
    const { held, release } = await holdReader(database);
    const waiting = Array.from({ length: 9_999 }, () => database.read('texts', undefined));
    expect(await failureOf(database.read('texts', undefined))).toBeInstanceOf(StoreUnavailableError);
    release();
    await Promise.all([held, ...waiting]);
  });

  it('lets pending calls finish when it closes, and accepts no more', async () => {
    const database = await open();
    const pending = ['a', 'b', 'c'].map((text) => database.write('add', text));
    const closed = database.close();
    expect(await Promise.all(pending)).toEqual([1, 2, 3]);
    await closed;
    expect(await failureOf(database.write('add', 'late'))).toBeInstanceOf(StoreUnavailableError);
    await database.close();
  });
});

/** Two flags that a held operation and the test share: it has begun; it may end. */
function sharedFlags(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

function release(flags: Int32Array): void {
  Atomics.store(flags, 1, 1);
  Atomics.notify(flags, 1);
}

/** A read that stays in progress until it is released. */
async function holdReader(database: SqliteDatabase<NotesDatabase>) {
  const flags = sharedFlags();
  const held = database.read('hold', flags);
  await Atomics.waitAsync(flags, 0, 0).value;
  return { held, release: () => release(flags) };
}

async function failureOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => Promise.reject(new Error('the call was expected to fail')),
    (error: Error) => error,
  );
}
