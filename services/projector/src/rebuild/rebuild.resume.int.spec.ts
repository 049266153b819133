import { type Projection, RebuildConflictError } from '@opensync/stores';
import { LIMIT_MS, expectNoTail, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { rebuild, type RebuildOptions } from './rebuild.ts';

let running: RunningProjections;
beforeEach(async () => {
  running = await startProjections();
});
afterEach(() => running.close());

describe('a rebuild of the documents', () => {
  it(
    'goes on where it was interrupted, and begins anew when told to',
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
    'refuses to run twice at the same time',
    async () => {
      await running.publish(0, 1500);
      await running.atRest();
      const { resources } = running;
      const taken = Promise.withResolvers<void>();
      let second: ReturnType<typeof rebuild> | undefined;
      // Stores are opened as soon as the rebuild is one's own: the first one waits until it is the second one's.
      const first = rebuild('documents', {
        ...resources,
        async open<Name extends Projection>(name: Name, generation: number) {
          second ??= rebuild('documents', {
            ...resources,
            open<Other extends Projection>(other: Other, next: number) {
              taken.resolve();
              return resources.open(other, next);
            },
          });
          await taken.promise;
          return resources.open(name, generation);
        },
      });
      await expect(first).rejects.toThrow(RebuildConflictError);
      expect(await second).toMatchObject({ generation: 2, switchedEverywhere: true });
      await running.atRest();
      expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
    },
    LIMIT_MS,
  );
});

describe('a rebuild of the search index', () => {
  it(
    'goes on where it was interrupted',
    async () => {
      await running.publish(0, 300);
      await running.atRest();
      const interrupt: RebuildOptions = {
        onProgress: ({ done }) => {
          if (done >= 40) throw new Error('interrupted');
        },
      };
      await expect(rebuild('search', running.resources, interrupt)).rejects.toThrow('interrupted');
      // Changes that come while nobody rebuilds are kept for the next run.
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
