import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { aMessageSynced, anOwner, aSessionDeleted, startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { headers } from '@nats-io/transport-node';
import { connectLog, type LogConnection } from '../connection.ts';
import { KeyDirectory } from '../keys/key-directory.ts';
import { PayloadLostError } from '../payloads/lost.ts';
import { PayloadStore } from '../payloads/payload-store.ts';
import { EventPublisher } from '../publish/event-publisher.ts';
import { replay } from '../read/replay.ts';
import { PendingRemovals } from '../removal/pending.ts';
import { deriveRemovals, removalStep, removePayloads } from '../removal/remove-payloads.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { exportLog } from './export-log.ts';
import { importLog } from './import-log.ts';
import { splitLines } from './split-lines.ts';

const SUBJECTS = ['osk.events.w.u.session', 'osk.events.w.u.message', 'osk.events.w.v.session'];

let sourceServer: TestNats;
let targetServer: TestNats;
let source: LogConnection;
let target: LogConnection;

async function connected(server: TestNats): Promise<LogConnection> {
  const nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  return nc;
}

beforeEach(async () => {
  [sourceServer, targetServer] = await Promise.all([startTestNats(), startTestNats()]);
  [source, target] = await Promise.all([connected(sourceServer), connected(targetServer)]);
});
afterEach(async () => {
  await Promise.all([source, target].map((nc) => nc.close()));
  await Promise.all([sourceServer, targetServer].map((server) => server.stop()));
});

async function publish(count: number, nc = source): Promise<void> {
  const client = jetstream(nc);
  await Promise.all(
    Array.from({ length: count }, (_, at) => {
      const lines = headers();
      lines.set('ce-id', `event ${at}`);
      lines.set('ce-type', 'dev.opensync.session.synced.v1');
      lines.set('traceparent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
      const body = at % 7 === 0 ? Buffer.from([0xff, 0, 0xfe]) : `{"at":${at},"text":"zwölf\\n\u2028 \u2029 \u0085"}`;
      return client.publish(SUBJECTS[at % 3]!, body, { headers: lines, msgID: `id ${at} ${Math.random()}` });
    }),
  );
}

/** All events, with everything that must be the same everywhere. */
async function eventsOf(nc: LogConnection) {
  const events: unknown[] = [];
  for await (const batch of replay(nc, { from: 1, to: Infinity })) {
    for (const { sequence, subject, headers: lines, data } of batch) {
      const kept = [...(lines ?? [])].filter(([name]) => !name.startsWith('Nats-') && name !== 'Osk-Origin');
      events.push({ sequence, subject, lines: kept, data: Buffer.from(data).toString('base64') });
    }
  }
  return events;
}

/** The lines of an export. */
async function exported(nc = source): Promise<string[]> {
  return (await Array.fromAsync(exportLog(nc))).join('').split('\n').slice(0, -1);
}

async function* from(lines: readonly string[]) {
  yield* lines;
}

/** The lines with their own counts and digest, as if they had been exported like this. */
function resealed(lines: readonly string[]): string[] {
  const before = lines.slice(0, -1);
  const digest = createHash('sha256')
    .update(before.map((line) => `${line}\n`).join(''))
    .digest('hex');
  const events = before.filter((line) => line.startsWith('{"kind":"event"')).length;
  return [...before, JSON.stringify({ ...(JSON.parse(lines.at(-1)!) as object), events, sha256: digest })];
}

/** Deletes one of the chunks of a payload, like a damaged disk. */
async function loseChunk(nc: LogConnection, sha256: string): Promise<void> {
  const manager = await jetstreamManager(nc);
  const { state } = await manager.streams.info('PAYLOADS', { subjects_filter: `osk.payloads.*.*.${sha256}` });
  const [subject] = Object.keys(state.subjects!);
  const { seq } = (await manager.streams.getMessage('PAYLOADS', { last_by_subj: subject! }))!;
  await manager.streams.deleteMessage('PAYLOADS', seq - 1);
}

async function keysOf(nc: LogConnection, secret?: string): Promise<KeyDirectory> {
  const keys = await KeyDirectory.open(nc, { secret });
  await keys.ready();
  return keys;
}

describe('export and import of the log', () => {
  it('transfers the whole history into an empty log: events, payloads and keys', async () => {
    await publish(2500);
    const content = `large ${'ä'.repeat(700_000)}`;
    const [ada, bob] = [anOwner('ada@example.com'), anOwner('bob@example.com')];
    const reference = await new PayloadStore(source).put(ada, content);
    await new PayloadStore(source).put(bob, 'of Bob, too');
    const former = Buffer.from('of an earlier version'.repeat(1000));
    const formerHash = createHash('sha256').update(former).digest('hex');
    await (await new Objm(source).create('payloads')).putBlob({ name: formerHash }, former);
    const before = await keysOf(source);
    const { key } = await before.create({ email: 'ada@example.com', name: 'laptop' });
    await before.close();

    const progress: number[] = [];
    const summary = await importLog(target, from(await exported()), {
      onProgress: ({ events }, total) => progress.push(events / total),
    });
    expect(summary).toEqual({
      ...{ keys: 2, apiKeys: 1, apiKeysLeftOut: 0, payloads: 3, lost: 0, events: 2503 },
      skipped: 0,
      foreign: 0,
      renumbered: false,
    });
    expect(progress.at(-1)).toBe(1);
    expect(await eventsOf(target)).toEqual(await eventsOf(source));
    const payloads = new PayloadStore(target);
    expect(await payloads.text(ada, reference)).toBe(content);
    await expect(payloads.get(bob, reference.sha256)).rejects.toThrow(PayloadLostError);
    for (const owner of [ada, bob]) expect(await payloads.text(owner, { sha256: formerHash })).toBe(String(former));
    const after = await keysOf(target);
    expect(await after.authenticate(key)).toMatchObject({ role: 'owner', scopes: ['ingest', 'read'] });
    await after.close();
  });

  it('transfers lines and texts with characters that other readers take for a line end', async () => {
    await publish(20);
    const text = `${(await exported()).join('\n')}\n`;
    const chunks = Array.from({ length: Math.ceil(text.length / 7) }, (_, at) =>
      Buffer.from(text).subarray(at * 7, at * 7 + 7),
    );
    await importLog(target, splitLines(Readable.from([...chunks, Buffer.from(text).subarray(chunks.length * 7)])));
    expect(await eventsOf(target)).toEqual(await eventsOf(source));
  });

  it('reports a lost payload, and transfers everything else', async () => {
    await publish(10);
    const payloads = new PayloadStore(source);
    const ada = anOwner('ada@example.com');
    const [kept, lost] = [await payloads.put(ada, 'kept'), await payloads.put(ada, `lost ${'x'.repeat(1_200_000)}`)];
    await loseChunk(source, lost.sha256);
    const lines = await exported();
    expect(lines.filter((line) => line.startsWith('{"kind":"lost"'))).toHaveLength(1);
    expect(await importLog(target, from(lines))).toMatchObject({ events: 10, payloads: 1, lost: 1 });
    expect(await new PayloadStore(target).text(ada, kept)).toBe('kept');
  });

  it('does not report payloads that a deletion removed as lost, and transfers the deletion', async () => {
    const ada = anOwner('ada@example.com');
    const publisher = new EventPublisher(source, { source: 'test', mode: 'group' });
    const payloads = new PayloadStore(source);
    const stored: Record<string, { sha256: string; size: number }> = {};
    for (const name of ['gone', 'kept', 'soon'])
      stored[name] = await payloads.put(ada, `${name} ${'x'.repeat(600_000)}`);
    const sent = (session: string, name: string) =>
      aMessageSynced({ sessionExternalId: session, externalId: name, textRef: { ...stored[name]!, preview: '' } });
    const deleted = () => aSessionDeleted('deleted', { owner: ada });
    await publisher.publish([sent('deleted', 'gone'), sent('deleted', 'kept'), sent('other', 'kept')]);
    const [sequence] = await publisher.publish([deleted()]);
    const removals = new PendingRemovals(source);
    await removals.request(ada, sequence!);
    const afterGrace = Date.now() + 60_000;
    for (let step = 0; step < 2; step++) {
      await removalStep(source, { ...(await removals.of(ada))!, owner: ada }, afterGrace);
    }
    // Another one is marked, and still exists.
    await publisher.publish([sent('deleted', 'soon')]);
    const [later] = await publisher.publish([deleted()]);
    await removals.request(ada, later!);
    await removalStep(source, { ...(await removals.of(ada))!, owner: ada }, 0);
    await publisher.close();

    const lines = await exported();
    expect(await importLog(target, from(lines))).toMatchObject({ events: 6, payloads: 2, lost: 0 });
    expect(await importLog(target, from(lines), { dryRun: true })).toMatchObject({ events: 6, payloads: 2, lost: 0 });
    const there = new PayloadStore(target);
    expect([await there.has(ada, stored.gone!.sha256), await there.has(ada, stored.kept!.sha256)]).toEqual([
      false,
      true,
    ]);

    // The target finds the deletions, and removes the payloads that the source was about to remove.
    const ofTarget = new PendingRemovals(target);
    expect(await ofTarget.isHeld()).toBe(false);
    await deriveRemovals(target);
    for (let step = 0; step < 2; step++) {
      await removalStep(target, { ...(await ofTarget.of(ada))!, owner: ada }, afterGrace);
    }
    expect(await ofTarget.of(ada)).toBeUndefined();
    expect([await there.has(ada, stored.soon!.sha256), await there.has(ada, stored.kept!.sha256)]).toEqual([
      false,
      true,
    ]);
  });

  it('removes payloads again that a second import of the same file restores', async () => {
    const ada = anOwner('ada@example.com');
    const publisher = new EventPublisher(source, { source: 'test', mode: 'group' });
    const { sha256, size } = await new PayloadStore(source).put(ada, 'gone');
    const named = { sessionExternalId: 'deleted', textRef: { sha256, size, preview: '' } };
    await publisher.publish([aMessageSynced(named, { owner: ada })]);
    await publisher.publish([aSessionDeleted('deleted', { owner: ada })]);
    await publisher.close();
    const lines = await exported();
    const removals = new PendingRemovals(target);
    for (let time = 0; time < 2; time++) {
      await importLog(target, from(lines));
      expect(await new PayloadStore(target).has(ada, sha256)).toBe(true);
      const onFailure = (error: unknown) => {
        throw error;
      };
      const end = removePayloads(target, { graceMs: -60_000, everyMs: 50, onFailure });
      const isRemoved = async () => !(await new PayloadStore(target).has(ada, sha256)) && !(await removals.of(ada));
      await waitFor(isRemoved, { timeoutMs: 60_000 }).finally(end);
    }
  });

  it('suspends removals until it is done', async () => {
    await publish(10);
    const lines = await exported();
    const removals = new PendingRemovals(target);
    await expect(importLog(target, from(lines.slice(0, -3)))).rejects.toThrow();
    expect(await removals.isHeld()).toBe(true);
    await importLog(target, from(lines));
    expect(await removals.isHeld()).toBe(false);
  });

  it('writes only to subjects of events, and keeps only their headers', async () => {
    await publish(3);
    const [header, ...rest] = await exported();
    const foreign = JSON.stringify({
      ...{ kind: 'event', sequence: 4, subject: '$JS.API.STREAM.DELETE.PAYLOADS', headers: [], body: '' },
    });
    const withHeader = rest.map((line) =>
      line.replace('"headers":[', '"headers":[["Nats-Rollup","all"],["x-other","1"],'),
    );
    const lines = resealed([header!, ...withHeader.slice(0, -1), foreign, withHeader.at(-1)!]);
    expect(await importLog(target, from(lines))).toMatchObject({ events: 4, foreign: 1 });
    expect(await eventsOf(target)).toEqual(await eventsOf(source));
  });

  it('can be tried without writing, and compares existing events', async () => {
    await publish(30);
    await (await keysOf(source)).close();
    const lines = await exported();
    const dryRun = { dryRun: true };
    expect(await importLog(target, from(lines), dryRun)).toMatchObject({ events: 30, skipped: 0 });
    expect(await eventsOf(target)).toEqual([]);
    await importLog(target, from(lines));
    await publish(5);
    const later = await exported();
    expect(await importLog(target, from(later), dryRun)).toMatchObject({ events: 35, skipped: 30 });
    expect(await eventsOf(target)).toHaveLength(30);
    const other = resealed(later.map((line) => line.replace('at\\":8,', 'at\\":9,')));
    await expect(importLog(target, from(other), dryRun)).rejects.toThrow(/event \d+ differs between the target/);
    // Only the consumer of the documents is left.
    const { state } = await (await jetstreamManager(target)).streams.info('EVENTS');
    expect(state.consumer_count).toBe(1);
  });

  it('continues after an interruption, and adds the new events of a later export', async () => {
    await publish(3000);
    const first = await exported();
    await expect(importLog(target, from(first.slice(0, 1700)))).rejects.toThrow(/cut off/);
    const again = await importLog(target, from(first));
    expect(again).toMatchObject({ events: 3000, renumbered: false });
    expect(again.skipped).toBeGreaterThan(1600);
    expect(await importLog(target, from(first))).toMatchObject({ events: 3000, skipped: 3000 });

    await publish(500);
    expect(await importLog(target, from(await exported()))).toMatchObject({ events: 3500, skipped: 3000 });
    expect(await eventsOf(target)).toEqual(await eventsOf(source));
  });

  it('applies revocations and earlier expiries of keys, and undoes none', async () => {
    const here = await keysOf(source);
    const soon = Date.now() + 60_000;
    const make = (name: string, expiresAt?: number) =>
      here.create({ email: 'ada@example.com', name, ...(expiresAt !== undefined && { expiresAt }) });
    const [kept, revokedHere, revokedThere] = [await make('a', soon), await make('b'), await make('c')];
    const first = await exported();
    await importLog(target, from(first));
    const there = await keysOf(target);
    await here.revoke(revokedHere.record.id);
    await there.revoke(revokedThere.record.id);
    const shortened = resealed(
      (await exported()).map((line) => line.replace(`"expiresAt":${soon}`, `"expiresAt":${soon - 1000}`)),
    );
    // The older export after the newer one, as if both moves were repeated.
    for (const lines of [shortened, first]) await importLog(target, from(lines));
    await there.close();

    const after = await keysOf(target);
    const records = new Map(after.list().map((record) => [record.name, record]));
    expect(records.get('a')).toEqual({ ...kept.record, expiresAt: soon - 1000 });
    expect(records.get('b')).toEqual(here.list().find(({ name }) => name === 'b'));
    expect(records.get('c')!.revokedAt).toBeDefined();
    const valid = [kept, revokedHere, revokedThere].map(
      async ({ key }) => (await after.authenticate(key)) !== undefined,
    );
    expect(await Promise.all(valid)).toEqual([true, false, false]);
    await Promise.all([here.close(), after.close()]);
  });

  it('stores each event once although the server is killed and restarted meanwhile', async () => {
    await publish(5000);
    const lines = await exported();
    async function* withKill() {
      for (const [at, line] of lines.entries()) {
        if (at === 2600) await targetServer.restart();
        yield line;
      }
    }
    expect(await importLog(target, withKill())).toMatchObject({ events: 5000, skipped: 0 });
    expect(await eventsOf(target)).toEqual(await eventsOf(source));
  });

  it('keeps the order if sequences are missing, and reports the new sequences', async () => {
    await publish(10);
    await (await jetstreamManager(source)).streams.deleteMessage('EVENTS', 4);
    expect(await importLog(target, from(await exported()))).toMatchObject({ events: 9, renumbered: true });
    const unnumbered = (events: unknown[]) => events.map((event) => ({ ...(event as object), sequence: 0 }));
    expect(unnumbered(await eventsOf(target))).toEqual(unnumbered(await eventsOf(source)));
  });

  it('rejects a log that has its own events, before it writes anything', async () => {
    await publish(5);
    await publish(1, target);
    await expect(importLog(target, from(await exported()))).rejects.toMatchObject({
      name: 'TransferError',
      message: expect.stringContaining('events of its own (1)'),
    });
    expect(await eventsOf(target)).toHaveLength(1);
  });

  it('continues in a log with new keys, whose users both logs then have', async () => {
    const [here, there] = [await keysOf(source, 'a secret of both'), await keysOf(target, 'a secret of both')];
    const ofSource = await here.create({ email: 'ada@example.com', name: 'a' });
    await publish(5);
    const ofTarget = await there.create({ email: 'bob@example.com', name: 'b' });
    expect(await importLog(target, from(await exported()))).toMatchObject({ events: 8, skipped: 0 });
    await there.create({ email: 'bob@example.com', name: 'c' });
    await publish(5);
    expect(await importLog(target, from(await exported()))).toMatchObject({ events: 13, skipped: 8 });
    await waitFor(async () => (await there.authenticate(ofSource.key)) && there.people.people.users().length === 2);
    expect(await there.authenticate(ofTarget.key)).toBeDefined();
    await Promise.all([here.close(), there.close()]);
  });

  it('refuses when another process writes to the target meanwhile', async () => {
    await publish(3000);
    const lines = await exported();
    async function* withWriter() {
      for (const [at, line] of lines.entries()) {
        if (at === 1500) await publish(1, target);
        yield line;
      }
    }
    await expect(importLog(target, withWriter())).rejects.toThrow(/another process writes/);
  });

  it('refuses keys that the target could not check, and imports without them when told to', async () => {
    await publish(5);
    const [here, there] = [await keysOf(source), await keysOf(target)];
    await here.create({ email: 'ada@example.com', name: 'laptop' });
    const lines = await exported();
    await expect(importLog(target, from(lines))).rejects.toThrow(/--without-keys/);
    expect(await eventsOf(target)).toEqual([]);
    expect(await importLog(target, from(lines), { keys: false })).toMatchObject({
      events: 8,
      apiKeys: 0,
      apiKeysLeftOut: 1,
    });
    expect(there.count()).toBe(0);
    await Promise.all([here.close(), there.close()]);
  });

  it.each<[string, (lines: string[]) => string[], RegExp]>([
    ['a file of another kind', () => ['{"hello":1}'], /opensync export-log did not write this file/],
    ['an empty file', () => [], /the file is empty/],
    ['a file that was cut off', (lines) => lines.slice(0, -1), /ends after 10 events/],
    [
      'a changed body',
      (lines) => lines.map((line) => line.replace('zwölf', 'zwanzig')),
      /was changed after it was written: its digest does not match/,
    ],
    [
      'an entry that is no API key',
      (lines) => lines.toSpliced(1, 0, '{"kind":"key","entry":"other","value":1}'),
      /not an entry of API keys/,
    ],
    ['a damaged line', (lines) => lines.with(3, lines[3]!.slice(5)), /line 4 is damaged/],
    ['a missing line', (lines) => lines.toSpliced(3, 1), /lines are missing \(events: 9 of 10\)/],
    ['a damaged payload', (lines) => lines.map((line) => line.replace('"base64":"', '"base64":"AAAA')), /is damaged/],
  ])('refuses %s', async (_, damage, message) => {
    await new PayloadStore(source).put(anOwner(), 'content');
    await publish(10);
    const lines = await exported();
    await expect(importLog(target, from(damage(lines)))).rejects.toThrow(message);
  });
});
