import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import {
  BatchConsumer,
  connectLog,
  CONSUMER,
  GENERATION_BUCKET,
  openBucket,
  reconcileTopology,
  type LogConnection,
} from '@opensync/event-log';
import { vectorSpaceOf } from '@opensync/platform';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { confirmPosition } from './confirmed.ts';
import { Generations } from './generations.ts';
import { IndexLife } from './index-life.ts';
import { confirmModel, isOfModel, takeOverModel } from './model.ts';
import { recordNow } from './record-entry.ts';

const SMALL = { name: 'small', dimensions: 2 };
const LARGE = { name: 'large', dimensions: 3 };
const { stream, durable } = CONSUMER.vectors;

let server: TestNats;
let nc: LogConnection;
let manager: JetStreamManager;
beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  manager = await jetstreamManager(nc);
  await reconcileTopology(nc, { replicas: 1 });
});
afterEach(async () => {
  await nc.close();
  await server.stop();
});

const record = async () => (await recordNow(nc, 'vectors'))!;
const setMetadata = (metadata: Record<string, string>) => manager.consumers.update(stream, durable, { metadata });
const metadata = async () => (await manager.consumers.info(stream, durable)).config.metadata!;

/** One event that was delivered to the documents. */
async function project(): Promise<void> {
  const { seq } = await jetstream(nc).publish('osk.events.w.u.session', 'projected');
  const projecting = new BatchConsumer(nc, { consumer: CONSUMER.documents, handler: async () => ({}) });
  const documents = () => manager.consumers.info(CONSUMER.documents.stream, CONSUMER.documents.durable);
  await waitFor(async () => (await documents()).ack_floor.stream_seq === seq);
  await projecting.stop();
}

describe('the model of the vectors', () => {
  it('keeps the fill of a recreated record: nobody knows the contents of the index', async () => {
    await project();
    await setMetadata({ 'opensync-model': 'small/2' });
    await takeOverModel(nc, SMALL);
    expect(await record()).toMatchObject({ live: 1, model: 'small/2', fill: { token: expect.any(String) } });
  });

  it('is the same one with another form of queries, and another one with another form of passages', async () => {
    const e5 = { ...SMALL, forms: { query: { prefix: 'query: ' }, passage: { prefix: 'passage: ' } } };
    await project();
    await takeOverModel(nc, e5);
    const filled = await record();
    expect(filled.model).toBe(`${vectorSpaceOf(e5)}/2`);
    const otherQueries = { ...e5, forms: { ...e5.forms, query: { prefix: 'question: ' } } };
    await takeOverModel(nc, otherQueries);
    expect(await record()).toEqual(filled);
    expect(isOfModel(filled, otherQueries)).toBe(true);
    await takeOverModel(nc, SMALL);
    expect(await record()).toMatchObject({ model: 'small/2' });
    expect((await record()).fill!.token).not.toBe(filled.fill!.token);
    expect(isOfModel(await record(), e5)).toBe(false);
  });

  it('is that of the first projector, whose index is complete', async () => {
    await confirmModel(nc, SMALL);
    await takeOverModel(nc, SMALL);
    await takeOverModel(nc, SMALL);
    await confirmModel(nc, SMALL);
    expect(await record()).toEqual({ live: 1, kept: [], given: 1, model: 'small/2' });
  });

  it('changes when another one takes over: its index is missing everything, and has no position yet', async () => {
    await takeOverModel(nc, SMALL);
    await confirmPosition(nc, 'vectors', { generation: 1, sequence: 9 });
    await takeOverModel(nc, LARGE);
    const { fill, ...others } = await record();
    expect([others, fill]).toEqual([{ live: 1, kept: [], given: 1, model: 'large/3' }, { token: expect.any(String) }]);
    // A projector that starts again changes nothing.
    await takeOverModel(nc, LARGE);
    expect((await record()).fill).toEqual(fill);
  });

  it('keeps the fill of a model that took over while everything was being announced for the previous one', async () => {
    await takeOverModel(nc, SMALL);
    await takeOverModel(nc, LARGE);
    const before = (await record()).fill!;
    const life = await IndexLife.open(nc, 'vectors');
    await life.hold(async () => {
      await takeOverModel(nc, { name: 'other', dimensions: 4 });
      await life.announced(before.token, 5);
      await life.endFill(before.token);
    });
    const { fill } = await record();
    expect([fill!.token === before.token, fill!.announced]).toEqual([false, undefined]);
  });

  it('keeps a projector of the previous or an unknown model from acknowledging anything', async () => {
    const generations = await Generations.open(nc);
    generations.uses('vectors', 1);
    const confirm = (model: typeof SMALL) => generations.confirm({ vectors: 1 }, model);
    await expect(confirm(SMALL)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await takeOverModel(nc, SMALL);
    await confirm(SMALL);
    await takeOverModel(nc, LARGE);
    await confirm(LARGE);
    await expect(confirm(SMALL)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('large/3'),
    });
    await expect(confirmModel(nc, SMALL)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(isOfModel(await record(), SMALL)).toBe(false);
    await generations.close();
  });

  describe('after an upgrade from a version that kept it with the consumer', () => {
    beforeEach(async () => {
      const bucket = await openBucket(nc, GENERATION_BUCKET);
      await bucket.put('live.vectors', JSON.stringify({ live: 1, kept: [] }));
    });

    it('is the recorded one, and nothing is embedded again', async () => {
      await setMetadata({ 'opensync-model': 'small/2' });
      await project();
      await takeOverModel(nc, SMALL);
      expect(await record()).toEqual({ live: 1, kept: [], model: 'small/2' });
    });

    it('is another one if another was set with the upgrade', async () => {
      await setMetadata({ 'opensync-model': 'small/2' });
      await takeOverModel(nc, LARGE);
      expect(await record()).toMatchObject({ model: 'large/3', fill: { token: expect.any(String) } });
    });

    it('is unknown if nothing was recorded: the index may be missing everything', async () => {
      await project();
      await takeOverModel(nc, LARGE);
      expect(await record()).toMatchObject({ model: 'large/3', fill: { token: expect.any(String) } });
    });

    it('is communicated to projectors of that version, which then acknowledge nothing', async () => {
      await setMetadata({ 'opensync-model': 'small/2', kept: 'as it is' });
      await takeOverModel(nc, LARGE);
      expect(await metadata()).toMatchObject({ 'opensync-model': 'large/3', kept: 'as it is' });
    });

    it('is taken back from a projector of that version, and everything is announced again', async () => {
      await takeOverModel(nc, LARGE);
      await setMetadata({ 'opensync-model': 'small/2', 'opensync-gap': 'of the small model' });
      await takeOverModel(nc, LARGE);
      expect(await metadata()).toMatchObject({ 'opensync-model': 'large/3' });
      const { fill, model } = await record();
      expect([fill, model]).toEqual([{ token: expect.any(String) }, 'large/3']);
      await takeOverModel(nc, LARGE);
      expect((await record()).fill).toEqual(fill);
    });

    it('is recorded again for that version after an interruption, without another announcement', async () => {
      await setMetadata({ 'opensync-model': 'small/2' });
      await takeOverModel(nc, LARGE);
      const { fill } = await record();
      // As if the process had been killed before this write.
      await setMetadata({ 'opensync-model': 'small/2' });
      await takeOverModel(nc, LARGE);
      expect([(await record()).fill, fill]).toEqual([{ token: expect.any(String) }, fill]);
      expect(await metadata()).toMatchObject({ 'opensync-model': 'large/3' });
    });

    it('is read again after that version changed the record and dropped it', async () => {
      await takeOverModel(nc, SMALL);
      const bucket = await openBucket(nc, GENERATION_BUCKET);
      await bucket.put('live.vectors', JSON.stringify({ live: 2, kept: [1] }));
      await project();
      await takeOverModel(nc, SMALL);
      expect(await record()).toEqual({ live: 2, kept: [1], model: 'small/2' });
    });
  });
});
