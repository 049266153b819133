import { dropGeneration, parseQuery } from '@opensync/stores';
import { describeWith, removeIndexesAndCollections } from '@opensync/testkit';
import { LIMIT_MS, owners, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { dropKept, rebuild } from './rebuild.ts';

await describeWith(['mongodb', 'elasticsearch', 'qdrant'], 'rebuild on servers', (urls) => {
  const own = `opensync_rebuild_${process.pid}`;
  const prefix = own.replaceAll('_', '-');
  let running: RunningProjections;
  beforeEach(async () => {
    const mongodb = new URL(urls.mongodb);
    mongodb.pathname = `/${own}`;
    running = await startProjections({
      MONGODB_URL: mongodb.href,
      ELASTICSEARCH_URL: urls.elasticsearch,
      QDRANT_URL: urls.qdrant,
      OPENSYNC_STORE_PREFIX: prefix,
    });
  });
  afterEach(async () => {
    await running.close();
    for (const generation of [1, 2]) await dropGeneration(running.settings, 'documents', generation);
    await removeIndexesAndCollections(urls, prefix);
  });

  it(
    'rebuilds MongoDB, Elasticsearch and Qdrant while events arrive, with the digest of a fresh replay',
    async () => {
      const names = ['documents', 'search', 'vectors'] as const;
      await running.publish(0, 30);
      await running.atRest();
      // No faster than the slowest of them is, which may be a stand-in.
      const stop = running.traffic(30, 2000);
      for (const name of names) {
        const report = await rebuild(name, running.resources);
        expect(report).toMatchObject({ generation: 2, different: [], skipped: 0, switchedEverywhere: true, kept: [1] });
      }
      expect(await stop()).toBeGreaterThan(0);
      await running.atRest();
      const { engine, counts } = await running.stores.documents.describe();
      expect(engine).not.toMatch(/SQLite/);
      expect(counts.messages).toBeGreaterThan(0);
      expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
      for (const name of names) expect(await dropKept(name, running.resources)).toEqual([1]);
      const [hit] = await running.stores.search.search(owners[0]!, {
        parsed: parseQuery('words'),
        filter: {},
        limit: 1,
      });
      expect(hit).toBeDefined();
    },
    LIMIT_MS,
  );
});
