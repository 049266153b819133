import type { Reader } from '@opensync/contracts';
import { workerEntry } from '@opensync/platform/node';
import { inTime } from '../../overdue.ts';
import { writeApart } from '../../refusals.ts';
import { SqliteDatabase } from '../../sqlite/index.ts';
import { analysisProblems } from '../analysis.ts';
import { FEW_ROWS, fts5Engine } from './engine.ts';
import type { FoundRow } from './reads.ts';
import { shownRows, type ShownRow } from './shown-rows.ts';
import type { SearchDatabase } from './worker.ts';
import { countFacets } from '../facets.ts';
import { scopeOf, withAll, withSome } from '../matching.ts';
import type { SearchHit, SearchStore } from '../port.ts';
import { MOST_TOKENS, withinTokens, type QueryTerm } from '../query.ts';
import { rowsWithin } from '../within-session.ts';

/** Rows whose snippets are cut in one read, so that others can read in between. */
const HITS_AT_ONCE = 25;

/**
 * Full text in a SQLite file, which is created if it does not exist.
 * @throws StoreUnavailableError if the file cannot be opened.
 */
export async function openSqliteSearch(file: string): Promise<SearchStore> {
  const entry = workerEntry(import.meta.url, 'worker');
  const database = await SqliteDatabase.open<SearchDatabase>({ store: 'search', entry, file });
  const hitsOf = async <More extends object>(
    reader: Reader,
    rows: readonly FoundRow[],
    { terms, until }: { terms: readonly QueryTerm[]; until: number | undefined },
    more: (row: number) => More = () => ({}) as More,
  ): Promise<(SearchHit & More)[]> => {
    const hits: ShownRow[] = [];
    for (let at = 0; at < rows.length; at += HITS_AT_ONCE) {
      const some = rows.slice(at, at + HITS_AT_ONCE);
      const shown = await inTime(until, () => database.read('hits', { reader, rows: some, terms, until }));
      hits.push(...shownRows(shown));
    }
    return hits.map(({ row, ...hit }) => ({ ...hit, ...more(row) }));
  };
  return {
    index: (owner, documents) => writeApart(documents, (some) => database.write('index', { owner, documents: some })),

    async indexed(owner, ids) {
      const headings = await database.lookUp('indexed', { owner, ids });
      return new Map(headings.map(({ id, ...heading }) => [id, heading]));
    },

    async search(reader, query) {
      const { parsed, limit, level, until } = query;
      if (parsed.all.length === 0) return [];
      const [scope, terms] = [scopeOf(query), parsed.all];
      const { none } = parsed;
      const all = withinTokens(terms, MOST_TOKENS);
      const most = { mostRows: FEW_ROWS, mostHits: HITS_AT_ONCE };
      const found = await inTime(until, () =>
        database.read('searchAtOnce', { reader, ...scope, all, none, limit, terms, ...most }),
      );
      if ('hits' in found) return shownRows(found.hits).map(({ row: _, ...hit }) => hit);
      const rows = await withAll(fts5Engine(database, reader, scope, found), parsed, limit, level);
      return hitsOf(reader, rows, { terms, until });
    },

    async searchPartly(reader, query) {
      const { parsed, limit, level, until } = query;
      const { matches, terms } = await withSome(fts5Engine(database, reader, scopeOf(query)), parsed, limit, level);
      const missing = new Map(matches.map((found) => [found.row, found.missing]));
      return hitsOf(reader, matches, { terms, until }, (row) => ({ missing: missing.get(row)! }));
    },

    async searchSession(owner, query, choose) {
      const { sessionId, parsed, until } = query;
      const scope = { filter: {}, level: 'message', sessionIds: [sessionId], until } as const;
      const rows = await rowsWithin(fts5Engine(database, owner, scope), query);
      const ids = await inTime(until, () => database.read('messageIds', { rows: rows.map(({ row }) => row), until }));
      const byId = new Map(ids.map((id, at) => [id, rows[at]!]));
      const chosen = (await choose([...byId.keys()])).flatMap((id) => byId.get(id) ?? []);
      const hits = await hitsOf(owner, chosen, { terms: parsed.all, until });
      return hits.flatMap(({ messageId, excerpt }) => (messageId === undefined ? [] : [{ messageId, excerpt }]));
    },

    facets: (reader, query, hidden) =>
      countFacets((filter) => fts5Engine(database, reader, scopeOf({ ...query, filter })), query, hidden),

    counts: (reader, terms, { until } = {}) => fts5Engine(database, reader, { filter: {}, until }).counts(terms),

    remove: (owner, sessionIds) => database.write('remove', { owner, sessionIds }),

    hasBefore: (owner, sessionId, sequence, { unknown = true } = {}) =>
      database.read('hasBefore', { owner, sessionId, sequence, from: unknown ? 0 : 1 }),

    async describe() {
      const { version, analysis, ...counts } = await database.read('counts', undefined);
      const problems = analysisProblems(analysis);
      return {
        engine: `SQLite ${version} FTS5 (embedded)`,
        location: file,
        counts,
        ...(problems.length > 0 && { problems }),
      };
    },

    ...database.positioned(),
    close: () => database.close(),
  };
}
