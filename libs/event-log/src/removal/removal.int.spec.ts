import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { eventSubject, HEADER, messageIdOf, sessionIdOf, type NewEvent } from '@opensync/contracts';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionDeleted,
  aSessionSynced,
  aUserErased,
  startTestNats,
  waitFor,
  type TestNats,
} from '@opensync/testkit';
import fc from 'fast-check';
import { connectLog, type LogConnection } from '../connection.ts';
import { PayloadLostError } from '../payloads/lost.ts';
import { PayloadStore } from '../payloads/payload-store.ts';
import { EventPublisher } from '../publish/event-publisher.ts';
import { streamEnds } from '../read/replay.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { namedByDeleted } from './named-payloads.ts';
import { mayHaveOlderProcesses, PendingRemovals, type Removal } from './pending.ts';
import { deriveRemovals, removalStep, removePayloads } from './remove-payloads.ts';

const owner = anOwner();
const bob = anOwner('bob@example.com');
const sha256Of = (content: string) => createHash('sha256').update(content).digest('hex');

describe('removing the payloads of deleted sessions', () => {
  let server: TestNats;
  let nc: LogConnection;
  let payloads: PayloadStore;
  let publisher: EventPublisher;
  let removals: PendingRemovals;
  beforeEach(async () => {
    server = await startTestNats();
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    payloads = new PayloadStore(nc);
    publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
    removals = new PendingRemovals(nc);
  });
  afterEach(async () => {
    await publisher.close();
    await nc.close();
    await server.stop();
  });

  const publish = async (...events: NewEvent[]): Promise<number> => (await publisher.publish(events)).at(-1)!;
  const textRef = (content: string) => ({ sha256: sha256Of(content), size: content.length, preview: '' });
  /** As a gateway: first the content, then the event that names it. */
  async function store(session: string, content: string, of = owner, message = content.slice(0, 20)): Promise<void> {
    await payloads.put(of, content);
    const data = { sessionExternalId: session, externalId: message, textRef: textRef(content) };
    await publish(aMessageSynced(data, { owner: of }));
  }
  /** As a command and the projection. */
  async function deleteSession(session: string, of = owner): Promise<void> {
    await removals.request(of, await publish(aSessionDeleted(session, { owner: of })));
  }
  const step = async (graceMs: number, of = owner) => {
    const removal = await removals.of(of);
    return removal && (await removalStep(nc, { ...removal, owner: of }, Date.now() - graceMs));
  };
  const AT_ONCE = -60_000;
  async function removeAll(of = owner): Promise<number> {
    let removed = 0;
    for (let n = 0; n < 5 && (await removals.of(of)); n++)
      removed += (await step(AT_ONCE, of))?.step === 'marked' ? 0 : 1;
    expect(await removals.of(of)).toBeUndefined();
    return removed;
  }
  const isStored = async (content: string, of = owner): Promise<boolean> => {
    try {
      return (await new PayloadStore(nc).text(of, { sha256: sha256Of(content) })) === content;
    } catch (error) {
      if (error instanceof PayloadLostError) return false;
      throw error;
    }
  };
  const [one, two, three] = ['one', 'two', 'three'].map(
    (name) => `${name} ${randomBytes(400_000).toString('hex')}`,
  ) as [string, string, string];

  it('removes payloads that only deleted sessions name, now or earlier, and nothing else', async () => {
    await store('gone', one, owner, 'message');
    // In place of the first.
    await store('gone', two, owner, 'message');
    await store('gone', three);
    await store('kept', three);
    await store('gone', one, bob);
    await deleteSession('gone');
    expect(await step(60_000)).toEqual({ step: 'marked', payloads: 2 });
    expect(await step(60_000)).toEqual({ step: 'waiting', payloads: 0 });
    expect([await isStored(one), await isStored(two)]).toEqual([true, true]);
    expect(await step(AT_ONCE)).toEqual({ step: 'removed', payloads: 2 });
    expect(await removals.of(owner)).toBeUndefined();
    expect([await isStored(one), await isStored(two), await isStored(three), await isStored(one, bob)]).toEqual([
      ...[false, false, true, true],
    ]);
  });

  it('removes everything of a person who was erased, also what no event has named, but not what is younger', async () => {
    await store('gone', one);
    await payloads.put(owner, two);
    await store('gone', two, bob);
    await removals.request(owner, await publish(aUserErased({ owner })));
    expect(await step(60_000)).toMatchObject({ step: 'marked' });
    expect(await step(60_000)).toMatchObject({ step: 'waiting' });
    expect([await isStored(one), await isStored(two)]).toEqual([true, true]);
    await removeAll();
    expect([await isStored(one), await isStored(two), await isStored(two, bob)]).toEqual([false, false, true]);
    // What somebody stores who has come back is named by no deleted event.
    await removals.request(owner, await publish(aUserErased({ owner })));
    await store('new', three);
    await payloads.put(owner, two);
    await removeAll();
    expect([await isStored(two), await isStored(three)]).toEqual([true, true]);
  });

  it('removes payloads of parts: in content, in extra, and as media', async () => {
    const sessionId = sessionIdOf(owner, 'session-1');
    const messageId = messageIdOf(sessionId, 'message-1');
    for (const content of [one, two, three]) await payloads.put(owner, content);
    const media = [{ sha256: sha256Of(three), size: three.length, mediaType: 'image/png' }];
    await publish(
      aMessageSynced({ partCount: 1 }),
      aPartSynced({ messageId, content: undefined, contentRef: textRef(one), extraRef: textRef(two), media }),
    );
    await deleteSession('session-1');
    await removeAll();
    expect([await isStored(one), await isStored(two), await isStored(three)]).toEqual([false, false, false]);
  });

  it('leaves no byte of them on the disk of the server', async () => {
    const secret = `secret ${randomBytes(30).toString('hex')}`;
    await store('gone', `${secret} ${one}`);
    await store('gone', `beginning ${one} ${secret}`);
    await store('kept', three);
    const isOnDisk = async () => {
      const entries = await readdir(server.folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && entry.parentPath.includes('PAYLOADS'));
      const contents = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))));
      return contents.some((content) => content.includes(secret));
    };
    await waitFor(isOnDisk);
    await deleteSession('gone');
    await removeAll();
    await waitFor(async () => !(await isOnDisk()), { timeoutMs: 60_000 });
    expect(await isStored(three)).toBe(true);
  });

  it.each([
    ['before it is marked', 0],
    ['after it is marked', 1],
    ['after it is removed', 2],
  ])('keeps content that is sent again %s', async (_when, steps) => {
    await store('gone', one);
    await deleteSession('gone');
    for (let n = 0; n < steps; n++) await step(AT_ONCE);
    await store('gone', one);
    await store('other', one);
    await removeAll();
    expect(await isStored(one)).toBe(true);
    // Deleted again, it is removed, although it was stored twice.
    await deleteSession('gone');
    await removeAll();
    expect(await isStored(one)).toBe(true);
    await deleteSession('other');
    await removeAll();
    expect(await isStored(one)).toBe(false);
  });

  it('keeps content that a gateway found stored before the mark, and names afterwards', async () => {
    await store('gone', one);
    await deleteSession('gone');
    await payloads.put(owner, one);
    expect(await step(60_000)).toMatchObject({ step: 'marked' });
    expect(await isStored(one)).toBe(true);
    await publish(aMessageSynced({ sessionExternalId: 'later', textRef: textRef(one) }));
    await removeAll();
    expect(await isStored(one)).toBe(true);
  });

  it('keeps content that a gateway stores after the mark, and names only after the removal', async () => {
    await store('gone', one);
    await deleteSession('gone');
    await step(AT_ONCE);
    await payloads.put(owner, one);
    // The payload before the mark is removed. The one after it has its own grace period.
    expect(await step(AT_ONCE)).toEqual({ step: 'waiting', payloads: 1 });
    expect(await isStored(one)).toBe(true);
    await publish(aMessageSynced({ sessionExternalId: 'later', textRef: textRef(one) }));
    await removeAll();
    expect(await isStored(one)).toBe(true);
  });

  it('removes content that was stored again but is never named', async () => {
    await store('gone', one);
    await deleteSession('gone');
    await step(60_000);
    await payloads.put(owner, one);
    await removeAll();
    expect(await isStored(one)).toBe(false);
  });

  it("removes a user's payloads from before an erasure, and nothing that was sent since", async () => {
    await store('one', one);
    await store('two', two);
    await store('one', one, bob);
    await removals.request(owner, await publish(aUserErased({ owner })));
    await store('one', two);
    await store('three', three);
    await removeAll();
    expect([await isStored(one), await isStored(two), await isStored(three), await isStored(one, bob)]).toEqual([
      ...[false, true, true, true],
    ]);
  });

  it('keeps payloads of unreadable events', async () => {
    await store('gone', one);
    await store('gone', two);
    const lines = headers();
    const said = { [HEADER.id]: 'x', [HEADER.type]: 'dev.opensync.message.synced.v9', [HEADER.time]: '2026-01-01' };
    for (const [name, value] of Object.entries(said)) lines.set(name, value);
    await jetstream(nc).publish(eventSubject(owner, 'message'), `{"blob":"${sha256Of(one)}"}`, { headers: lines });
    await deleteSession('gone');
    await removeAll();
    expect([await isStored(one), await isStored(two)]).toEqual([true, false]);
  });

  it.each([
    ['beside the data', (sha256: string) => ({ attachments: [{ sha256, size: 3 }] })],
    ['under another name', (sha256: string) => ({ blobs: { first: `sha256:${sha256}` } })],
    ['under a name too long to be kept', (sha256: string) => ({ ['x'.repeat(200)]: sha256 })],
    ['inside an object that is known', (sha256: string) => ({ textRef: { ...textRef(two), original: sha256 } })],
  ])('keeps payloads in fields of a newer version, %s, until their session is deleted', async (_where, fields) => {
    await store('gone', one);
    const { data } = aMessageSynced({ sessionExternalId: 'live', externalId: 'x' }, { owner });
    const lines = headers();
    const said = { [HEADER.id]: 'x', [HEADER.type]: 'dev.opensync.message.synced.v1', [HEADER.time]: '2026-01-01' };
    for (const [name, value] of Object.entries(said)) lines.set(name, value);
    const body = JSON.stringify({ ...data, ...fields(sha256Of(one)) });
    await jetstream(nc).publish(eventSubject(owner, 'message'), body, { headers: lines });
    await deleteSession('gone');
    await removeAll();
    expect(await isStored(one)).toBe(true);
    await deleteSession('live');
    await removeAll();
    expect(await isStored(one)).toBe(false);
  });

  it('continues where a process died, and several processes may work at once', async () => {
    await store('gone', one);
    await store('gone', two);
    await store('kept', two);
    await deleteSession('gone');
    const before = { ...((await removals.of(owner)) as Removal), owner };
    await removalStep(nc, before, 0);
    const marked = { ...((await removals.of(owner)) as Removal), owner };
    // One that died after the marks, before it could record them, and others in parallel.
    await Promise.all([removalStep(nc, before, 0), removalStep(nc, before, 0)]);
    await Promise.all([removalStep(nc, marked, Date.now() - AT_ONCE), removalStep(nc, marked, Date.now() - AT_ONCE)]);
    await removalStep(nc, marked, Date.now() - AT_ONCE);
    await removeAll();
    expect([await isStored(one), await isStored(two)]).toEqual([false, true]);
  });

  it('does not report a deletion as done too early, in whatever order deletions are recorded', async () => {
    for (const sequence of [7, 5, 9, 5]) await removals.request(owner, sequence);
    expect(await removals.of(owner)).toMatchObject({ requested: 9, done: 4 });
  });

  it('leaves nothing in the bucket for an owner whose removal is done', async () => {
    await store('gone', one);
    await deleteSession('gone');
    await removeAll();
    const manager = await jetstreamManager(nc);
    const { state } = await manager.streams.info('KV_removals', { subjects_filter: '$KV.removals.*.*' });
    expect(state.subjects ?? {}).toEqual({});
    // And the next deletion is recorded like the first.
    await deleteSession('gone');
    expect(await removals.all()).toHaveLength(1);
  });

  it.each(['{"requested":1,"since":1}', 'no JSON', '[]'])('treats an unreadable entry as work: %s', async (text) => {
    await store('gone', one);
    await publish(aSessionDeleted('gone', { owner }));
    await jetstream(nc).publish(`$KV.removals.${owner.workspaceId}.${owner.userId}`, text);
    const { last } = await streamEnds(nc);
    expect(await removals.of(owner)).toMatchObject({ requested: last, done: 0 });
    await deleteSession('gone');
    expect(await removals.of(owner)).toMatchObject({ requested: last + 1, done: 0 });
    await removeAll();
    expect(await isStored(one)).toBe(false);
  });

  it('continues with other owners if one fails', async () => {
    for (const each of [owner, bob]) {
      await store('gone', one, each);
      await deleteSession('gone', each);
    }
    const [failing, other] = (await removals.all()).map((pending) => pending.owner) as [typeof owner, typeof owner];
    const failures: unknown[] = [];
    const end = removePayloads(nc, {
      ...{ graceMs: AT_ONCE, everyMs: 50, onFailure: (error) => failures.push(error) },
      step: async (connection, pending, markedBefore) => {
        if (pending.owner.userId === failing.userId) throw new TypeError('a step that fails');
        return removalStep(connection, pending, markedBefore);
      },
    });
    await waitFor(async () => !(await removals.of(other)), { timeoutMs: 60_000 }).finally(end);
    expect(failures).toContainEqual(new TypeError('a step that fails'));
    expect([await isStored(one, failing), await isStored(one, other)]).toEqual([true, false]);
  });

  it('waits for the grace period of each mark', async () => {
    await store('gone', one);
    await deleteSession('gone');
    const before = { ...((await removals.of(owner)) as Removal), owner };
    // According to the record they were marked long ago; the marks are younger.
    await removalStep(nc, before, 0);
    await removals.change(owner, (removal) => removal && { ...removal, marked: { ...removal.marked!, at: 0 } });
    expect(await step(60_000)).toEqual({ step: 'waiting', payloads: 0 });
    expect(await isStored(one)).toBe(true);
    // So that the owner's log is not read again before they are due.
    expect((await removals.of(owner))!.marked!.at).toBeGreaterThan(Date.now() - 60_000);
  });

  it('processes deletions that arrive meanwhile', async () => {
    await store('one', one);
    await store('two', two);
    await deleteSession('one');
    await step(AT_ONCE);
    await deleteSession('two');
    expect(await step(AT_ONCE)).toMatchObject({ step: 'removed', payloads: 1 });
    const { last } = await streamEnds(nc);
    expect(await removals.of(owner)).toMatchObject({ requested: last, done: last - 1 });
    await removeAll();
    expect([await isStored(one), await isStored(two)]).toEqual([false, false]);
  });

  it('finds the deletions of a version that recorded none, once', async () => {
    await store('gone', one);
    await publish(aSessionSynced({ externalId: 'kept' }));
    const sequence = await publish(aSessionDeleted('gone'));
    await deriveRemovals(nc);
    expect(await removals.of(owner)).toMatchObject({ requested: sequence });
    await removeAll();
    await deriveRemovals(nc);
    expect([await removals.of(owner), await isStored(one)]).toEqual([undefined, false]);
  });

  it('finds deletions that an earlier version has folded meanwhile, and all of them on request', async () => {
    await store('gone', one);
    await deriveRemovals(nc);
    const first = await publish(aSessionDeleted('gone'));
    await publish(aSessionDeleted('other'));
    const last = await publish(aUserErased({ owner }));
    await deriveRemovals(nc);
    expect(await removals.of(owner)).toMatchObject({ requested: last, done: first - 1 });
    await removeAll();
    await deriveRemovals(nc);
    expect(await removals.of(owner)).toBeUndefined();
    await removals.deriveAgain();
    expect(await removals.isToBeDerived()).toBe(true);
    await deriveRemovals(nc);
    expect(await removals.isToBeDerived()).toBe(false);
    expect(await removals.of(owner)).toMatchObject({ requested: last, done: first - 1 });
  });

  it('reads a log from its beginning if it is shorter than the one it has read', async () => {
    await store('gone', one);
    const sequence = await publish(aSessionDeleted('gone'));
    await removals.derive(async () => sequence + 1000);
    await deriveRemovals(nc);
    expect(await removals.of(owner)).toMatchObject({ requested: sequence });
  });

  it('searches for all deletions again if that is requested during a search', async () => {
    await removals.derive(async () => {
      await removals.deriveAgain();
      return 1000;
    });
    expect(await removals.isToBeDerived()).toBe(true);
  });

  it('waits for a day after an upgrade, but not on a new log', async () => {
    const [minute, day] = [60_000, 24 * 60 * 60_000];
    const isHeld = (log: number, own: number, now: number) => mayHaveOlderProcesses({ log, own, now });
    // Creation of the log, creation of the bucket, now.
    expect([isHeld(0, minute, 2 * minute), isHeld(0, minute, 2 * day)]).toEqual([false, false]);
    expect([isHeld(0, 3 * day, 3 * day), isHeld(0, 3 * day, 4 * day - 1), isHeld(0, 3 * day, 4 * day)]).toEqual([
      ...[true, true, false],
    ]);
    // A log that was restored or recreated.
    expect(isHeld(3 * day, 0, 3 * day)).toBe(false);
    expect(await removals.isHeld()).toBe(false);
  });

  it('runs automatically, is suspended by an import, and processes many payloads in portions', async () => {
    for (const content of [one, two, three]) await store('gone', content);
    await deleteSession('gone');
    const removed: number[] = [];
    await removals.hold();
    const end = removePayloads(nc, { graceMs: AT_ONCE, everyMs: 50, onRemoved: (_, count) => removed.push(count) });
    try {
      // Checks pass: each asks for the time.
      const asked = nc.subscribe('$JS.API.STREAM.INFO.PAYLOADS', { max: 4 });
      await Array.fromAsync(asked);
      expect(await removals.of(owner)).not.toHaveProperty('marked');
      await removals.release();
      await waitFor(() => removed.length > 0, { timeoutMs: 60_000 });
    } finally {
      await end();
    }
    expect(removed).toEqual([3]);
    const { last } = await streamEnds(nc);
    const portions = await Array.fromAsync(namedByDeleted(nc, owner, last, 1));
    const hashes = portions.flat().map(({ sha256 }) => sha256);
    expect(hashes.sort()).toEqual([one, two, three].map(sha256Of).sort());
    expect(portions.length).toBeGreaterThan(1);
  });

  it('never loses content that was acknowledged and not deleted since, whatever happens at the same time', async () => {
    const contents = ['a', 'b'].map((name) => `${name} ${randomBytes(150_000).toString('hex')}`);
    const action = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('store' as const), content: fc.nat(1), session: fc.nat(2) }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), session: fc.nat(2) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('step' as const) }) },
    );
    const lanes = fc.array(fc.array(action, { minLength: 3, maxLength: 8 }), { minLength: 2, maxLength: 4 });
    let run = 0;
    const race = async (plans: readonly (readonly { kind: string; content?: number; session?: number }[])[]) => {
      const of = anOwner(`racer-${++run}@example.com`);
      /** By session and content, the sequence of the last event that names it; by session, that of its deletion. */
      const named = new Map<string, number>();
      const deleted = new Map<number, number>();
      const underWay = new Set<Promise<void>>();
      const put = async (gateway: PayloadStore, session: number, content: number) => {
        const text = contents[content]!;
        await gateway.put(of, text);
        const data = { sessionExternalId: `${session}`, externalId: `${content}`, textRef: textRef(text) };
        const sequence = await publish(aMessageSynced(data, { owner: of }));
        const key = `${session} ${content}`;
        named.set(key, Math.max(named.get(key) ?? 0, sequence));
      };
      await Promise.all(
        plans.map(async (plan) => {
          const gateway = new PayloadStore(nc);
          for (const { kind, content = 0, session = 0 } of plan) {
            if (kind === 'store') {
              const request = put(gateway, session, content);
              underWay.add(request);
              await request.finally(() => underWay.delete(request));
            } else if (kind === 'delete') {
              const sequence = await publish(aSessionDeleted(`${session}`, { owner: of }));
              deleted.set(session, Math.max(deleted.get(session) ?? 0, sequence));
              await removals.request(of, sequence);
            } else {
              const removal = await removals.of(of);
              const markedBefore = await removals.serverTime();
              // The grace period: requests in progress end within it.
              await Promise.all([...underWay]);
              if (removal) await removalStep(nc, { ...removal, owner: of }, markedBefore);
            }
          }
        }),
      );
      const isNeeded = contents.map((_, content) =>
        [0, 1, 2].some((session) => (named.get(`${session} ${content}`) ?? 0) > (deleted.get(session) ?? 0)),
      );
      for (const [at, content] of contents.entries()) if (isNeeded[at]) expect(await isStored(content, of)).toBe(true);
      await removeAll(of);
      const left = await Promise.all(contents.map((content) => isStored(content, of)));
      // Content that was never stored does not exist either.
      expect(left).toEqual(isNeeded);
    };
    await fc.assert(fc.asyncProperty(lanes, race), { numRuns: 15, endOnFailure: true });
  }, 240_000);
});
