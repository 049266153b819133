import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { onEachNatsServer, startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { watchBucket, type BucketEntry, type BucketWatch } from './bucket-watch.ts';
import { connectLog, type LogConnection } from './connection.ts';
import { KeyDirectory } from './keys/key-directory.ts';
import { reconcileTopology } from './topology/reconcile.ts';
import { exportLog } from './transfer/export-log.ts';

onEachNatsServer(({ program }) => {
  let server: TestNats;
  let nc: LogConnection;
  let bucket: KV;
  beforeEach(async () => {
    server = await startTestNats({ program: program() });
    nc = await connectLog({ servers: server.url, name: 'test' });
    bucket = await new Kvm(nc).create('things');
  });
  afterEach(async () => {
    await nc.close();
    await server.stop();
  });

  /** What a watch delivers, and whether it has ended. */
  function follow(watch: BucketWatch) {
    const seen: string[] = [];
    const state = { seen, ended: false };
    void (async () => {
      for await (const { key, operation, sequence, isUpdate, ...entry } of watch as AsyncIterable<BucketEntry>) {
        const value = operation === 'PUT' ? entry.json<string>() : operation;
        seen.push(`${key}=${value}@${sequence}${isUpdate ? '!' : ''}`);
      }
      state.ended = true;
    })();
    return state;
  }
  const consumersOf = async (stream: string) =>
    (await (await jetstreamManager(nc)).streams.info(stream)).state.consumer_count;

  describe('the watch of a bucket', () => {
    it('delivers the last values, marks the last of them, then delivers changes and deletions', async () => {
      await bucket.put('a', '"1"');
      await bucket.put('a', '"2"');
      await bucket.put('b', '"3"');
      const watch = await watchBucket(nc, 'things');
      const { seen } = follow(watch);
      await waitFor(() => seen.length === 2);
      await bucket.put('c.d', '"4"');
      await bucket.delete('a');
      await bucket.purge('b');
      await waitFor(() => seen.length === 5);
      expect(seen).toEqual(['a=2@2', 'b=3@3!', 'c.d=4@4!', 'a=DEL@5!', 'b=PURGE@6!']);
      watch.stop();
    });

    it('marks the first value of a bucket that was empty, and delivers only matching keys', async () => {
      const watch = await watchBucket(nc, 'things', 'live.*');
      const { seen } = follow(watch);
      for (const key of ['other', 'live.x', 'live.x.y', 'live.z']) await bucket.put(key, '"1"');
      await waitFor(() => seen.length === 2);
      expect(seen).toEqual(['live.x=1@2!', 'live.z=1@4!']);
      watch.stop();
    });

    it('delivers thousands of values in order', async () => {
      await Promise.all(
        Array.from({ length: 3000 }, (_, at) => bucket.put(`k${at}`, JSON.stringify('x'.repeat(2000)))),
      );
      const watch = await watchBucket(nc, 'things');
      const { seen } = follow(watch);
      await waitFor(() => seen.length === 3000);
      expect(seen.filter((line) => line.endsWith('!'))).toHaveLength(1);
      watch.stop();
    });

    it('leaves nothing on the server when it is stopped or abandoned', async () => {
      for (let times = 0; times < 20; times++) {
        const watch = await watchBucket(nc, 'things');
        const state = follow(watch);
        watch.stop();
        await waitFor(() => state.ended);
      }
      await bucket.put('a', '"1"');
      for await (const entry of await watchBucket(nc, 'things')) if (entry.isUpdate) break;
      await waitFor(async () => (await consumersOf('KV_things')) === 0);
    });

    it('is removed by the server soon after its process died', async () => {
      const other = await connectLog({ servers: server.url, name: 'killed' });
      await watchBucket(other, 'things', '>', { heartbeatMs: 5_000, inactiveMs: 1_000 });
      expect(await consumersOf('KV_things')).toBe(1);
      await other.close();
      await waitFor(async () => (await consumersOf('KV_things')) === 0, { timeoutMs: 30_000 });
    });

    it('ends if values may have been missed because its server was replaced or its consumer is gone', async () => {
      const state = follow(await watchBucket(nc, 'things', '>', { heartbeatMs: 500, inactiveMs: 10_000 }));
      await server.restart();
      await waitFor(() => nc.link.up);
      await waitFor(() => state.ended, { timeoutMs: 30_000 });
    });

    it('rejects a bucket that does not exist', async () => {
      await expect(watchBucket(nc, 'nothing')).rejects.toThrow();
    });
  });

  it('repeated reads of API keys, and exports, leave no consumers on the server', async () => {
    await reconcileTopology(nc, { replicas: 1 });
    for (let times = 0; times < 10; times++) {
      const keys = await KeyDirectory.open(nc);
      await keys.ready();
      await keys.close();
      await Array.fromAsync(exportLog(nc));
    }
    await waitFor(async () => (await consumersOf('KV_apikeys')) === 0);
  });
});
