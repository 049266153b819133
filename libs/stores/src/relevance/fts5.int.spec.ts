import { join } from 'node:path';
import { temporaryFolder } from '@opensync/testkit';
import { openSqliteSearch } from '../search/fts5.ts';
import { loadCorpus } from './corpus.ts';
import { fullTextRanking } from './rankings.ts';
import { relevanceSuite } from './suite.ts';

relevanceSuite(
  'SQLite FTS5',
  'fulltext',
  async () => {
    const folder = await temporaryFolder();
    const store = await openSqliteSearch(join(folder.path, 'search.db'));
    return {
      rank: await fullTextRanking(store, loadCorpus()),
      close: async () => {
        await store.close();
        await folder.remove();
      },
    };
  },
  {
    error: 0.92,
    identifier: 0.96,
    path: 0.93,
    phrase: 0.96,
    negation: 0.97,
    prefix: 0.92,
    typo: 0.62,
    language: 0.98,
    topic: 0.9,
    // All words must match: what is remembered wrongly finds nothing. The other searches are for that.
    keywords: 0.24,
  },
);
