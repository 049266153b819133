import { join } from 'node:path';
import { ownerKey } from '@opensync/contracts';
import { PayloadStore } from '@opensync/event-log/payloads';
import { openGeneration, openSqliteSearch, IndexLife, type Stores } from '@opensync/stores';
import { indexChanges } from '../indexing/changed-documents.ts';
import { searchIndex } from '../indexing/search-index.ts';
import {
  LIMIT_MS,
  digestOf,
  expectNoTail,
  owners,
  startProjections,
  type RunningProjections,
} from '../testing/running-projections.ts';
import { withOwnVersions } from '../testing/replica.ts';
import { indexContents } from './contents.ts';
import { dropKept, rebuild, type RebuildOptions, type RebuildResources } from './rebuild.ts';

let running: RunningProjections;
beforeEach(async () => {
  running = await startProjections();
});
afterEach(() => running.close());

const phases = (seen: string[]): RebuildOptions => ({
  onProgress: ({ phase, done, total }) => {
    expect(done).toBeLessThanOrEqual(total);
    if (seen.at(-1) !== phase) seen.push(phase);
  },
});

describe('a rebuild', () => {
  it(
    'builds documents with the digest of a fresh replay while events arrive, and every process uses it from then on',
    async () => {
      await running.publish(0, 1500);
      await running.atRest();
      const stop = running.traffic(1500);
      const seen: string[] = [];
      const report = await rebuild('documents', running.resources, phases(seen));
      const meanwhile = await stop();
      expect(meanwhile).toBeGreaterThan(0);
      expect(report).toMatchObject({
        store: 'documents',
        generation: 2,
        before: 1,
        different: [],
        differentMore: false,
        skipped: 0,
        switchedEverywhere: true,
        kept: [1],
      });
      expect(report.counts.now.messages).toBeGreaterThanOrEqual(report.counts.before.messages!);
      expect(seen).toEqual(expect.arrayContaining(['replaying', 'comparing']));
      await running.atRest();
      expect((await running.stores.documents.describe()).location).toMatch(/documents-2\.db$/);
      expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());

      // Later events go only to the new one.
      await running.publish(9000, 100);
      await running.atRest();
      expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
      expect(await dropKept('documents', running.resources)).toEqual([1]);
      expect(await (await IndexLife.open(running.nc, 'documents')).read()).toEqual({ live: 2, kept: [], given: 2 });
    },
    LIMIT_MS,
  );

  it(
    'builds a search index that matches the documents while they change, and every process uses it from then on',
    async () => {
      await running.publish(0, 300);
      await running.atRest();
      const stop = running.traffic(300);
      const seen: string[] = [];
      const report = await rebuild('search', running.resources, phases(seen));
      expect(await stop()).toBeGreaterThan(0);
      expect(report).toMatchObject({
        store: 'search',
        generation: 2,
        different: [],
        skipped: 0,
        switchedEverywhere: true,
      });
      expect(seen).toEqual(['indexing', 'comparing']);
      await running.atRest();
      const fresh = await openSqliteSearch(join(running.folder, 'fresh-search.db'));
      const index = searchIndex(fresh, new PayloadStore(running.nc));
      const batch = [];
      for (const owner of owners) {
        for (const { id } of await running.stores.documents.sessions(owner, {
          limit: 200,
          sort: 'createdAt',
          order: 'asc',
        })) {
          const messages = await running.stores.documents.messageKeys(owner, id, { limit: 10_000 });
          const body = JSON.stringify({ sessions: [id], messages: messages.map((message) => message.id) });
          const subject = `osk.changes.${ownerKey(owner)}`;
          batch.push({ subject, sequence: 1, attempts: 1, header: () => undefined, body: () => body });
        }
      }
      await indexChanges(batch, running.stores.documents, index);
      const of = (search: Stores['search']) =>
        digestOf(indexContents(withOwnVersions(search), running.stores.documents), owners);
      expect(await of(running.stores.search)).toBe(await of(fresh));
      expect((await running.stores.search.describe()).location).toMatch(/search-2\.db$/);
      expect((await running.stores.search.describe()).counts).toEqual((await fresh.describe()).counts);
      await fresh.close();
      await expectNoTail(running.nc, 'search');
    },
    LIMIT_MS,
  );

  it(
    'builds vectors from existing ones while texts change, and embeds nothing twice',
    async () => {
      await running.publish(0, 200);
      await running.atRest();
      const stop = running.traffic(200);
      const report = await rebuild('vectors', running.resources);
      expect(await stop()).toBeGreaterThan(0);
      expect(report).toMatchObject({ generation: 2, different: [], skipped: 0, switchedEverywhere: true });
      await running.atRest();
      const [vector] = await running.resources.embed(['anything']);
      const nearest = async () =>
        (await running.stores.vectors.search(owners[0]!, { vector: vector!, filter: {}, limit: 100 }))
          .map(({ sessionId, score }) => `${sessionId} ${score.toFixed(5)}`)
          .sort();
      const hits = await nearest();
      expect(hits.length).toBeGreaterThan(5);
      running.embedded.clear();
      const again = await rebuild('vectors', running.resources, { dropOld: true });
      expect(again).toMatchObject({ generation: 3, different: [], kept: [] });
      expect(again.counts.now).toEqual(again.counts.before);
      expect([...running.embedded.keys()]).toEqual([]);
      expect(await nearest()).toEqual(hits);
      await expectNoTail(running.nc, 'vectors');
    },
    LIMIT_MS,
  );

  it(
    'embeds everything again if there is nothing to copy',
    async () => {
      await running.publish(0, 60);
      await running.atRest();
      const texts = running.embedded.size;
      running.embedded.clear();
      await rebuild('vectors', { ...running.resources, open: openWithoutVectors });
      expect(running.embedded.size).toBe(texts);
    },
    LIMIT_MS,
  );
});

/** As with another model: a separate, empty file of live vectors. */
const openWithoutVectors: RebuildResources['open'] = (name, generation) => {
  const elsewhere = { ...running.settings, OPENSYNC_DATA_DIR: join(running.folder, 'elsewhere') };
  return openGeneration(name === 'vectors' && generation === 1 ? elsewhere : running.settings, name, generation);
};
