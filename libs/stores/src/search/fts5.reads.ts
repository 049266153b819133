import type { Owner } from '@opensync/contracts';
import { findOwner } from '../sqlite/owners.ts';
import type { Connection } from '../sqlite/serve.ts';
import { filterCondition, isFiltering } from '../sqlite/session-filter.ts';
import type { FoundSession, Scope } from './engine.ts';
import { anyExpression, matchExpression, negatedExpression } from './fts5.match.ts';
import { isNear } from './near.ts';
import type { SearchHit } from './port.ts';
import type { QueryTerm } from './query.ts';
import { snippet } from './snippet.ts';

/** A row's number is its session's number and its place in the session: grouping by session needs no join. */
export const ROW_BITS = 20;
const SESSION = `fts.rowid >> ${ROW_BITS}`;

/** Whose rows are looked at, and which sessions: numbers of {@link FoundRow}, all if absent. */
export interface Reading extends Scope {
  readonly owner: Owner;
  readonly within?: readonly number[] | undefined;
}
export type FoundRow = FoundSession<number, number>;
type Value = string | number;

/**
 * The best row of each session that has every term. With min(), SQLite takes the other columns from the row that has it.
 * CROSS JOIN keeps the planner from asking the index once for every row that the filter lets through.
 */
export function withAllInOneRow(
  connection: Connection,
  { owner: of, filter, sessionIds, all, none, limit }: Reading & Terms & { none: readonly QueryTerm[]; limit: number },
): FoundRow[] {
  const owner = findOwner(connection, of);
  if (owner === undefined) return [];
  const { sql, values } = filterCondition(filter);
  const conditions: Condition[] = [[sql, ...values], ...sessionsNamed(owner, sessionIds)];
  const negated = negatedExpression({ none });
  if (negated !== undefined) {
    // It does not depend on the row, so that SQLite makes the list once.
    const excluded = `SELECT rowid >> ${ROW_BITS} FROM fts_${owner} WHERE fts_${owner} MATCH ?`;
    conditions.push([`${SESSION} NOT IN (${excluded})`, negated]);
  }
  const rows = connection
    .statement(
      `SELECT ${SESSION} AS session, fts.rowid AS row, min(fts.rank) AS rank
       FROM fts_${owner} AS fts ${isFiltering(filter) ? 'CROSS JOIN documents ON documents.row = fts.rowid' : ''}
       WHERE fts_${owner} MATCH ? AND ${allOf(conditions)} GROUP BY 1 ORDER BY 3, 2 DESC LIMIT ?`,
    )
    .all(matchExpression({ all }, respelling(connection, owner)), ...valuesOf(conditions), limit);
  return rows.map(foundRow);
}

interface Terms {
  readonly all: readonly QueryTerm[];
}

/** More rows say nothing more of how rare a word is. */
const MOST_COUNTED = 1_000_000;

export function termCounts(
  connection: Connection,
  { owner: of, terms }: { owner: Owner; terms: readonly QueryTerm[] },
): number[] {
  const owner = findOwner(connection, of);
  if (owner === undefined) return terms.map(() => 0);
  const count = connection.statement(
    `SELECT count(*) AS rows FROM (SELECT 1 FROM fts_${owner} WHERE fts_${owner} MATCH ? LIMIT ${MOST_COUNTED})`,
  );
  return terms.map((term) => count.get(expressionOf(connection, owner, term))!.rows as number);
}

/** The sessions of each term. */
export function having(
  connection: Connection,
  { terms, ...reading }: Reading & { terms: readonly QueryTerm[] },
): number[][] {
  const owner = findOwner(connection, reading.owner);
  if (owner === undefined) return terms.map(() => []);
  const { inner, outer } = conditionsOf(owner, reading);
  const statement = connection.statement(
    `SELECT session FROM
       (SELECT DISTINCT ${SESSION} AS session FROM fts_${owner} AS fts WHERE fts_${owner} MATCH ? AND ${allOf(inner)})
     WHERE ${allOf(outer)}`,
  );
  return terms.map((term) =>
    statement
      .all(expressionOf(connection, owner, term), ...valuesOf(inner), ...valuesOf(outer))
      .map(({ session }) => session as number),
  );
}

/** For each term, each session with the score of its best row. */
export function scores(
  connection: Connection,
  { terms, ...reading }: Reading & { terms: readonly QueryTerm[] },
): FoundRow[][] {
  return terms.map(({ forms = [], ...term }) => {
    const found = new Map(bestOf(connection, reading, [term]).map((row) => [row.session, row]));
    for (const row of forms.length > 0 ? bestOf(connection, reading, forms.map(formTerm)) : []) {
      const score = FORMS_SHARE * row.score;
      if (score > (found.get(row.session)?.score ?? 0)) found.set(row.session, { ...row, score });
    }
    return [...found.values()];
  });
}

/** What another form of a word counts against the word itself. */
const FORMS_SHARE = 0.5;
const formTerm = (form: string): QueryTerm => ({ text: form, words: [form], prefix: false });

/** Each session with its row that matches best, whichever of the terms it has; by other forms only if it has none. */
export function bestRows(
  connection: Connection,
  { terms, ...reading }: Reading & { terms: readonly QueryTerm[] },
): FoundRow[] {
  const found = bestOf(
    connection,
    reading,
    terms.map(({ forms: _, ...term }) => term),
  );
  const sessions = new Set(found.map(({ session }) => session));
  const others = reading.within?.filter((session) => !sessions.has(session)) ?? [];
  const forms = terms.flatMap((term) => (term.forms ?? []).map(formTerm));
  if (others.length === 0 || forms.length === 0) return found;
  return [...found, ...bestOf(connection, { ...reading, within: others }, forms)];
}

function bestOf(connection: Connection, reading: Reading, terms: readonly QueryTerm[]): FoundRow[] {
  const owner = findOwner(connection, reading.owner);
  if (owner === undefined) return [];
  const { inner, outer } = conditionsOf(owner, reading);
  return connection
    .statement(
      `SELECT session, row, rank FROM
         (SELECT ${SESSION} AS session, fts.rowid AS row, min(fts.rank) AS rank
          FROM fts_${owner} AS fts WHERE fts_${owner} MATCH ? AND ${allOf(inner)} GROUP BY 1)
       WHERE ${allOf(outer)}`,
    )
    .all(anyExpression(terms, respelling(connection, owner)), ...valuesOf(inner), ...valuesOf(outer))
    .map(foundRow);
}

type Condition = readonly [sql: string, ...values: Value[]];

/** Of rows, and of the sessions that are left: all rows of a session have its heading, so one of them is enough. */
function conditionsOf(
  owner: number,
  { filter, sessionIds, within }: Reading,
): { inner: Condition[]; outer: Condition[] } {
  const inner = sessionsNamed(owner, sessionIds);
  if (within) inner.push([`${SESSION} IN (SELECT value FROM json_each(?))`, JSON.stringify(within)]);
  if (!isFiltering(filter)) return { inner, outer: [] };
  const { sql, values } = filterCondition(filter);
  const first = `SELECT ${sql} FROM documents WHERE row >= session << ${ROW_BITS} ORDER BY row LIMIT 1`;
  return { inner, outer: [[`(${first})`, ...values]] };
}

function sessionsNamed(owner: number, ids: readonly string[] | undefined): Condition[] {
  if (ids === undefined) return [];
  const named = 'SELECT session FROM sessions WHERE owner = ? AND id IN (SELECT value FROM json_each(?))';
  return [[`${SESSION} IN (${named})`, owner, JSON.stringify(ids)]];
}

function allOf(conditions: readonly Condition[]): string {
  return conditions.map(([sql]) => sql).join(' AND ') || 'TRUE';
}

function valuesOf(conditions: readonly Condition[]): Value[] {
  return conditions.flatMap(([, ...values]) => values);
}

/** FTS5's rank is the negative of bm25, see https://sqlite.org/fts5.html#the_bm25_function. */
function foundRow({ session, row, rank }: Record<string, unknown>): FoundRow {
  return { session: session as number, row: row as number, score: -(rank as number) };
}

function expressionOf(connection: Connection, owner: number, term: QueryTerm): string {
  return matchExpression({ all: [term] }, respelling(connection, owner));
}

function respelling(connection: Connection, owner: number) {
  return (term: QueryTerm) => nearWords(connection, owner, term);
}

/** Words that one is taken for at most, those that come first: each is a part of the expression. */
const MOST_NEAR_WORDS = 200;

/** The owner's words that are near to the term's. All that begin alike are looked at: some ten milliseconds for 100 MB. */
function nearWords(connection: Connection, owner: number, { words: [word], prefix }: QueryTerm): string[] {
  connection.makeTemporary(
    `CREATE VIRTUAL TABLE IF NOT EXISTS temp.words_${owner} USING fts5vocab ('main', 'fts_${owner}', 'row')`,
  );
  const [first] = word!;
  const alike = connection
    .statement(`SELECT term FROM temp.words_${owner} WHERE term >= ? AND term < ?`)
    .iterate(first!, first! + HIGHEST_CHARACTER);
  const near = isNear(word!, prefix);
  const found: string[] = [];
  for (const { term } of alike) {
    if (near(term as string)) found.push(term as string);
    if (found.length === MOST_NEAR_WORDS) break;
  }
  return found;
}
const HIGHEST_CHARACTER = '\u{10ffff}';

/** What a person sees of rows; those that are gone meanwhile are left out. */
export function hits(
  connection: Connection,
  { rows, terms }: { rows: readonly FoundRow[]; terms: readonly QueryTerm[] },
): (SearchHit & { readonly row: number })[] {
  const find = connection.statement(
    `SELECT sessions.id AS sessionId, message_id AS messageId, title, project_name AS projectName,
       project_path AS projectPath, text, tool_text AS toolText
     FROM documents JOIN texts USING (row) JOIN sessions ON session = documents.row >> ${ROW_BITS}
     WHERE documents.row = ?`,
  );
  return rows.flatMap(({ row, score }) => {
    const found = find.get(row) as StoredTexts | undefined;
    if (!found) return [];
    const { sessionId, messageId, title, projectName, projectPath, text, toolText } = found;
    const shown = snippet([text, toolText, title, projectName, projectPath], terms);
    return [{ row, sessionId, ...(messageId !== null && { messageId }), score, title, snippet: shown }];
  });
}

interface StoredTexts extends Record<
  'sessionId' | 'title' | 'projectName' | 'projectPath' | 'text' | 'toolText',
  string
> {
  readonly messageId: string | null;
}
