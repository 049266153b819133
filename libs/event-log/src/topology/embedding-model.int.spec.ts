import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { BatchConsumer } from '../consume/batch-consumer.ts';
import { confirmModel, isModel, takeOverModel } from './embedding-model.ts';
import { closeGap, markTold, readGap } from './gap.ts';
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

  const gap = () => readGap(nc, CONSUMER.vectors);
  const info = () => manager.consumers.info(CONSUMER.vectors.stream, CONSUMER.vectors.durable);

  it('is that of the first projector, whose index lacks nothing', async () => {
    await confirmModel(nc, SMALL);
    await takeOverModel(nc, SMALL);
    await takeOverModel(nc, SMALL);
    await confirmModel(nc, SMALL);
    expect([isModel(await info(), SMALL), await gap()]).toEqual([true, undefined]);
  });

  it('is another one after another has taken over, whose index lacks everything until it was told and has done it', async () => {
    await takeOverModel(nc, SMALL);
    await takeOverModel(nc, LARGE);
    const opened = await gap();
    expect(opened).toMatchObject({ ...CONSUMER.vectors, isTold: false });

    for (let n = 0; n < 3; n++) await jetstream(nc).publish('osk.changes.w.u', String(n));
    await markTold(nc, opened!);
    expect(await gap()).toEqual({ ...opened, isTold: true });
    await takeOverModel(nc, LARGE);

    const consumer = new BatchConsumer(nc, { consumer: CONSUMER.vectors, handler: async () => ({}) });
    await waitFor(async () => (await gap()) === undefined);
    await consumer.stop();
    expect((await info()).config).toMatchObject({ ack_policy: 'explicit', max_deliver: -1, max_ack_pending: 20_000 });
  });

  it('is nobody knows which after the consumer was made again: the index of whoever takes over may lack everything', async () => {
    await takeOverModel(nc, SMALL);
    await jetstream(nc).publish('osk.events.w.u.session', 'projected');
    const projecting = new BatchConsumer(nc, { consumer: CONSUMER.documents, handler: async () => ({}) });
    const documents = () => manager.consumers.info(CONSUMER.documents.stream, CONSUMER.documents.durable);
    await waitFor(async () => (await documents()).ack_floor.stream_seq === 1);
    await projecting.stop();
    await manager.consumers.delete(CONSUMER.vectors.stream, CONSUMER.vectors.durable);
    await reconcileTopology(nc, { replicas: 1 });
    await closeGap(nc, (await gap())!);

    expect(await confirmModel(nc, SMALL)).toBe(false);
    await takeOverModel(nc, LARGE);
    expect(await gap()).toMatchObject({ isTold: false });
    expect(await confirmModel(nc, LARGE)).toBe(true);
  });

  it.each([
    ['told of', markTold],
    ['closed', closeGap],
  ])('keeps the gap of a model that has taken over while the one before was %s', async (_what, fill) => {
    await takeOverModel(nc, SMALL);
    await takeOverModel(nc, LARGE);
    const before = await gap();
    await takeOverModel(nc, { name: 'other', dimensions: 4 });
    await fill(nc, before!);
    expect((await gap())!.isTold).toBe(false);
    expect((await gap())!.token).not.toBe(before!.token);
    await confirmModel(nc, { name: 'other', dimensions: 4 });

    await fill(nc, (await gap())!);
    expect(await gap()).toBeUndefined();
    // Whoever was slow: all is told again, and nothing is taken for done that is not.
    await fill(nc, before!);
    expect((await gap())!.isTold).toBe(false);
  });

  it('takes over although a process that starts writes back what it had read before', async () => {
    await takeOverModel(nc, SMALL);
    const { metadata } = (await info()).config;
    let writesBack = true;
    const slow = new Proxy(nc, {
      get: (target, property) => {
        const member = target[property as keyof NatsConnection] as unknown;
        if (property !== 'request') return typeof member === 'function' ? member.bind(target) : member;
        return async (...args: Parameters<NatsConnection['request']>) => {
          const answer = await target.request(...args);
          if (!args[0].includes('.CONSUMER.INFO.') && writesBack) {
            writesBack = false;
            await manager.consumers.update(CONSUMER.vectors.stream, CONSUMER.vectors.durable, { metadata });
          }
          return answer;
        };
      },
    });
    await takeOverModel(slow, LARGE);
    expect(writesBack).toBe(false);
    await confirmModel(nc, LARGE);
    expect((await gap())!.isTold).toBe(false);
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
