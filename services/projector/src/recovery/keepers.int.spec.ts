import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { ROW_FORMAT, type Projection } from '@opensync/contracts';
import {
  connectLog,
  CONSUMER,
  consumerFacts,
  continueAbove,
  eventAt,
  EventPublisher,
  GENERATION_BUCKET,
  openBucket,
  reconcileTopology,
  streamEnds,
  type LogConnection,
} from '@opensync/event-log';
import { createLogger } from '@opensync/platform';
import {
  confirmedPosition,
  confirmPosition,
  IndexLife,
  recordNow,
  type DocumentStore,
  openSqliteDocuments,
  samePosition,
  takeOverModel,
  type SearchStore,
  type StorePosition,
  UnusableStoreError,
  type VectorStore,
} from '@opensync/stores';
import {
  anOwner,
  startTestNats,
  temporaryFolder,
  waitFor,
  type TemporaryFolder,
  type TestNats,
} from '@opensync/testkit';
import { aHistory } from '../testing/replica.ts';
import { noHistory } from '../testing/deliveries.ts';
import { DocumentsKeeper } from './documents-keeper.ts';
import { IndexKeeper } from './index-keeper.ts';
import { UnusableStores } from './unusable-stores.ts';

const OWNER = anOwner('ada@example.com');
const HISTORY = aHistory([OWNER], 3);
const LAST = HISTORY.length;
const GENERATION = 1;

let server: TestNats;
let nc: LogConnection;
let announcing: PromiseWithResolvers<number>;
let announcements: number;
beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  await known('search');
  announcing = Promise.withResolvers();
  announcements = 0;
});
afterEach(async () => {
  announcing.resolve(0);
  await waitFor(async () => (await recordNow(nc, 'search'))?.lease === undefined, { timeoutMs: 60_000 });
  await nc.close();
  await server.stop();
});

/** As of a complete index. @param feed when its consumer was created, unless an earlier version wrote the record */
async function known(store: Projection, feed?: string): Promise<void> {
  await (
    await openBucket(nc, GENERATION_BUCKET)
  ).put(`live.${store}`, JSON.stringify({ live: 1, kept: [], feed, rows: ROW_FORMAT }));
}
const feedOfSearch = async () => (await consumerFacts(nc, CONSUMER.search)).created;

async function publish(): Promise<void> {
  const publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
  await publisher.publish([...HISTORY]);
  await publisher.close();
}

/** The position of a store, and whether it has contents. */
class FakeStore {
  held: StorePosition | undefined;
  isWritable = true;
  /** Called when the position was read, before the answer. */
  onRead: () => Promise<void> = async () => undefined;

  constructor(held: StorePosition | undefined) {
    this.held = held;
  }

  async position(): Promise<StorePosition | undefined> {
    const { held } = this;
    await this.onRead();
    return held;
  }

  async setPosition(next: StorePosition, before: StorePosition | undefined): Promise<boolean> {
    if (!this.isWritable) throw new Error('the disk is full');
    if (!samePosition(this.held, before)) return false;
    this.held = next;
    return true;
  }

  async describe() {
    return { counts: { messages: 0 } };
  }

  async reach(): Promise<number> {
    return 0;
  }
}

/** As if all events had been delivered to the documents. */
async function acknowledgeAll(): Promise<void> {
  const { stream, durable } = CONSUMER.documents;
  const consumer = await jetstream(nc).consumers.get(stream, durable);
  const messages = await consumer.fetch({ max_messages: LAST, expires: 5000 });
  for await (const message of messages) await message.ackAck();
  await waitFor(async () => (await consumer.info()).num_ack_pending === 0);
}

const at = async (sequence: number): Promise<StorePosition> => ({ sequence, witness: await eventAt(nc, sequence) });
const fill = async () => (await recordNow(nc, 'search'))?.fill;
/** Ends the running announcement of all documents. */
async function announce(): Promise<void> {
  announcing.resolve(3);
  await waitFor(async () => (await fill())?.announced !== undefined, { timeoutMs: 60_000 });
}
const confirmed = () => confirmedPosition(nc, 'search', GENERATION);
const confirm = (sequence: number) => confirmPosition(nc, 'search', { generation: GENERATION, sequence });
const examined = () => ({
  nc,
  generations: { used: () => ({ documents: GENERATION, search: GENERATION, vectors: GENERATION }) },
  unusable: new UnusableStores(),
});

function keeperOf(index: FakeStore, documents: FakeStore): IndexKeeper {
  return new IndexKeeper('search', CONSUMER.search, index as unknown as SearchStore, {
    ...examined(),
    documents: documents as unknown as DocumentStore,
    everyMs: 0,
    announceAll: () => {
      announcements++;
      return announcing.promise;
    },
    logger: createLogger('silent', 'test'),
  });
}

describe('an index next to documents that do not match the log', () => {
  const UNFIT: Readonly<Record<string, () => FakeStore>> = {
    'are ahead of it': () => new FakeStore({ sequence: LAST + 50, witness: { sequence: LAST + 50, id: 'other' } }),
    'belong to another one': () => new FakeStore({ sequence: 2, witness: { sequence: 2, id: 'other' } }),
    'cannot be read': () => {
      const store = new FakeStore(undefined);
      store.onRead = () => Promise.reject(new UnusableStoreError('documents', { message: 'damaged' }));
      return store;
    },
  };

  it.each(Object.keys(UNFIT))('keeps its position, and gets no writes, if they %s', async (what) => {
    await publish();
    const position = await at(3);
    const index = new FakeStore(position);
    const finding = await keeperOf(index, UNFIT[what]!()).look();
    expect(finding).toMatchObject({ condition: { kind: 'complete' }, isDisplaced: true, isWaiting: true });
    expect(index.held).toEqual(position);
  });

  it.each(Object.keys(UNFIT))('is neither filled from them nor replaced, if they %s', async (what) => {
    await publish();
    await confirm(LAST);
    const lost = new FakeStore(undefined);
    await keeperOf(lost, UNFIT[what]!()).look();
    expect([lost.held, await fill()]).toEqual([undefined, undefined]);
    const ahead = new FakeStore({ sequence: LAST + 9 });
    expect(await keeperOf(ahead, UNFIT[what]!()).look()).toMatchObject({
      condition: { kind: 'ahead' },
      isWaiting: true,
    });
  });
});

describe('an index that is missing documents', () => {
  it('has all announced again, even during an announcement: part of that went to the lost index', async () => {
    await publish();
    await confirm(LAST);
    const underWay = 'an announcement that is under way';
    await (await IndexLife.open(nc, 'search')).beginFill(underWay);
    const index = new FakeStore(undefined);
    expect(await keeperOf(index, new FakeStore(await at(LAST))).look()).toMatchObject({
      condition: { kind: 'missing' },
    });
    expect((await fill())!.token).not.toBe(underWay);
    expect(index.held!.repair).toBe((await fill())!.token);
  });

  it('is complete once all are announced, and has them announced once', async () => {
    await publish();
    await confirm(LAST);
    const index = new FakeStore(undefined);
    const keeper = keeperOf(index, new FakeStore(await at(LAST)));
    await keeper.look();
    const opened = (await fill())!;
    await waitFor(() => announcements === 1);
    // Another process continues it.
    const other = keeperOf(index, new FakeStore(await at(LAST)));
    expect(await other.look()).toMatchObject({ condition: { kind: 'repairing' } });
    expect((await fill())!.token).toBe(opened.token);
    await announce();
    expect(announcements).toBe(1);
    await other.look();
    expect(await other.look()).toMatchObject({ condition: { kind: 'complete', sequence: LAST } });
    expect([await fill(), (await confirmed())!.repair]).toEqual([undefined, undefined]);
  });

  it('waits for documents that are behind its confirmed position', async () => {
    await publish();
    await confirm(LAST);
    const index = new FakeStore(undefined);
    const documents = new FakeStore({ ...(await at(2)), repair: String(LAST) });
    const keeper = keeperOf(index, documents);
    await keeper.look();
    await announce();
    expect(await keeper.look()).toMatchObject({ condition: { kind: 'repairing' } });
    expect((await confirmed())!.sequence).toBe(LAST);
    documents.held = await at(LAST);
    await keeper.look();
    expect(await keeper.look()).toMatchObject({ condition: { kind: 'complete', sequence: LAST } });
  });

  it('is not complete if it is a copy made during a repair which has ended', async () => {
    await publish();
    await confirm(LAST);
    const index = new FakeStore({ ...(await at(2)), repair: 'one that has ended' });
    const keeper = keeperOf(index, new FakeStore(await at(LAST)));
    await keeper.look();
    expect(index.held).toMatchObject({ sequence: 2, repair: (await fill())!.token });
    expect((await confirmed())!.sequence).toBe(LAST);
  });
});

describe('an index whose rebuild was interrupted after its switch', () => {
  const record = async () => (await recordNow(nc, 'search'))!;
  /** @param lease of the worker that is working on it, or was */
  async function switched(lease?: { readonly worker: string; readonly beat: number }): Promise<void> {
    const rebuild = { generation: GENERATION, position: 0, run: 'killed' };
    const body = { live: GENERATION, kept: [], rebuild, feed: await feedOfSearch(), rows: ROW_FORMAT, lease };
    await (await openBucket(nc, GENERATION_BUCKET)).put('live.search', JSON.stringify(body));
  }

  it('has all announced, because it may lack the last changes', async () => {
    await publish();
    await switched();
    const keeper = keeperOf(new FakeStore(await at(LAST)), new FakeStore(await at(LAST)));
    await keeper.look();
    await waitFor(() => announcements === 1);
    expect((await record()).rebuild).toBeUndefined();
    await announce();
    await keeper.look();
    expect([await fill(), announcements]).toEqual([undefined, 1]);
  });

  it('is left to its worker while that is working', async () => {
    await publish();
    await switched({ worker: 'killed', beat: 0 });
    await keeperOf(new FakeStore(await at(LAST)), new FakeStore(await at(LAST))).look();
    expect(await record()).toMatchObject({ rebuild: { generation: GENERATION }, lease: { worker: 'killed' } });
    expect([await fill(), announcements]).toEqual([undefined, 0]);
    await known('search');
  });
});

describe('an index whose record the log lost', () => {
  const loseRecord = async () => (await openBucket(nc, GENERATION_BUCKET)).purge('live.search');

  it('has all announced, because its contents are unknown: it may be an older copy', async () => {
    await publish();
    await acknowledgeAll();
    await confirm(LAST);
    await loseRecord();
    const keeper = keeperOf(new FakeStore(await at(2)), new FakeStore(await at(LAST)));
    await keeper.look();
    await waitFor(() => announcements === 1);
    await announce();
    await keeper.look();
    expect(await keeper.look()).toMatchObject({ condition: { kind: 'complete', sequence: LAST } });
    expect([await fill(), announcements]).toEqual([undefined, 1]);
  });

  it('keeps no position that is confirmed before a record exists again', async () => {
    await publish();
    await loseRecord();
    await confirm(LAST);
    expect(await recordNow(nc, 'search')).toBeUndefined();
  });

  it('is complete on a new installation, where nothing was projected yet', async () => {
    await publish();
    await loseRecord();
    const keeper = keeperOf(new FakeStore(undefined), new FakeStore({ sequence: 0 }));
    await keeper.look();
    await keeper.look();
    expect([await fill(), announcements]).toEqual([undefined, 0]);
    expect(await recordNow(nc, 'search')).toMatchObject({ live: 1 });
  });

  it('has all announced if its consumer and that of the documents were lost, too', async () => {
    await publish();
    await loseRecord();
    await keeperOf(new FakeStore(await at(2)), new FakeStore(await at(LAST))).look();
    await waitFor(() => announcements === 1);
    await announce();
  });
});

describe('an index whose consumer', () => {
  const { stream, durable } = CONSUMER.search;
  const healthy = async () => keeperOf(new FakeStore(await at(LAST)), new FakeStore(await at(LAST)));
  /** As a process that finds it missing. */
  async function createAgain(): Promise<void> {
    await (await jetstreamManager(nc)).consumers.delete(stream, durable);
    await reconcileTopology(nc, { replicas: 1 });
  }
  const setMetadata = async (metadata: Record<string, string>) =>
    (await jetstreamManager(nc)).consumers.update(stream, durable, { metadata });
  /** As if changes had been delivered to the index. */
  async function feed(): Promise<void> {
    await jetstream(nc).publish('osk.changes.w.u', '{}');
    const messages = await (await jetstream(nc).consumers.get(stream, durable)).fetch({ max_messages: 1 });
    for await (const message of messages) await message.ackAck();
  }

  it('was recreated has missed changes: all documents are announced, once', async () => {
    await publish();
    await acknowledgeAll();
    await feed();
    const keeper = await healthy();
    await keeper.look();
    expect(await fill()).toBeUndefined();
    await createAgain();
    await keeper.look();
    const begun = await fill();
    expect(begun).toEqual({ token: expect.any(String) });
    await keeper.look();
    await waitFor(() => announcements === 1);
    await announce();
    // Nobody has processed the announcements.
    await keeper.look();
    expect(await fill()).toMatchObject({ announced: 1 });
    await feed();
    await keeper.look();
    expect([await fill(), announcements]).toEqual([undefined, 1]);
  });

  it('was recreated before this version was started has missed changes, too', async () => {
    await publish();
    await acknowledgeAll();
    await feed();
    await createAgain();
    await (await healthy()).look();
    expect(await fill()).toEqual({ token: expect.any(String) });
  });

  it('feeds rows of an earlier format has all documents announced, once', async () => {
    await publish();
    await acknowledgeAll();
    await feed();
    await (await openBucket(nc, GENERATION_BUCKET)).put('live.search', JSON.stringify({ live: 1, kept: [] }));
    const keeper = await healthy();
    await keeper.look();
    await waitFor(() => announcements === 1);
    await announce();
    await keeper.look();
    await keeper.look();
    expect([await fill(), announcements]).toEqual([undefined, 1]);
    expect(await recordNow(nc, 'search')).toMatchObject({ rows: ROW_FORMAT });
  });

  it('is as old as the log is complete after an upgrade', async () => {
    await publish();
    await acknowledgeAll();
    await feed();
    const keeper = await healthy();
    for (let look = 0; look < 2; look++) await keeper.look();
    expect([await fill(), announcements]).toEqual([undefined, 0]);
  });

  it('was recreated while nothing was projected has missed nothing', async () => {
    const keeper = keeperOf(new FakeStore(undefined), new FakeStore({ sequence: 0 }));
    await keeper.look();
    await createAgain();
    await keeper.look();
    expect(await fill()).toBeUndefined();
  });

  it.each([
    ['was not announced by an earlier version', undefined, true],
    ['was announced by it, and is not worked off', 9, true],
    ['was announced by it, and is worked off', 1, false],
  ])('has a gap that %s', async (_what, told, isOpen) => {
    await publish();
    await acknowledgeAll();
    await feed();
    await setMetadata({ 'opensync-gap': 'its token' });
    const bucket = await openBucket(nc, GENERATION_BUCKET);
    if (told !== undefined) {
      await bucket.put('told.search', JSON.stringify({ token: 'its token', sequence: told }));
    }
    await (await healthy()).look();
    expect((await fill()) !== undefined).toBe(isOpen);
  });

  it('takes over the position that an earlier version has recorded', async () => {
    await publish();
    await acknowledgeAll();
    await feed();
    const bucket = await openBucket(nc, GENERATION_BUCKET);
    await bucket.put('position.search', JSON.stringify({ generation: GENERATION, sequence: LAST }));
    const older = keeperOf(new FakeStore(await at(2)), new FakeStore(await at(LAST)));
    expect(await older.look()).toMatchObject({ condition: { kind: 'older', sequence: 2 } });
  });
});

describe('vectors of two models, in a rollout', () => {
  const vectorsOf = async (store: FakeStore, name: string) =>
    new IndexKeeper('vectors', CONSUMER.vectors, store as unknown as VectorStore, {
      ...examined(),
      documents: new FakeStore(await at(LAST)) as unknown as DocumentStore,
      everyMs: 0,
      announceAll: async () => ++announcements,
      model: () => ({ name, dimensions: 2 }),
      logger: createLogger('silent', 'test'),
    });

  it("are each left to their own projector: the previous one's neither fills its index nor moves a position", async () => {
    await publish();
    await acknowledgeAll();
    const [before, after] = [new FakeStore(await at(LAST)), new FakeStore(undefined)];
    await takeOverModel(nc, { name: 'small', dimensions: 2 });
    const small = await vectorsOf(before, 'small');
    await small.look();
    await takeOverModel(nc, { name: 'large', dimensions: 2 });
    const large = await vectorsOf(after, 'large');
    await large.look();
    const position = before.held;
    const { fill } = (await recordNow(nc, 'vectors'))!;
    expect(fill).toBeDefined();
    expect(await small.look()).toMatchObject({ isDisplaced: true, isWaiting: true });
    expect((await recordNow(nc, 'vectors'))!.fill!.token).toBe(fill!.token);
    expect(before.held).toEqual(position);
    await waitFor(async () => (await recordNow(nc, 'vectors'))!.lease === undefined, { timeoutMs: 60_000 });
  });
});

describe('a healthy index', () => {
  beforeEach(async () => known('search', await feedOfSearch()));

  it('is complete although another process moves and confirms its position during the check', async () => {
    await publish();
    await confirm(3);
    const index = new FakeStore(await at(3));
    index.onRead = async () => {
      index.held = await at(LAST);
      await confirm(LAST);
    };
    expect(await keeperOf(index, new FakeStore(await at(LAST))).look()).toMatchObject({
      condition: { kind: 'complete' },
    });
    expect(await fill()).toBeUndefined();
  });

  it('has nothing announced if its position was read too early', async () => {
    await publish();
    await confirm(LAST);
    const index = new FakeStore(await at(3));
    index.onRead = async () => void (index.held = await at(LAST));
    await keeperOf(index, new FakeStore(await at(LAST))).look();
    expect(await fill()).toBeUndefined();
  });
});

it('announces nothing to an index whose position cannot be written', async () => {
  await known('search', await feedOfSearch());
  await publish();
  await confirm(LAST);
  const index = new FakeStore(undefined);
  index.isWritable = false;
  const keeper = keeperOf(index, new FakeStore(await at(LAST)));
  for (let look = 0; look < 2; look++) await expect(keeper.look()).rejects.toThrow('the disk is full');
  expect(await fill()).toBeUndefined();
});

describe('documents that are missing events', () => {
  let folder: TemporaryFolder;
  let documents: DocumentStore;
  beforeEach(async () => {
    folder = await temporaryFolder();
    documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
  });
  afterEach(async () => {
    await documents.close();
    await folder.remove();
  });

  const keeper = () =>
    new DocumentsKeeper(
      { ...examined(), logger: createLogger('silent', 'test') },
      { documents, history: noHistory, publishChanges: async () => undefined },
    );

  it('get all events that were delivered to them, even if they are a copy made during an earlier repair', async () => {
    await publish();
    await acknowledgeAll();
    await confirmPosition(nc, 'documents', { generation: GENERATION, sequence: LAST });
    await documents.setPosition({ sequence: 0, repair: '2' }, undefined);
    const kept = keeper();
    await waitFor(async () => (await kept.look()).condition.kind === 'complete', { timeoutMs: 20_000 });
    // The last event deletes a session.
    expect(await documents.goneSessions(OWNER, { limit: 10 })).toHaveLength(1);
    expect((await documents.position())!.sequence).toBe(LAST);
    expect((await confirmedPosition(nc, 'documents', GENERATION))!.sequence).toBe(LAST);
  });

  it('get the last events of a copy of a running installation, whose position nobody had recorded', async () => {
    await publish();
    await acknowledgeAll();
    await documents.setPosition(await at(1), undefined);
    await known('documents');
    await confirmPosition(nc, 'documents', { generation: GENERATION, sequence: 1 });
    expect(await keeper().look()).toEqual({ condition: { kind: 'complete', sequence: 1 }, generation: GENERATION });
    expect(await documents.goneSessions(OWNER, { limit: 10 })).toHaveLength(1);
    expect((await documents.position())!.sequence).toBe(LAST);
  });

  it('report the events that the log no longer has', async () => {
    await continueAbove(nc, 100);
    await publish();
    await acknowledgeAll();
    const first = (await streamEnds(nc)).first.toLocaleString('en');
    const kept = keeper();
    const { action } = await kept.look();
    expect(action).toContain(`events ${first} to `);
    expect(action).toContain(`the log begins at event ${first}: earlier events cannot be replayed`);
    await kept.close();
  });
});
