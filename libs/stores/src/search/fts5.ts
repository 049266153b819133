import { writeApart } from '../refusals.ts';
import { SqliteDatabase, workerEntry } from '../sqlite/index.ts';
import type { SearchDatabase } from './fts5.worker.ts';
import type { SearchStore } from './port.ts';

/**
 * Full text in a SQLite file, which is made where it does not exist.
 * @throws StoreUnavailableError where the file cannot be opened.
 */
export async function openSqliteSearch(file: string): Promise<SearchStore> {
  const entry = workerEntry(import.meta.url, 'fts5.worker');
  const database = await SqliteDatabase.open<SearchDatabase>({ store: 'search', entry, file });
  return {
    index: (owner, documents) => writeApart(documents, (some) => database.write('index', { owner, documents: some })),

    async indexed(owner, ids) {
      const headings = await database.lookUp('indexed', { owner, ids });
      return new Map(headings.map(({ id, ...heading }) => [id, heading]));
    },

    async search(owner, query) {
      return query.parsed.isEmpty ? [] : database.read('search', { owner, ...query });
    },

    remove: (owner, sessionIds) => database.write('remove', { owner, sessionIds }),

    async describe() {
      const { version, ...counts } = await database.read('counts', undefined);
      return { engine: `SQLite ${version} FTS5 (embedded)`, location: file, counts };
    },

    ...database.positioned(),
    close: () => database.close(),
  };
}
