import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
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

it('says that its index was made by an older version, until it is rebuilt', async () => {
  await using folder = await temporaryFolder();
  const owner = { workspaceId: 'w', userId: 'u' };
  const heading = { title: 'Kept', projectName: '', projectPath: '', source: '', model: '', createdAt: 1 };
  const row = { ...heading, id: 's', sessionId: 's', version: 1, text: '', toolText: '' };
  const file = join(folder.path, 'search.db');
  const made = await openSqliteSearch(file);
  await made.index(owner, [row]);
  expect((await made.describe()).problems).toBeUndefined();
  await made.close();
  // As it was before it was recorded.
  const database = new DatabaseSync(file);
  database.exec(
    `DROP TABLE analysis; PRAGMA user_version = ${(database.prepare('PRAGMA user_version').get()!.user_version as number) - 1}`,
  );
  database.close();

  const older = await openSqliteSearch(file);
  expect((await older.describe()).problems).toEqual([expect.stringContaining('rebuild search')]);
  expect(await older.search(owner, { parsed: parseQuery('kept'), filter: {}, limit: 1 })).toHaveLength(1);
  await older.close();
  const again = await openSqliteSearch(file);
  expect((await again.describe()).problems).toHaveLength(1);
  await again.close();
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
