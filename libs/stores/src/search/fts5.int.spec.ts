import { join } from 'node:path';
import { temporaryFolder } from '@opensync/testkit';
import { searchConformance } from './conformance.ts';
import { openSqliteSearch } from './fts5.ts';
import { parseQuery } from './query.ts';

searchConformance('SQLite FTS5', async () => {
  const folder = await temporaryFolder();
  const store = await openSqliteSearch(join(folder.path, 'search.db'));
  return {
    store,
    close: async () => {
      await store.close();
      await folder.remove();
    },
  };
});

it('finds after a restart what was indexed before', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'search.db');
  const owner = { workspaceId: 'w', userId: 'u' };
  const first = await openSqliteSearch(file);
  const heading = { title: 'Kept', projectName: '', projectPath: '', source: '', model: '', createdAt: 1 };
  await first.index(owner, [{ ...heading, id: 's', sessionId: 's', version: 1, text: '', toolText: '' }]);
  await first.close();
  const second = await openSqliteSearch(file);
  expect(await second.search(owner, { parsed: parseQuery('kept'), filter: {}, limit: 1 })).toHaveLength(1);
  await second.close();
});
