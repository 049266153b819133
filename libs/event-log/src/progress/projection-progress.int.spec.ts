import { jetstream } from '@nats-io/jetstream';
import { startTestNats, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { BatchConsumer } from '../consume/batch-consumer.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { ProjectionProgress } from './projection-progress.ts';

describe('ProjectionProgress', () => {
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

  it('waits for everything up to a sequence, not for that event alone', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const consumer = new BatchConsumer(nc, {
      consumer: CONSUMER.documents,
      maxBatch: 1,
      handler: async ([delivery]) => {
        if (delivery!.sequence === 3 && delivery!.attempts === 1) return { retry: [delivery!] };
        if (delivery!.sequence === 5) await gate;
        return {};
      },
    });
    for (let n = 0; n < 5; n++) await jetstream(nc).publish('osk.events.w.u.session', '{}');
    const progress = new ProjectionProgress(nc);
    expect(await progress.waitFor(2, 5000)).toBe(true);
    expect(await progress.waitFor(3, 100)).toBe(false);
    expect(await progress.waitFor(4, 100)).toBe(false);
    const later = Promise.all([4, 5, 5].map((sequence) => progress.waitFor(sequence, 10_000)));
    open();
    expect(await later).toEqual([true, true, true]);
    expect(await progress.applied(CONSUMER.documents)).toBe(5);
    await consumer.stop();
  });

  it('shares one request between concurrent callers', async () => {
    const progress = new ProjectionProgress(nc);
    await jetstream(nc).publish('osk.events.w.u.session', '{}');
    await progress.applied(CONSUMER.documents);
    const before = nc.stats().outMsgs;
    await Promise.all(Array.from({ length: 100 }, () => progress.waitFor(1, 50)));
    expect(nc.stats().outMsgs - before).toBeLessThan(20);
  });

  it.each([2, 3, Number.MAX_SAFE_INTEGER])(
    'waits for nobody who names an event that does not exist: %i',
    async (sequence) => {
      await jetstream(nc).publish('osk.events.w.u.session', '{}');
      await expect(new ProjectionProgress(nc).waitFor(sequence, 60_000)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        details: [{ path: 'Osk-Wait-Sequence' }],
      });
    },
  );

  it('answers UNAVAILABLE if the consumer does not exist', async () => {
    const missing = { stream: 'EVENTS', durable: 'missing' };
    await expect(new ProjectionProgress(nc).applied(missing)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
