import { GENERATION_BUCKET, openBucket } from '@opensync/event-log';
import { IndexLife, takeOverModel } from '@opensync/stores';
import { LIMIT_MS, expectNoTail, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { rebuild, type RebuildOptions } from './rebuild.ts';

let running: RunningProjections;
beforeEach(async () => {
  running = await startProjections();
});
afterEach(() => running.close());

describe('a rebuild of the documents', () => {
  it(
    'continues where it was interrupted, and starts over on request',
    async () => {
      await running.publish(0, 2600);
      await running.atRest();
      const interrupt = (after: number): RebuildOptions => ({
        onProgress: ({ done }) => {
          if (done >= after) throw new Error('interrupted');
        },
      });
      await expect(rebuild('documents', running.resources, interrupt(2000))).rejects.toThrow('interrupted');
      const seen: number[] = [];
      const note: RebuildOptions = {
        onProgress: ({ phase, done }) => {
          if (phase === 'replaying') seen.push(done);
        },
      };
      expect(await rebuild('documents', running.resources, note)).toMatchObject({ generation: 2, different: [] });
      expect(Math.min(...seen)).toBeGreaterThan(2000);
      expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());

      await expect(rebuild('documents', running.resources, interrupt(2000))).rejects.toThrow('interrupted');
      seen.length = 0;
      expect(await rebuild('documents', running.resources, { ...note, restart: true })).toMatchObject({
        generation: 4,
        kept: [1, 3, 2],
      });
      expect(Math.min(...seen)).toBeLessThanOrEqual(2000);
    },
    LIMIT_MS,
  );

  it(
    'has one worker at a time: a second one waits for the first, and builds the generation after that',
    async () => {
      await running.publish(0, 1500);
      await running.atRest();
      const { resources } = running;
      const opened: string[] = [];
      const as = (name: string): typeof resources => ({
        ...resources,
        async open(store, generation) {
          opened.push(`${name} ${generation}`);
          return resources.open(store, generation);
        },
      });
      const waits = Promise.withResolvers<void>();
      let second: ReturnType<typeof rebuild> | undefined;
      const first = rebuild('documents', {
        ...as('first'),
        drop: async (store, generation) => {
          second ??= rebuild('documents', as('second'), { onWait: () => waits.resolve() });
          await waits.promise;
          await resources.drop(store, generation);
        },
      });
      expect(await first).toMatchObject({ generation: 2, switchedEverywhere: true });
      expect(await second).toMatchObject({ generation: 3, switchedEverywhere: true });
      expect(opened).toEqual(['first 1', 'first 2', 'second 2', 'second 3']);
      await running.atRest();
      expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
    },
    LIMIT_MS,
  );
});

describe('a rebuild of the search index', () => {
  it(
    'continues where it was interrupted',
    async () => {
      await running.publish(0, 300);
      await running.atRest();
      const interrupt: RebuildOptions = {
        onProgress: ({ done }) => {
          if (done >= 40) throw new Error('interrupted');
        },
      };
      await expect(rebuild('search', running.resources, interrupt)).rejects.toThrow('interrupted');
      // Changes that arrive while nobody rebuilds are kept for the next run.
      await running.publish(5000, 40);
      await running.atRest();
      const seen: number[] = [];
      const report = await rebuild('search', running.resources, {
        onProgress: ({ phase, done }) => {
          if (phase === 'indexing') seen.push(done);
        },
      });
      expect(report).toMatchObject({ generation: 2, different: [] });
      expect(Math.min(...seen)).toBeGreaterThan(20);
      await expectNoTail(running.nc, 'search');
    },
    LIMIT_MS,
  );
});

describe('a rebuild that waits for another worker', () => {
  it(
    'names the other one, and keeps waiting through a short outage of the log',
    async () => {
      await running.publish(0, 20);
      await running.atRest();
      const bucket = await openBucket(running.nc, GENERATION_BUCKET);
      const lease = { worker: 'x@web-1:42', beat: 0 };
      await bucket.put('live.search', JSON.stringify({ live: 1, kept: [], lease }));
      let failures = 0;
      const nc = new Proxy(running.nc, {
        get: (target, property) => {
          const member = target[property as keyof typeof target] as unknown;
          if (typeof member !== 'function') return member;
          if (property !== 'request') return member.bind(target) as unknown;
          return async (...args: Parameters<typeof target.request>) => {
            if (failures === 0) return target.request(...args);
            failures--;
            throw new Error('no answer');
          };
        },
      });
      const holders: string[] = [];
      const report = await rebuild(
        'search',
        { ...running.resources, nc },
        {
          leaseMs: 1_000,
          onWait: (holder) => {
            holders.push(holder);
            failures = 3;
          },
        },
      );
      expect(report).toMatchObject({ generation: 2, different: [], switchedEverywhere: true });
      expect([holders[0], failures]).toEqual(['host web-1, process 42', 0]);
    },
    LIMIT_MS,
  );
});

describe('a rebuild of the vectors', () => {
  it(
    'begins a new generation if another model has taken over since it was interrupted, and reads stay complete',
    async () => {
      await running.publish(0, 120);
      await running.atRest();
      await takeOverModel(running.nc, { name: 'small', dimensions: 4 });
      const interrupt: RebuildOptions = {
        onProgress: ({ done }) => {
          if (done >= 10) throw new Error('interrupted');
        },
      };
      await expect(rebuild('vectors', running.resources, interrupt)).rejects.toThrow('interrupted');
      await takeOverModel(running.nc, { name: 'large', dimensions: 4 });
      const before = (await running.stores.vectors.describe()).counts;
      const report = await rebuild('vectors', running.resources);
      expect(report).toMatchObject({ generation: 3, different: [], switchedEverywhere: true });
      expect((await running.stores.vectors.describe()).counts).toEqual(before);
      // Its walk began after the other model had taken over, so it has everything that the index of that one lacked.
      const record = await (await IndexLife.open(running.nc, 'vectors')).read();
      expect(record).toMatchObject({ live: 3, kept: [2, 1], model: 'large/4' });
      expect([record.rebuild, record.fill]).toEqual([undefined, undefined]);
    },
    LIMIT_MS,
  );
});
