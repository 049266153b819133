import { DatabaseSync } from 'node:sqlite';
import { matchExpression, parseQuery } from '@opensync/stores';

/**
 * The ceiling of full text: FTS5's own query (`MATCH`, its bm25, the best rows) on the file that the adapter wrote, in
 * this thread, without grouping, filters or snippets. Returns a function that runs one query.
 */
export function rawFullText(file: string): { query: (text: string) => void; close: () => void } {
  const database = new DatabaseSync(file, { readOnly: true });
  const { name } = database
    .prepare(`SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE fts_%'`)
    .get() as { name: string };
  const statement = database.prepare(`SELECT rowid, rank FROM ${name} WHERE ${name} MATCH ? ORDER BY rank LIMIT 20`);
  return {
    query: (text) => void statement.all(matchExpression(parseQuery(text))),
    close: () => database.close(),
  };
}
