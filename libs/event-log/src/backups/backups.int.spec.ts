import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { anOwner, startTestNats, temporaryFolder, type TemporaryFolder, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { PayloadStore } from '../payloads/payload-store.ts';
import { replay } from '../read/replay.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { readBackupHistory, readBackupRecords, recordBackup, recordRehearsal } from './records.ts';
import { folderPlace, makeBackup, restoreBackup, verifyBackup } from './index.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const ada = anOwner('ada@example.com');

let servers: TestNats[];
let nc: LogConnection;
let target: LogConnection;
let temporary: TemporaryFolder;
let folder: string;

beforeEach(async () => {
  temporary = await temporaryFolder();
  folder = join(temporary.path, 'backups');
  servers = await Promise.all([startTestNats(), startTestNats()]);
  [nc, target] = (await Promise.all(
    servers.map(async (server) => {
      const connection = await connectLog({ servers: server.url, name: 'test' });
      await reconcileTopology(connection, { replicas: 1 });
      return connection;
    }),
  )) as [LogConnection, LogConnection];
});
afterEach(async () => {
  await Promise.all([nc, target].map((connection) => connection.close()));
  await Promise.all(servers.map((server) => server.stop()));
  await temporary.remove();
});

async function publish(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await jetstream(nc).publish('osk.events.w.u.session', `{"at":${at}}`);
}

async function eventsOf(connection: LogConnection): Promise<[number, string, string][]> {
  const events: [number, string, string][] = [];
  for await (const batch of replay(connection, { from: 1, to: Infinity })) {
    for (const { sequence, subject, data } of batch) events.push([sequence, subject, Buffer.from(data).toString()]);
  }
  return events;
}

const place = () => folderPlace(folder);
const back = (days: number, options = {}) => makeBackup(nc, place(), { now: START + days * DAY, ...options });

describe('backups', () => {
  it('add what is new since the last one, and restore to all of it', async () => {
    const payloads = new PayloadStore(nc);
    await publish(3);
    const first = await payloads.put(ada, `first ${'x'.repeat(300_000)}`);
    expect(await back(0)).toMatchObject({
      index: 1,
      from: 1,
      to: 3,
      counts: { events: 3, payloads: 1 },
      previous: null,
    });
    await publish(2);
    const second = await payloads.put(ada, `second ${'y'.repeat(300_000)}`);
    expect(await back(1)).toMatchObject({ index: 2, from: 4, to: 5, counts: { events: 2, payloads: 1 } });
    expect(await back(2)).toMatchObject({ index: 3, from: 6, to: 5, counts: { events: 0, payloads: 0 } });
    expect(await readBackupRecords(nc)).toMatchObject({ backup: { at: START + 2 * DAY, place: folder, to: 5 } });
    const { backups } = await readBackupHistory(nc);
    expect(backups.map(({ at }) => (at - START) / DAY)).toEqual([2, 1, 0]);
    expect(backups[1]).toMatchObject({ events: 2, lost: 0, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(backups[1]!.bytes).toBeGreaterThan(300);

    const verified = await verifyBackup(place());
    expect(verified).toMatchObject({ to: 5, counts: { events: 5, payloads: 2, lost: 0 } });
    await restoreBackup(target, place(), verified);
    expect(await eventsOf(target)).toEqual(await eventsOf(nc));
    const restored = new PayloadStore(target);
    expect(await restored.text(ada, first)).toMatch(/^first x/);
    expect(await restored.text(ada, second)).toMatch(/^second y/);
    // Interrupted and repeated: nothing is stored twice.
    await restoreBackup(target, place(), verified);
    expect(await eventsOf(target)).toHaveLength(5);
  });

  it('are listed with rehearsals, newest first, as many as people look at', async () => {
    expect(await readBackupHistory(nc)).toEqual({ backups: [], rehearsals: [] });
    for (let at = 1; at <= 31; at++) await recordBackup(nc, { at, place: folder, to: at });
    await recordRehearsal(nc, { at: 40, place: folder, to: 31, sessions: 2, problem: 'x'.repeat(2_000) });
    const { backups, rehearsals } = await readBackupHistory(nc);
    expect([backups.length, backups[0]!.at, backups.at(-1)!.at]).toEqual([30, 31, 2]);
    expect(rehearsals.map(({ at, problem }) => [at, problem!.length])).toEqual([[40, 500]]);
    expect((await readBackupRecords(nc)).rehearsal!.problem).toHaveLength(2_000);
  });

  it('begin a new chain when it is asked for, when the last is old, and for another log', async () => {
    await publish(1);
    const { chain } = await back(0);
    expect((await back(1)).chain).toBe(chain);
    const full = await back(2, { full: true });
    expect(full).toMatchObject({ index: 1, from: 1, previous: null });
    const old = await back(9);
    expect(old).toMatchObject({ index: 1, from: 1 });
    await jetstream(target).publish('osk.events.w.u.session', '{}');
    expect(await makeBackup(target, place(), { now: START + 10 * DAY })).toMatchObject({ index: 1, from: 1 });
    expect(await readdir(folder)).toHaveLength(10);
  });

  it('are removed once they only restore states that are no longer wanted; the last one stays', async () => {
    await publish(1);
    const { chain } = await back(0);
    await back(8);
    expect((await back(20, { full: true, keepDays: 13 })).removed).toEqual([]);
    expect((await back(22, { keepDays: 13 })).removed).toEqual([chain]);
    expect((await readdir(folder)).some((name) => name.startsWith(chain))).toBe(false);
    expect((await back(100, { keepDays: 1 })).removed).toHaveLength(1);
    expect(await verifyBackup(place())).toMatchObject({ to: 1 });
  });

  it('that an interruption left without its manifest count for nothing', async () => {
    await publish(2);
    const { chain } = await back(0);
    await writeFile(join(folder, `${chain}-000002.jsonl.gz`), 'half');
    expect(await verifyBackup(place())).toMatchObject({ to: 2 });
    await publish(1);
    expect(await back(1)).toMatchObject({ index: 2, from: 3, to: 3 });
    expect(await verifyBackup(place())).toMatchObject({ to: 3, counts: { events: 3 } });
  });
});

describe('a damaged backup', () => {
  const file = async (pattern: RegExp) =>
    join(
      folder,
      (await readdir(folder)).find((name) => pattern.test(name))!,
    );
  const change = async (pattern: RegExp, edit: (bytes: Buffer) => Buffer) => {
    const path = await file(pattern);
    await writeFile(path, edit(await readFile(path)));
  };
  const flipped = (at: number) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[Math.floor(copy.length * at)]! ^= 0x10;
    return copy;
  };

  beforeEach(async () => {
    await publish(50);
    await back(0);
    await publish(50);
    await back(1);
  });

  it.each([
    [
      'a bit of a file is flipped',
      () => change(/1\.jsonl\.gz$/, flipped(0.5)),
      /-000001\.jsonl\.gz (is damaged|is not)/,
    ],
    ['a bit at its end is', () => change(/2\.jsonl\.gz$/, flipped(0.999)), /-000002\.jsonl\.gz (is damaged|is not)/],
    [
      'a file is cut off',
      () => change(/1\.jsonl\.gz$/, (bytes) => bytes.subarray(0, 200)),
      /-000001\.jsonl\.gz is damaged/,
    ],
    ['a file is empty', () => change(/1\.jsonl\.gz$/, () => Buffer.alloc(0)), /-000001\.jsonl\.gz is damaged/],
    ['a file is missing', async () => rm(await file(/1\.jsonl\.gz$/)), /-000001\.jsonl\.gz cannot be read/],
    ['the first manifest is missing', async () => rm(await file(/1\.json$/)), /-000002\.json does not follow/],
    ['a manifest is damaged', () => change(/2\.json$/, (bytes) => bytes.subarray(0, 90)), /-000002\.json is damaged/],
    [
      'a manifest was changed',
      () => change(/1\.json$/, (bytes) => Buffer.from(String(bytes).replace('"events": 50', '"events": 51'))),
      /-000002\.json does not follow/,
    ],
    [
      'a part was put in the place of another',
      async () => rename(await file(/2\.jsonl\.gz$/), await file(/1\.jsonl\.gz$/)),
      /-000001\.jsonl\.gz is not the file/,
    ],
  ])('is noticed if %s', async (_how, damage, message) => {
    await damage();
    await expect(verifyBackup(place())).rejects.toThrow(message);
    // A new chain can begin beside it.
    expect(await back(2, { full: true })).toMatchObject({ from: 1, to: 100 });
    expect(await verifyBackup(place())).toMatchObject({ to: 100 });
  });

  it('is not there', async () => {
    await expect(verifyBackup(folderPlace(join(folder, 'elsewhere')))).rejects.toThrow(/there is no backup in/);
  });
});
