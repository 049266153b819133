import type { Reader } from '@opensync/contracts';
import type { SqliteDatabase } from '../../sqlite/index.ts';
import type { Scope, SearchEngine } from '../engine.ts';
import type { SearchDatabase } from './worker.ts';

/** Sessions and rows are numbers of the database. */
export function fts5Engine(
  database: SqliteDatabase<SearchDatabase>,
  reader: Reader,
  { filter, sessionIds }: Scope,
): SearchEngine<number, number> {
  const reading = (within?: ReadonlySet<number>) => ({ reader, filter, sessionIds, within: within && [...within] });
  return {
    withAllInOneRow: (all, none, limit) => database.read('withAllInOneRow', { ...reading(), all, none, limit }),
    counts: (terms) => database.read('termCounts', { reader, terms }),
    having: async (terms, within) => {
      const sets = await database.read('having', { ...reading(within), terms });
      return sets.map((sessions) => new Set(sessions));
    },
    scores: async (terms, within) => {
      const rows = await database.read('scores', { ...reading(within), terms });
      return rows.map((found) => new Map(found.map(({ session, score }) => [session, score])));
    },
    bestRows: (terms, within) => database.read('bestRows', { ...reading(within), terms }),
  };
}
