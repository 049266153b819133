import { randomUUID } from 'node:crypto';
import { describeWith } from '@opensync/testkit';
import { openElasticsearchSearch } from '../search/elasticsearch/store.ts';
import { removeIndexes } from '../search/elasticsearch/testing.ts';
import { loadCorpus } from './corpus.ts';
import { fullTextRanking } from './rankings.ts';
import { relevanceSuite } from './suite.ts';

await describeWith(['elasticsearch'], 'relevance on Elasticsearch', ({ elasticsearch: url }) => {
  relevanceSuite(
    'Elasticsearch',
    'fulltext',
    async () => {
      const name = `test-${randomUUID()}`;
      const store = await openElasticsearchSearch({ url, name, generation: 1 });
      return {
        rank: await fullTextRanking(store, loadCorpus()),
        close: async () => {
          await store.close();
          await removeIndexes(url, name);
        },
      };
    },
    {
      error: 0.92,
      identifier: 0.96,
      path: 0.96,
      phrase: 0.97,
      negation: 0.97,
      prefix: 0.92,
      typo: 0.81,
      language: 0.98,
      topic: 0.92,
      keywords: 0.85,
      recall: 0.92,
      pasted: 0.97,
      spread: 0.98,
    },
  );
});
