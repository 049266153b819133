import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '@opensync/testkit';
import { readerOf } from '@opensync/contracts';
import { aDocument, aHeading } from '../conformance/rows.ts';
import { searchConformance } from '../conformance/suite.ts';
import { openSqliteSearch } from './store.ts';
import type { SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';

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

it('reports that an older version created its index, until it is rebuilt', async () => {
  await using folder = await temporaryFolder();
  const owner = { workspaceId: 'w', userId: 'u' };
  const heading = { title: 'Kept', projectName: '', projectPath: '', source: '', model: '', createdAt: 1 };
  const visibility = 'private' as const;
  const row = { ...heading, visibility, id: 's', sessionId: 's', version: 1, text: '', toolText: '' };
  const file = join(folder.path, 'search.db');
  const made = await openSqliteSearch(file);
  await made.index(owner, [row]);
  expect((await made.describe()).problems).toBeUndefined();
  await made.close();
  // As it was before it was recorded, and before rows could be shared.
  const database = new DatabaseSync(file);
  database.exec(
    `ALTER TABLE documents DROP COLUMN first_sequence; DROP TABLE analysis; DROP INDEX documents_shared;
     ALTER TABLE documents DROP COLUMN shared; ALTER TABLE documents DROP COLUMN labels;
     ALTER TABLE documents DROP COLUMN own_labels; PRAGMA user_version = 2`,
  );
  database.close();

  const older = await openSqliteSearch(file);
  expect((await older.describe()).problems).toEqual([expect.stringContaining('rebuild search')]);
  expect(await older.search(owner, { parsed: parseQuery('kept'), filter: {}, limit: 1 })).toHaveLength(1);
  const colleague = readerOf({ ...owner, userId: 'another' });
  const foundByColleague = () => older.search(colleague, { parsed: parseQuery('kept'), filter: {}, limit: 1 });
  expect(await foundByColleague()).toEqual([]);
  await older.index(owner, [{ ...row, version: 2, visibility: 'workspace' }]);
  expect(await foundByColleague()).toHaveLength(1);
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
  await first.index(owner, [
    { ...heading, id: 's', sessionId: 's', version: 1, text: '', toolText: '', visibility: 'private' },
  ]);
  await first.close();
  const second = await openSqliteSearch(file);
  expect(await second.search(owner, { parsed: parseQuery('kept'), filter: {}, limit: 1 })).toHaveLength(1);
  await second.close();
});

describe('ranks in SQLite FTS5', () => {
  const ann = { workspaceId: 'w', userId: 'ann' };
  const ben = { workspaceId: 'w', userId: 'ben' };
  const filler = 'lorem ipsum dolor sit amet '.repeat(20);

  async function withStore(use: (store: SearchStore) => Promise<void>): Promise<void> {
    await using folder = await temporaryFolder();
    const store = await openSqliteSearch(join(folder.path, 'search.db'));
    try {
      await use(store);
    } finally {
      await store.close();
    }
  }
  const find = (store: SearchStore, query: string) =>
    store.search(readerOf(ann), { parsed: parseQuery(query), filter: {}, limit: 20 });

  it.each(['needle', 'needle lorem', '"needle stack"'])(
    'weigh few shared rows like those of the reader: %s',
    async (query) => {
      await withStore(async (store) => {
        const own = Array.from({ length: 5 }, (_, n) => aDocument({ id: `own_${n}`, text: `needle stack ${filler}` }));
        const others = Array.from({ length: 55 }, () => aDocument({ text: filler }));
        await store.index(ann, [...own, ...others]);
        const title = 'needle stack lorem';
        await store.index(ben, [aHeading('ses_ben', { title, visibility: 'workspace' })]);
        expect((await find(store, query))[0]).toMatchObject({ sessionId: 'ses_ben' });
        // The other way round: a worse match does not rank first because it is shared.
        await store.index(ann, [aHeading('ses_ann', { title })]);
        const text = `needle stack ${filler.repeat(5)}`;
        await store.index(ben, [aDocument({ id: 'long', text, visibility: 'workspace' })]);
        const ids = (await find(store, query)).map(({ sessionId }) => sessionId);
        expect(ids.slice(0, 2).sort()).toEqual(['ses_ann', 'ses_ben']);
      });
    },
  );

  it('are those of the reader’s own rows if no shared row matches', async () => {
    await withStore(async (store) => {
      await store.index(ann, [aDocument({ text: 'needle' }), aDocument({ text: filler }), aDocument({ text: filler })]);
      const before = await find(store, 'needle');
      expect(before).toHaveLength(1);
      await store.index(ben, [aDocument({ text: filler, visibility: 'workspace' })]);
      expect(await find(store, 'needle')).toEqual(before);
    });
  });

  it("do not depend on other users' private rows", async () => {
    await withStore(async (store) => {
      await store.index(ann, [aDocument({ text: 'needle' }), aDocument({ text: filler })]);
      await store.index(ben, [aDocument({ text: 'needle of all', visibility: 'workspace' })]);
      const before = await find(store, 'needle');
      await store.index(ben, [aDocument({ text: 'needle' }), aDocument({ text: 'needle needle' })]);
      expect(await find(store, 'needle')).toEqual(before);
    });
  });

  it('leave nothing of a partition whose last row becomes private', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'search.db');
    const store = await openSqliteSearch(file);
    const row = { id: 'm', sessionId: 's', text: 'needle' };
    await store.index(ben, [aDocument({ ...row, version: 1, visibility: 'workspace' })]);
    await store.index(ben, [aDocument({ ...row, version: 2, visibility: 'private' })]);
    await store.close();
    const database = new DatabaseSync(file);
    expect(database.prepare('SELECT user_id FROM owners').all()).toEqual([{ user_id: 'ben' }]);
    const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'`).all();
    expect(tables).toHaveLength(1);
    database.close();
  });
});
