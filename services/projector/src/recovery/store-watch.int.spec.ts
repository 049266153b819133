import type { Projection } from '@opensync/contracts';
import { connectLog, reconcileTopology, type LogConnection } from '@opensync/event-log';
import { createLogger } from '@opensync/platform';
import { Registry } from '@opensync/platform/telemetry';
import { IndexLife, StoreUnavailableError } from '@opensync/stores';
import { startTestNats, waitFor } from '@opensync/testkit';
import type { Finding } from './keeper.ts';
import { StoreWatch, type StoreWatchOptions } from './store-watch.ts';
import { UnusableStores } from './unusable-stores.ts';

const watches: StoreWatch[] = [];
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch.close();
});

/** Watches a search index; every check of it finds what `look` returns. */
async function watchIndex(look: () => Promise<Finding>, options: Partial<StoreWatchOptions>): Promise<StoreWatch> {
  const watch = await StoreWatch.start({
    nc: undefined as unknown as LogConnection,
    generations: { used: () => ({ search: 1 }), onSwitch: () => () => undefined },
    unusable: new UnusableStores(),
    keepers: [{ projection: 'search', look, close: async () => undefined }],
    embedded: ['search'],
    drop: async () => undefined,
    logger: createLogger('silent', 'test'),
    metrics: new Registry(),
    ...options,
  });
  watches.push(watch);
  return watch;
}

const complete = (generation: number): Finding => ({ condition: { kind: 'complete', sequence: 4 }, generation });
const of: Projection[] = ['search'];

describe('a store gets no writes', () => {
  it('before it was compared with the log, because it was unavailable at the start; afterwards it does', async () => {
    let isAway = true;
    const look = async () => {
      if (isAway) throw new StoreUnavailableError('search');
      return complete(1);
    };
    const started = await watchIndex(look, {});
    expect(() => started.assertFollow(of)).toThrow(StoreUnavailableError);
    isAway = false;
    started.check();
    await waitFor(async () => {
      try {
        started.assertFollow(of);
        return true;
      } catch {
        return false;
      }
    });
  });

  it('if its comparison was with another generation', async () => {
    let generation = 1;
    const generations = { used: () => ({ search: generation }), onSwitch: () => () => undefined };
    const started = await watchIndex(async () => complete(1), { generations });
    started.assertFollow(of);
    generation = 2;
    expect(() => started.assertFollow(of)).toThrow(StoreUnavailableError);
  });

  it('unless another process keeps it', async () => {
    const started = await watchIndex(async () => complete(1), {});
    expect(() => started.assertFollow(['documents', 'search'])).not.toThrow();
  });
});

describe('a store that is being refilled', () => {
  it('is looked at several times before any other is looked at again', async () => {
    const looks = { complete: 0, refilled: 0, displaced: 0 };
    const counting = (kind: keyof typeof looks, finding: Finding) => async () => {
      looks[kind]++;
      return finding;
    };
    await watchIndex(counting('complete', complete(1)), {});
    const displaced: Finding = { ...complete(1), isDisplaced: true, isWaiting: true, action: 'it waits' };
    await watchIndex(counting('displaced', displaced), {});
    const before = { ...looks };
    const refilled: Finding = { condition: { kind: 'missing' }, generation: 1, action: 'it is being reindexed' };
    await watchIndex(counting('refilled', refilled), {});
    await waitFor(() => looks.refilled >= 4);
    expect(looks).toMatchObject({ complete: before.complete, displaced: before.displaced });
  });
});

describe('a store that is displaced', () => {
  it('is neither replaced nor written to while it waits for its documents', async () => {
    const dropped: number[] = [];
    const waiting: Finding = { ...complete(1), isDisplaced: true, isWaiting: true, action: 'it waits' };
    const drop = async (_name: Projection, generation: number) => void dropped.push(generation);
    const started = await watchIndex(async () => waiting, { drop });
    expect(dropped).toEqual([]);
    expect(started.notes).toEqual(['search: it waits']);
    expect(() => started.assertFollow(of)).toThrow('it waits');
  });

  it('is replaced once, even if its replacement is unusable, too', async () => {
    const server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'test' });
    try {
      await reconcileTopology(nc, { replicas: 1 });
      let live = 1;
      const generations = { used: () => ({ search: live }), onSwitch: () => () => undefined };
      const drop = async (_name: Projection, generation: number) => void (live = generation);
      const look = async (): Promise<Finding> => ({
        condition: { kind: 'unusable', problem: 'the disk is damaged' },
        generation: live,
        isDisplaced: true,
      });
      const started = await watchIndex(look, { nc, generations, drop });
      expect(live).toBe(2);
      expect((await (await IndexLife.open(nc, 'search')).read()).live).toBe(2);
      expect(() => started.assertFollow(of)).toThrow('already replaced this store once since it started');
    } finally {
      await nc.close();
      await server.stop();
    }
  });
});
