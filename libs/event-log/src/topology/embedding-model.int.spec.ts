import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { BatchConsumer } from '../consume/batch-consumer.ts';
import { confirmModel, isModel, takeOverModel } from './embedding-model.ts';
import { hasGap, isPartial, markTold } from './gap.ts';
import { CONSUMER } from './names.ts';
import { reconcileTopology } from './reconcile.ts';

const SMALL = { name: 'small', dimensions: 2 };
const LARGE = { name: 'large', dimensions: 3 };

describe('the model of the vectors', () => {
  let server: TestNats;
  let nc: NatsConnection;
  let manager: JetStreamManager;
  beforeEach(async () => {
    server = await startTestNats();
    nc = await connect({ servers: server.url });
    manager = await jetstreamManager(nc);
    await reconcileTopology(nc, { replicas: 1 });
  });
  afterEach(async () => {
    await nc.close();
    await server.stop();
  });

  const info = () => manager.consumers.info(CONSUMER.vectors.stream, CONSUMER.vectors.durable);

  it('is that of the first projector, whose index lacks nothing', async () => {
    await confirmModel(nc, SMALL);
    await takeOverModel(nc, SMALL);
    await takeOverModel(nc, SMALL);
    await confirmModel(nc, SMALL);
    expect([isModel(await info(), SMALL), isPartial(await info())]).toEqual([true, false]);
  });

  it('is another one after another has taken over, whose index lacks everything until it was told and has done it', async () => {
    await takeOverModel(nc, SMALL);
    await takeOverModel(nc, LARGE);
    expect([hasGap(await info()), isPartial(await info())]).toEqual([true, true]);

    for (let n = 0; n < 3; n++) await jetstream(nc).publish('osk.changes.w.u', String(n));
    await markTold(nc, CONSUMER.vectors);
    expect([hasGap(await info()), isPartial(await info())]).toEqual([false, true]);
    await takeOverModel(nc, LARGE);

    const consumer = new BatchConsumer(nc, { consumer: CONSUMER.vectors, handler: async () => ({}) });
    await waitFor(async () => !isPartial(await info()));
    await consumer.stop();
    expect((await info()).config).toMatchObject({ ack_policy: 'explicit', max_deliver: -1, max_ack_pending: 1000 });
  });

  it('keeps a projector of the model before from acknowledging anything', async () => {
    await takeOverModel(nc, SMALL);
    await takeOverModel(nc, LARGE);
    await confirmModel(nc, LARGE);
    await expect(confirmModel(nc, SMALL)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('large/3'),
    });
    expect(isModel(await info(), SMALL)).toBe(false);
  });

  it('survives what makes the topology again', async () => {
    await takeOverModel(nc, SMALL);
    const report = await reconcileTopology(nc, { replicas: 1 });
    expect([report.updated, report.drift, isModel(await info(), LARGE)]).toEqual([[], [], false]);
  });
});
