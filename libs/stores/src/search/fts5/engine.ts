import type { Reader } from '@opensync/contracts';
import type { SqliteDatabase } from '../../sqlite/index.ts';
import type { Scope, SearchEngine } from '../engine.ts';
import { havingEach } from '../matching.ts';
import type { QueryTerm } from '../query.ts';
import { inTime } from '../../overdue.ts';
import type { FirstAnswers } from './at-once.ts';
import type { SearchDatabase } from './worker.ts';

/** Terms that are counted in one read: each looks at a bounded number of rows. */
const COUNTED_AT_ONCE = 16;
/** Rows that one read looks at for all terms: some milliseconds. */
export const FEW_ROWS = 10_000;
/** More rows than there are. */
const ALL = 2 ** 31;

/**
 * Sessions and rows are numbers of the database.
 * @param known answers about the terms of the query that were given already
 */
export function fts5Engine(
  database: SqliteDatabase<SearchDatabase>,
  reader: Reader,
  { filter, level, without, sessionIds, until }: Scope,
  known?: FirstAnswers,
): SearchEngine<number, number> {
  const reading = (within?: ReadonlySet<number>) => ({
    reader,
    filter,
    level,
    without,
    sessionIds,
    until,
    within: within && [...within],
  });
  /** Terms that have so few rows together that one read may look at all of them. */
  const few = new Set<QueryTerm>();
  const atOnce = (terms: readonly QueryTerm[]) =>
    terms.length > 0 && terms.every((term) => few.has(term)) ? [terms] : terms.map((term) => [term]);
  const havingAllOfFew = (terms: readonly QueryTerm[]) => {
    const asked = { ...reading(), terms, most: FEW_ROWS, atLeast: 0 };
    return inTime(until, () => database.read('havingAllOfFew', asked));
  };
  const engine: SearchEngine<number, number> = {
    withAllInOneRow: async (all, none, limit) =>
      known?.together ?? inTime(until, () => database.read('withAllInOneRow', { ...reading(), all, none, limit })),
    counts: async (terms) => {
      const counts: number[] = [];
      for (let at = 0; at < terms.length; at += COUNTED_AT_ONCE) {
        const some = terms.slice(at, at + COUNTED_AT_ONCE);
        counts.push(...(await inTime(until, () => database.read('termCounts', { reader, until, terms: some }))));
      }
      return counts;
    },
    async havingAll(terms) {
      const found = known ? known.sessions : await havingAllOfFew(terms);
      if (found && found.length > 0) for (const term of terms) few.add(term);
      return found ? new Set(found) : havingEach(engine, terms);
    },
    having: async (terms, within) => {
      const scope = reading(within);
      const sets: Set<number>[] = [];
      for (const some of atOnce(terms)) {
        const found = await inTime(until, () => database.read('having', { ...scope, terms: some }));
        sets.push(...found.map((sessions) => new Set(sessions)));
      }
      return sets;
    },
    scores: async (terms, within) => {
      const scope = reading(within);
      const scores: Map<number, number>[] = [];
      for (const some of atOnce(terms)) {
        const found = await inTime(until, () => database.read('scores', { ...scope, terms: some }));
        scores.push(...found.map((ofTerm) => new Map(ofTerm.map(({ session, score }) => [session, score]))));
      }
      return scores;
    },
    async facets(names, of, { limit, selected, hidden }) {
      const rows = async (all: readonly QueryTerm[]) =>
        inTime(until, () => database.read('withAllInOneRow', { ...reading(), all, none: [], limit: ALL }));
      const found = 'within' in of ? [...of.within] : (await rows(of.all)).map(({ session }) => session);
      const others =
        reader.sessions === 'visible'
          ? await inTime(until, () => database.read('ofOthers', { reader, found, level, until }))
          : [];
      const gone = await hidden([...new Set(others.map(({ id }) => id))]);
      const left = new Set(others.filter(({ id }) => gone.has(id)).map((one) => one.found));
      const counted = { reader, level, until, names, limit, selected, found: found.filter((one) => !left.has(one)) };
      return new Map(await inTime(until, () => database.read('facets', counted)));
    },
    bestRows: (terms, within) => inTime(until, () => database.read('bestRows', { ...reading(within), terms })),
  };
  return engine;
}
