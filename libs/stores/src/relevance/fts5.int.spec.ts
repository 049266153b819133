import { join } from 'node:path';
import { temporaryFolder } from '@opensync/testkit';
import { openSqliteSearch } from '../search/fts5/store.ts';
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
    path: 0.96,
    phrase: 0.96,
    negation: 0.97,
    prefix: 0.92,
    typo: 0.81,
    language: 0.98,
    topic: 0.91,
    keywords: 0.85,
    recall: 0.92,
    pasted: 0.97,
    spread: 0.98,
  },
);
