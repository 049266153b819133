import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { replay, streamEnds, type ReplayRange } from './replay.ts';

let server: TestNats;
let nc: LogConnection;

beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
});
afterEach(async () => {
  await nc.close();
  await server.stop();
});

/** The server may list a deleted one for a moment; one that is left behind stays for a minute. */
async function expectNoConsumerLeft(): Promise<void> {
  const { consumers } = await jetstreamManager(nc);
  const names = async () => (await consumers.list('EVENTS').next()).map(({ name }) => name);
  await waitFor(async () => String(await names()) === 'documents', {
    timeoutMs: 10_000,
    what: 'only the durable consumer to be left',
  });
}

async function publish(count: number): Promise<void> {
  const client = jetstream(nc);
  await Promise.all(Array.from({ length: count }, (_, at) => client.publish('osk.events.w.u.session', String(at + 1))));
}

async function read(range: ReplayRange, onBatch?: (sequences: number[]) => Promise<unknown> | void): Promise<number[]> {
  const sequences: number[] = [];
  for await (const batch of replay(nc, range)) {
    expect(batch.length).toBeLessThanOrEqual(range.maxBatch ?? 1000);
    expect(batch.map((message) => message.body())).toEqual(batch.map(({ sequence }) => String(sequence)));
    sequences.push(...batch.map(({ sequence }) => sequence));
    await onBatch?.(sequences);
  }
  return sequences;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('replay', () => {
  it('reads a range in order, each message once', async () => {
    await publish(2500);
    expect(await read({ from: 1, to: 2500, maxBatch: 300 })).toEqual(numbers(1, 2500));
    expect(await read({ from: 700, to: 1400 })).toEqual(numbers(700, 1400));
    expect(await read({ from: 2500, to: 9999 })).toEqual([2500]);
    expect(await read({ from: 2501, to: 9999 })).toEqual([]);
    expect(await streamEnds(nc)).toMatchObject({ first: 1, last: 2500, messages: 2500 });
  });

  it('ends if the ends of the range were deleted, and if it never had any', async () => {
    expect(await read({ from: 1, to: 10 })).toEqual([]);
    await publish(10);
    const manager = await jetstreamManager(nc);
    for (const sequence of [1, 5, 9, 10]) await manager.streams.deleteMessage('EVENTS', sequence);
    expect(await read({ from: 1, to: 10 })).toEqual([2, 3, 4, 6, 7, 8]);
    expect(await read({ from: 1, to: 5 })).toEqual([2, 3, 4]);
    await manager.streams.purge('EVENTS');
    expect(await read({ from: 1, to: 10 })).toEqual([]);
  });

  it('reads to the end although a consumer on a lagging replica has less', async () => {
    await publish(20);
    const request = nc.request.bind(nc);
    let laggards = 0;
    nc.request = async (subject, ...args) => {
      const answer = await request(subject, ...args);
      if (!subject.includes('CONSUMER.CREATE') || laggards++ > 0) return answer;
      const data = Buffer.from(JSON.stringify({ ...answer.json<object>(), num_pending: 0 }));
      return { ...answer, data, json: () => JSON.parse(data.toString()) as never, string: () => data.toString() };
    };
    expect(await read({ from: 1, to: 20, subject: 'osk.events.w.u.*' })).toEqual(numbers(1, 20));
    expect(laggards).toBe(2);
  });

  it('skips and repeats nothing when the server is killed and restarted during the replay', async () => {
    await publish(5000);
    let killed = false;
    const sequences = await read({ from: 1, to: 5000, maxBatch: 100 }, async (soFar) => {
      if (killed || soFar.length < 1000) return;
      killed = true;
      await server.restart();
    });
    expect(killed).toBe(true);
    expect(sequences).toEqual(numbers(1, 5000));
  });

  it('reads only one subject, and ends if it has no messages', async () => {
    await publish(20);
    const { seq } = await jetstream(nc).publish('osk.events.w.other.session', 'another');
    await publish(20);
    const of = async (subject: string, from = 1) => {
      const sequences: number[] = [];
      for await (const batch of replay(nc, { from, to: 41, subject })) sequences.push(...batch.map((m) => m.sequence));
      return sequences;
    };
    expect(await of('osk.events.w.other.*')).toEqual([seq]);
    expect(await of('osk.events.w.other.*', seq + 1)).toEqual([]);
    expect(await of('osk.events.w.nobody.*')).toEqual([]);
    expect((await of('osk.events.w.u.*')).length).toBe(40);
    await expectNoConsumerLeft();
  });

  it('leaves no consumer behind, even when it is abandoned', async () => {
    await publish(50);
    for await (const batch of replay(nc, { from: 1, to: 50, maxBatch: 10 })) {
      expect(batch).toHaveLength(10);
      break;
    }
    await read({ from: 1, to: 50 });
    await expectNoConsumerLeft();
  });
});
