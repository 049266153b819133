import { accessSubject, type AccessEntry, type Owner } from '@opensync/contracts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { anOwner, startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { STREAM } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { AccessLog } from './access-log.ts';
import { readAccessLog, type AccessPlace, type AccessQuery } from './read-access-log.ts';

const ada = anOwner('ada@example.com');
const bob = anOwner('bob@example.com');
const cid = anOwner('cid@example.com', 'another');
let nats: TestNats;
let nc: LogConnection;

beforeAll(async () => {
  nats = await startTestNats();
  nc = await connectLog({ servers: nats.url, name: 'access-log' });
  await reconcileTopology(nc, { replicas: 1 });
});
afterEach(async () => {
  await (await jetstreamManager(nc)).streams.purge(STREAM.access);
});
afterAll(async () => {
  await nc.drain();
  await nats.stop();
});

function entry(requestId: string, fields: Partial<AccessEntry> = {}): AccessEntry {
  const request = { method: 'GET', route: '/api/stats', status: 200, durationMs: 1.5, keyId: 'key_1' };
  return { requestId, at: Date.now(), ...request, ...fields };
}

const list = async (query: Partial<AccessQuery> & Pick<AccessQuery, 'workspaceId'>) => {
  const page = await readAccessLog(nc, { limit: 100, matches: () => true, ...query });
  return { ids: page.entries.map(({ requestId }) => requestId), next: page.next, entries: page.entries };
};

/** Each as a message of its own. */
async function store(owner: Owner, entries: readonly AccessEntry[]): Promise<void> {
  const client = jetstream(nc);
  for (let at = 0; at < entries.length; at += 200) {
    await Promise.all(
      entries
        .slice(at, at + 200)
        .map((one) => client.publish(accessSubject(owner), JSON.stringify({ entries: [one] }))),
    );
  }
}

describe('the API access log', () => {
  it('shows what was recorded, newest first, to its owner and its workspace', async () => {
    const log = new AccessLog(nc);
    log.record(ada, entry('one', { sequence: 7, keyHint: '…abcd' }));
    log.record(bob, entry('two', { status: 403 }));
    const target = { ...cid, kind: 'session', id: 'ses_1' };
    log.record(cid, entry('three', { target }));
    log.record(ada, entry('four'));
    await log.close();
    expect((await list(ada)).ids).toEqual(['four', 'one']);
    expect((await list(bob)).ids).toEqual(['two']);
    expect((await list({ workspaceId: ada.workspaceId })).ids.toSorted()).toEqual(['four', 'one', 'two']);
    expect((await list(cid)).entries).toMatchObject([{ target }]);
    expect((await list(ada)).entries.at(-1)).toMatchObject({
      ...{ userId: ada.userId, sequence: 7, keyHint: '…abcd', route: '/api/stats' },
    });
  });

  it('writes by itself soon after a request', async () => {
    await using closed = closing(new AccessLog(nc, { flushMs: 10 }));
    closed.log.record(ada, entry('one'));
    await waitFor(async () => (await list(ada)).ids.length === 1);
    closed.log.record(ada, entry('two'));
    await waitFor(async () => (await list(ada)).ids.length === 2);
  });

  it('makes several messages of many entries of one member', async () => {
    const log = new AccessLog(nc);
    const ids = Array.from({ length: 1_000 }, (_, at) => `request ${at}`);
    for (const id of ids) log.record(ada, entry(id));
    await log.close();
    expect((await list({ ...ada, limit: 1_000 })).ids).toEqual(ids.toReversed());
    expect((await (await jetstreamManager(nc)).streams.info(STREAM.access)).state.messages).toBe(4);
  });

  it('keeps the entries of many members that are active at the same time', async () => {
    let dropped = 0;
    const log = new AccessLog(nc, { onDropped: (entries) => (dropped += entries) });
    const members = Array.from({ length: 1_000 }, (_, at) => ({ ...ada, userId: `usr_${at}` }));
    for (const member of members) log.record(member, entry(member.userId));
    await log.close();
    expect(dropped).toBe(0);
    expect((await list({ workspaceId: ada.workspaceId, limit: 2_000 })).ids).toHaveLength(1_000);
  });

  it('pages through all entries, each once, while new ones arrive', async () => {
    const log = new AccessLog(nc);
    const ids = Array.from({ length: 25 }, (_, at) => `request ${at}`);
    for (const id of ids) log.record(ada, entry(id));
    await log.close();
    const seen: string[] = [];
    let before: AccessPlace | undefined;
    do {
      const page = await list({ ...ada, limit: 10, before });
      seen.push(...page.ids);
      before = page.next;
      await store(ada, [entry('late')]);
    } while (before);
    expect(seen).toEqual(ids.toReversed());
  });

  it('finds the few entries of one member between thousands of others', async () => {
    await store(ada, [entry('first'), entry('second')]);
    await store(
      bob,
      Array.from({ length: 3_000 }, (_, at) => entry(`other ${at}`)),
    );
    await store(ada, [entry('third')]);
    expect((await list(ada)).ids).toEqual(['third', 'second', 'first']);
    expect((await list({ ...bob, limit: 2_999 })).ids).toHaveLength(2_999);
  });

  it('says where to continue where it has not looked at everything', async () => {
    await store(
      ada,
      Array.from({ length: 5_000 }, (_, at) => entry(`request ${at}`, { status: at === 0 ? 500 : 200 })),
    );
    const failures: string[] = [];
    let before: AccessPlace | undefined;
    let pages = 0;
    do {
      const page = await list({ ...ada, before, matches: ({ status }) => status === 500 });
      failures.push(...page.ids);
      before = page.next;
      pages++;
    } while (before);
    expect(failures).toEqual(['request 0']);
    expect(pages).toBeGreaterThan(1);
  });

  it('limits by time', async () => {
    const now = Date.now();
    await store(ada, [
      entry('old', { at: now - 3_000 }),
      entry('middle', { at: now - 2_000 }),
      entry('new', { at: now - 1_000 }),
    ]);
    expect((await list({ ...ada, from: now - 2_000 })).ids).toEqual(['new', 'middle']);
    expect((await list({ ...ada, to: now - 1_000 })).ids).toEqual(['middle', 'old']);
    expect((await list({ ...ada, from: now + 60_000 })).ids).toEqual([]);
    expect((await list({ ...ada, to: 1 })).ids).toEqual([]);
  });

  it('skips a message that it cannot read', async () => {
    await store(ada, [entry('before')]);
    await jetstream(nc).publish(accessSubject(ada), '{"entries":[{"requestId":1}]}');
    await jetstream(nc).publish(accessSubject(ada), 'not JSON');
    await store(ada, [entry('after')]);
    expect((await list(ada)).ids).toEqual(['after', 'before']);
  });

  it('keeps entries while the log is away, up to a bound, and counts the others', async () => {
    const own = await startTestNats();
    const connection = await connectLog({ servers: own.url, name: 'access-log' });
    await reconcileTopology(connection, { replicas: 1 });
    let dropped = 0;
    const log = new AccessLog(connection, { flushMs: 10, onDropped: (entries) => (dropped += entries) });
    await own.kill();
    await waitFor(() => !connection.link.up);
    for (let at = 0; at < 250 * 103; at++) log.record(ada, entry(`request ${at}`));
    expect(dropped).toBe(250 * 3);
    await own.restart();
    await waitFor(async () => {
      const manager = await jetstreamManager(connection);
      return (await manager.streams.info(STREAM.access)).state.messages === 100;
    });
    await log.close();
    await connection.drain();
    await own.stop();
  });

  it('keeps no more than it is configured for, and takes a new limit', async () => {
    const manager = await jetstreamManager(nc);
    await reconcileTopology(nc, { replicas: 1, accessLogDays: 2, accessLogMaxBytes: 1024 * 1024 });
    const { config } = await manager.streams.info(STREAM.access);
    expect([config.max_age / 1e9, config.max_bytes, config.discard]).toEqual([2 * 86_400, 1024 * 1024, 'old']);
    const { drift } = await reconcileTopology(nc, { replicas: 1 });
    expect(drift).toEqual([]);
  });
});

function closing(log: AccessLog) {
  return { log, [Symbol.asyncDispose]: () => log.close() };
}
