import { readFile, rm, writeFile } from 'node:fs/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { CONSUMER, GENERATION_BUCKET, openBucket, streamEnds } from '@opensync/event-log';
import { recordNow } from '@opensync/stores';
import { waitFor } from '@opensync/testkit';
import { rebuild } from '../rebuild/rebuild.ts';
import { aHistory } from '../testing/replica.ts';
import {
  close,
  DAMAGES,
  during,
  expectRecovery,
  fileOf,
  HALF,
  HISTORY,
  LOGS,
  makeFolders,
  open,
  OWNERS,
  path,
  STORES,
} from '../testing/restored-folders.ts';
import { LIMIT_MS } from '../testing/running-projections.ts';
import { copyFolder } from '../testing/watched-folder.ts';

makeFolders();

describe('a partly restored folder', () => {
  it(
    'applies events that are written after an older log was restored',
    async () => {
      await copyFolder(path('newer'), path('x'));
      await LOGS.older!();
      const opened = await expectRecovery();
      expect(opened.watch.notes.join('\n')).toContain(
        'it was replaced by an older or a different log; the store is kept as generation 1',
      );
      await opened.publish(aHistory(OWNERS, 4).toReversed());
      await opened.settled();
      await close(opened);
      const again = await expectRecovery();
      expect(again.watch.notes).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'continues above the lost log if there is none, and keeps the contents of the stores',
    async () => {
      await copyFolder(path('newer'), path('x'));
      const before = await during('x', ({ contents }) => contents());
      await rm(path('x', 'nats'), { recursive: true });
      const opened = await open('x');
      expect(opened.watch.notes).toEqual([
        expect.stringMatching(
          /^documents: .* the log is empty: .*; new events are numbered above that; .* restore it$/,
        ),
      ]);
      // The third one belongs to a deleted session, which would come back.
      await opened.publish(HISTORY.slice(0, 2));
      await opened.settled();
      const { counts } = await opened.contents();
      expect(counts).toBe(before.counts);
      const [session] = await opened.stores.documents.sessions(OWNERS[0]!, {
        limit: 1,
        sort: 'createdAt',
        order: 'asc',
      });
      expect(session!.span.lastSequence).toBeGreaterThan(10_000_000);
    },
    LIMIT_MS,
  );

  it(
    'is repaired to the end even if it is killed meanwhile',
    async () => {
      await copyFolder(path('newer'), path('x'));
      await DAMAGES.missing!('documents');
      await DAMAGES.missing!('search');
      const opened = await open('x');
      await close(opened, 'kill');
      await close(await expectRecovery());
      expect((await open('x')).watch.notes).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('a folder as it was left', () => {
  it.each(['stop', 'kill'] as const)(
    'reports nothing after a %s',
    async (end) => {
      await copyFolder(path('older'), path('x'));
      const first = await open('x');
      await first.publish(HISTORY.slice(HALF));
      await first.settled();
      await first.publish(HISTORY.slice(0, 3));
      await close(first, end);
      const second = await open('x');
      expect(second.watch.notes).toEqual([]);
      await second.settled();
      expect(await second.contents()).toEqual(await second.expected());
    },
    LIMIT_MS,
  );

  it(
    'reports nothing after each store was rebuilt',
    async () => {
      await copyFolder(path('newer'), path('x'));
      const opened = await open('x');
      for (const store of STORES) {
        expect(await rebuild(store, opened.resources)).toMatchObject({ different: [], switchedEverywhere: true });
      }
      await opened.settled();
      await close(opened);
      const again = await open('x');
      expect([again.watch.notes, again.watch.details()]).toEqual([
        [],
        { documents: undefined, search: undefined, vectors: undefined },
      ]);
    },
    LIMIT_MS,
  );

  it(
    'takes over the stores of a version that kept no positions',
    async () => {
      await copyFolder(path('newer'), path('x'));
      const { DatabaseSync } = await import('node:sqlite');
      for (const store of STORES) {
        const database = new DatabaseSync(await fileOf(store));
        database.exec('DROP TABLE log_position; DROP TABLE log_reach');
        database.close();
      }
      await rm(path('x', 'nats', 'jetstream', '$G', 'streams', 'KV_generations'), { recursive: true });
      const opened = await expectRecovery();
      expect(opened.watch.notes).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'takes over the records of a version that kept positions, gaps and the model separately, and announces its documents once more',
    async () => {
      await copyFolder(path('newer'), path('x'));
      const announced = await during(
        'x',
        async ({ nc, settled }) => {
          await settled();
          const bucket = await openBucket(nc, GENERATION_BUCKET);
          const { consumers } = await jetstreamManager(nc);
          for (const store of STORES) {
            const { live, kept, position } = (await recordNow(nc, store))!;
            await bucket.put(`live.${store}`, JSON.stringify({ live, kept }));
            await bucket.put(`position.${store}`, JSON.stringify({ generation: live, ...position }));
          }
          for (const { stream, durable } of [CONSUMER.search, CONSUMER.vectors]) {
            const { ack_floor } = await consumers.info(stream, durable);
            await consumers.update(stream, durable, { metadata: { 'opensync-gap': `gap of ${durable}` } });
            await bucket.put(
              `told.${durable}`,
              JSON.stringify({ token: `gap of ${durable}`, sequence: ack_floor.stream_seq }),
            );
          }
          return (await streamEnds(nc, 'CHANGES')).last;
          // As after a kill: a clean stop would record it in the new way.
        },
        'kill',
      );
      const opened = await expectRecovery();
      expect(opened.watch.notes).toEqual([]);
      // Those records do not say of which format the rows are, so they are written again.
      await waitFor(async () => (await streamEnds(opened.nc, 'CHANGES')).last > announced);
      expect(await recordNow(opened.nc, 'search')).toMatchObject({ live: 1, feed: expect.any(String) });
      await waitFor(async () => (await recordNow(opened.nc, 'search'))!.fill === undefined);
    },
    LIMIT_MS,
  );
});

describe('a store that is damaged while it is in use', () => {
  it(
    'is replaced when an operation notices, and rebuilt while everything continues',
    async () => {
      await copyFolder(path('newer'), path('x'));
      const opened = await open('x');
      await opened.settled();
      const { generation } = { generation: opened.generations.live('search') };
      const file = await fileOf('search');
      const bytes = await readFile(file);
      await writeFile(file, bytes.fill(7, 4096));
      await opened.publish(HISTORY.slice(0, 5));
      await waitFor(
        async () => {
          await opened.stores.search.describe().catch(() => undefined);
          return opened.generations.live('search') > generation;
        },
        { timeoutMs: 30_000 },
      );
      await opened.settled();
      expect(await opened.contents()).toEqual(await opened.expected());
    },
    LIMIT_MS,
  );
});
