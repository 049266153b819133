import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describeWith, temporaryFolder } from '@opensync/testkit';
import { openElasticsearchSearch } from '../search/elasticsearch/store.ts';
import { removeIndexes } from '../search/elasticsearch/testing.ts';
import { openSqliteSearch } from '../search/fts5/store.ts';
import { loadCorpus, loadQueries } from './corpus.ts';
import { fullTextRanking } from './rankings.ts';

/** More than there are sessions. */
const ALL = 1_000;
const ASKED_AT_ONCE = 8;

await describeWith(['elasticsearch'], 'FTS5 and Elasticsearch', ({ elasticsearch: url }) => {
  it('find the same sessions for every query', async () => {
    await using folder = await temporaryFolder();
    const name = `test-${randomUUID()}`;
    const corpus = loadCorpus();
    const stores = [
      await openSqliteSearch(join(folder.path, 'search.db')),
      await openElasticsearchSearch({ url, name, generation: 1 }),
    ] as const;
    try {
      const [fts5, elasticsearch] = [
        await fullTextRanking(stores[0], corpus),
        await fullTextRanking(stores[1], corpus),
      ] as const;
      const typed = new Set(loadQueries().flatMap(({ query }) => [query, ...beginningsOf(query)]));
      let found = 0;
      for (const queries of inGroups([...typed], ASKED_AT_ONCE)) {
        const answers = await Promise.all(
          queries.map(async (query) => ({
            query,
            fts5: await fts5(query, ALL),
            other: await elasticsearch(query, ALL),
          })),
        );
        for (const { query, fts5: expected, other } of answers) {
          expect({ query, sessions: other.toSorted() }).toEqual({ query, sessions: expected.toSorted() });
          found += expected.length;
        }
      }
      expect(found).toBeGreaterThan(corpus.length);
    } finally {
      for (const store of stores) await store.close();
      await removeIndexes(url, name);
    }
  }, 180_000);
});

/** As it looks while it is typed: after two and three characters, and half way. */
function beginningsOf(query: string): string[] {
  return [2, 3, Math.ceil(query.length / 2)].map((length) => query.slice(0, length));
}

function* inGroups<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
