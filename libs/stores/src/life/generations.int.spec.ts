import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import type { NatsConnection } from '@nats-io/transport-node';
import { BatchConsumer, connectLog, CONSUMER, publishChanges, reconcileTopology } from '@opensync/event-log';
import { Generations } from './generations.ts';
import { onLiveGenerations } from './live-batches.ts';
import { RebuildLog } from './index-life.ts';

let server: TestNats;
let nc: NatsConnection;
beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
});
afterEach(async () => {
  await nc.close();
  await server.stop();
});

const open = () => RebuildLog.open(nc, 'search');
/** A rebuild from beginning to end, without the work. */
async function switchOver(): Promise<void> {
  const log = await open();
  await log.claim({ restart: false });
  await log.switchOver();
  await log.finish();
}

describe('the record of a store’s generations', () => {
  it('belongs to the rebuild that claimed it last: the one before neither goes on nor switches', async () => {
    const first = await open();
    expect(await first.claim({ restart: false })).toEqual({ generation: 2, position: null, resumed: false });
    await first.saveCheckpoint({ generation: 2, position: 'half' });
    const second = await open();
    expect(await second.claim({ restart: false })).toEqual({ generation: 2, position: 'half', resumed: true });
    await expect(first.switchOver()).rejects.toMatchObject({ name: 'RebuildConflictError' });
    await expect(first.saveCheckpoint({ generation: 2, position: 'all' })).rejects.toMatchObject({
      name: 'RebuildConflictError',
    });
    await first.finish();
    expect(await second.switchOver()).toMatchObject({ live: 2, kept: [1] });
    await second.finish();
    expect(await second.generations()).toEqual({ live: 2, kept: [1] });
  });

  it('lets a rebuild finish what it has put to use, though another has begun', async () => {
    const first = await open();
    await first.claim({ restart: false });
    await first.switchOver();
    const second = await open();
    expect(await second.claim({ restart: false })).toEqual({ generation: 3, position: null, resumed: false });
    await first.saveCheckpoint({ generation: 2, position: 'all' });
    await first.finish();
    await second.saveCheckpoint({ generation: 3, position: 'half' });
    expect((await second.generations()).rebuild).toMatchObject({ generation: 3, position: 'half' });
  });

  it('gives a rebuild that is begun anew a number of its own, and keeps what it left to be removed', async () => {
    await (await open()).claim({ restart: false });
    const log = await open();
    expect(await log.claim({ restart: true })).toEqual({ generation: 3, position: null, resumed: false });
    expect(await log.switchOver()).toMatchObject({ live: 3, kept: [2, 1] });
    // What is repeated because its answer was lost changes nothing.
    expect(await log.switchOver()).toMatchObject({ live: 3, kept: [2, 1] });
    await log.finish();
    await log.finish();
    expect(await (await open()).claim({ restart: false })).toMatchObject({ generation: 4, resumed: false });
  });

  it('is not set back by who has read it before a switch', async () => {
    await switchOver();
    const log = await open();
    const { kept } = await log.generations();
    await switchOver();
    await log.forget(kept);
    expect(await log.generations()).toEqual({ live: 3, kept: [2] });
  });

  it('loses nothing where several change it at once', async () => {
    await switchOver();
    await switchOver();
    const rebuild = await open();
    await rebuild.claim({ restart: false });
    const position = async (at: number) => rebuild.saveCheckpoint({ generation: 4, position: at });
    await Promise.all([position(1), (await open()).forget([1]), (await open()).forget([2])]);
    expect(await rebuild.switchOver()).toMatchObject({ live: 4, kept: [3] });
  });
});

describe('a record that the log lost', () => {
  let generations: Generations;
  /** A process that reads and writes the second generation, on a server whose bucket is empty. */
  beforeEach(async () => {
    generations = await Generations.open(nc);
    for (let revision = 0; revision < 5; revision++) await (await open()).claim({ restart: true });
    await switchOver();
    await waitFor(() => generations.live('search') === 6);
    generations.uses('search', 6);
    await (await jetstreamManager(nc)).streams.delete('KV_generations');
    await reconcileTopology(nc, { replicas: 1 });
  });
  afterEach(() => generations.close());

  it('is written again as the processes that run know it, before anything else is acknowledged', async () => {
    await expect(generations.confirm({ search: 6 })).rejects.toThrow('lost which generation of the search store');
    expect(generations.current).toBe(false);
    await waitFor(() => generations.current);
    await generations.confirm({ search: 6 });
    expect(await (await open()).generations()).toEqual({ live: 6, kept: [2, 3, 4, 5, 1] });
  });

  it('is what the others use to a process that has just started', async () => {
    const starting = await Generations.open(nc);
    expect([starting.live('search'), starting.live('documents')]).toEqual([6, 1]);
    await starting.close();
  });

  it('wins over one that a process has begun which did not know better', async () => {
    const bucket = await new Kvm(nc).open('generations');
    await bucket.put('live.search', JSON.stringify({ live: 1, kept: [] }));
    const starting = await Generations.open(nc);
    expect(starting.live('search')).toBe(1);
    await expect(generations.confirm({ search: 6 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await waitFor(() => starting.live('search') === 6);
    await starting.close();
  });

  it('does not hide a later switch, though the revisions of the new bucket begin at 1', async () => {
    await switchOver();
    await expect(generations.confirm({ search: 6 })).rejects.toThrow('Another generation of the search store');
    expect(generations.live('search')).toBe(7);
  });

  it('never lets a rebuild take the generation that is in use', async () => {
    const bucket = await new Kvm(nc).open('generations');
    const rebuild = { generation: 6, position: null, run: 'before' };
    await bucket.put('live.search', JSON.stringify({ live: 5, kept: [], rebuild }));
    const log = await open();
    expect(await log.claim({ restart: false })).toMatchObject({ generation: 7, resumed: false });
    expect(await log.generations()).toMatchObject({ live: 5, kept: [6] });
  });
});

describe('a batch', () => {
  it('is acknowledged only when it was handled on the generations that are live', async () => {
    const generations = await Generations.open(nc);
    // As the stores of this process would; that they have not heard of a switch yet is up to the test.
    generations.uses('documents', 1);
    generations.uses('search', 1);
    const handledOn: unknown[] = [];
    const consumer = new BatchConsumer(nc, {
      consumer: CONSUMER.search,
      handler: onLiveGenerations(generations, ['documents', 'search'], async () => {
        handledOn.push(generations.used(['search']));
        if (handledOn.length === 1) await switchOver();
        return {};
      }),
    });
    await publishChanges(nc, { workspaceId: 'wsp_a', userId: 'usr_a' }, { sessions: ['ses_a'], messages: [] });
    await waitFor(() => consumer.health().blocked !== undefined);
    expect(consumer.health()).toMatchObject({ pending: 1, blocked: expect.stringContaining('search store is live') });
    generations.uses('search', 2);
    await waitFor(() => consumer.health().pending === 0);
    expect([handledOn[0], handledOn.at(-1)]).toEqual([{ search: 1 }, { search: 2 }]);
    await consumer.stop();
    await generations.close();
  });

  it('is not acknowledged while the log cannot say which generations are live', async () => {
    const generations = await Generations.open(nc);
    generations.uses('documents', 1);
    const handler = onLiveGenerations(generations, ['documents'], async () => {
      await server.stop();
      return {};
    });
    await expect(
      handler([], { onProgress: () => undefined, signal: new AbortController().signal }),
    ).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
    await generations.close();
  });
});
