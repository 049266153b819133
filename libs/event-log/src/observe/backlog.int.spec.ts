import { jetstream } from '@nats-io/jetstream';
import { createLogger } from '@opensync/platform';
import { Registry } from '@opensync/platform/telemetry';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { BatchConsumer, type BatchHandler, type ConsumerHealth } from '../consume/batch-consumer.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { observeBacklog } from './backlog.ts';
import { observedHandler } from './batches.ts';

let server: TestNats;
let nc: LogConnection;
let metrics: Registry;
beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  metrics = new Registry();
  observeBacklog(metrics, nc, () => [{ consumer: 'documents' } as ConsumerHealth]);
});
afterEach(async () => {
  await nc.close();
  await server.stop();
});

async function value(sample: string): Promise<number | undefined> {
  const line = (await metrics.metrics()).split('\n').find((text) => text.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

const LAG = 'opensync_consumer_lag_seconds{consumer="documents"}';

describe('the lag of a consumer', () => {
  it('is the age of the oldest message that it has not processed, and 0 when it has processed all', async () => {
    expect(await value(LAG)).toBe(0);
    const publish = () => jetstream(nc).publish('osk.events.w.u.session', '{}');
    await publish();
    const grown = async (above: number) => waitFor(async () => ((await value(LAG)) ?? 0) > above);
    await grown(0.3);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const handler: BatchHandler = async (batch) => {
      await held;
      return { unfinished: batch.filter(({ sequence }) => sequence === 2 && finishing === false) };
    };
    let finishing = false;
    const logger = createLogger('silent', 'test');
    const consumer = new BatchConsumer(nc, {
      consumer: CONSUMER.documents,
      handler: observedHandler(CONSUMER.documents, handler, { metrics, logger }),
    });
    // Delivered, and still not processed.
    await waitFor(async () => (await value('opensync_consumer_ack_pending_messages{consumer="documents"}')) === 1);
    await grown(0.6);
    await publish();
    release();
    const count = 'opensync_freshness_seconds_count{consumer="documents"}';
    await waitFor(async () => (await value(count)) === 1);
    expect(await value('opensync_freshness_seconds_sum{consumer="documents"}')).toBeGreaterThan(0.6);
    // What stays unfinished counts once it is done.
    finishing = true;
    await publish();
    await waitFor(async () => (await value(count)) === 3);
    await waitFor(async () => (await value(LAG)) === 0);
    await consumer.stop();
  });
});
