import type { Reader } from '@opensync/contracts';
import type { Connection } from '../../sqlite/serve.ts';
import { filterCondition, isFiltering } from '../../sqlite/session-filter.ts';
import { filterByLevel } from '../../filters.ts';
import type { FoundSession, Scope } from '../engine.ts';
import { assertInTime } from '../../sqlite/in-time.ts';
import { anyExpression, inOwnWords, matchExpression, negatedExpression } from './match.ts';
import { comparable, MOST_COUNTED, partitionsOf, ROW_IN_TIME, type Partition } from './partitions.ts';
import { isNear } from '../near.ts';
import type { QueryTerm } from '../query.ts';

/** A row's number is its session's number and its place in the session: grouping by session needs no join. */
export const ROW_BITS = 20;
const SESSION = `fts.rowid >> ${ROW_BITS}`;

/** What is found: sessions, or rows by themselves. */
function foundBy({ level }: Pick<Scope, 'level'>): string {
  return level === 'message' ? 'fts.rowid' : SESSION;
}

const IS_MESSAGE: Condition = ['(SELECT message_id FROM documents WHERE row = fts.rowid) IS NOT NULL'];

/** The reader, and the sessions to search: numbers of {@link FoundRow}, all if absent. */
export interface Reading extends Scope {
  readonly reader: Reader;
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
  {
    reader,
    filter,
    sessionIds,
    level,
    without = [],
    all,
    none,
    limit,
  }: Reading & { all: readonly QueryTerm[]; none: readonly QueryTerm[]; limit: number },
): FoundRow[] {
  const partitions = partitionsOf(connection, reader);
  const { sql, values } = filterCondition(filter);
  const found = partitions.map((partition) => {
    const conditions: Condition[] = [
      [ROW_IN_TIME],
      [sql, ...values],
      ...ownedRows(partition),
      ...sessionsNamed(partition, sessionIds),
      ...withoutNegated(partitions, [...none, ...without]),
      ...(level === 'message' ? [IS_MESSAGE] : []),
    ];
    const { table } = partition;
    const respell = respelling(connection, partition);
    const every = matchExpression({ all }, respell);
    const expression = level === 'message' ? `(${every}) AND ${inOwnWords(anyExpression(all, respell))}` : every;
    const hits = connection
      .statement(
        `SELECT ${foundBy({ level })} AS session, fts.rowid AS row, min(fts.rank) AS rank
         FROM ${table} AS fts ${isFiltering(filter) ? 'CROSS JOIN documents ON documents.row = fts.rowid' : ''}
         WHERE ${table} MATCH ? AND ${allOf(conditions)} GROUP BY 1 ORDER BY 3, 2 DESC LIMIT ?`,
      )
      .all(expression, ...valuesOf(conditions), limit)
      .map(foundRow);
    return { hits, expression };
  });
  // The scores of a single partition are comparable, and its hits are in order: nothing has to be counted.
  const withHits = found.filter(({ hits }) => hits.length > 0);
  if (withHits.length < 2) return withHits.flatMap(({ hits }) => hits);
  return bestOfEach(comparable(connection, partitions, found))
    .sort((a, b) => b.score - a.score || b.row - a.row)
    .slice(0, limit);
}

/** Negated words count in any row of a session, in any partition. The lists do not depend on the row, so SQLite builds them once. */
function withoutNegated(partitions: readonly Partition[], none: readonly QueryTerm[]): Condition[] {
  const negated = negatedExpression({ none });
  if (negated === undefined) return [];
  return partitions.map(({ table }): Condition => {
    const excluded = `SELECT ${SESSION} FROM ${table} AS fts WHERE ${table} MATCH ? AND ${ROW_IN_TIME}`;
    return [`${SESSION} NOT IN (${excluded})`, negated];
  });
}

/** A session has rows in two partitions while its visibility changes. */
function bestOfEach(found: readonly FoundRow[]): FoundRow[] {
  const best = new Map<number, FoundRow>();
  for (const row of found) if (row.score > (best.get(row.session)?.score ?? -Infinity)) best.set(row.session, row);
  return [...best.values()];
}

export function termCounts(
  connection: Connection,
  { reader, terms, most = MOST_COUNTED }: { reader: Reader; terms: readonly QueryTerm[]; most?: number },
): number[] {
  const counts = partitionsOf(connection, reader).map((partition) =>
    terms.map((term) => countIn(connection, partition, term, most)),
  );
  return terms.map((_, at) => counts.reduce((sum, inPartition) => sum + inPartition[at]!, 0));
}

function countIn(connection: Connection, partition: Partition, term: QueryTerm, most: number): number {
  const { table } = partition;
  const conditions: Condition[] = [[ROW_IN_TIME], ...ownedRows(partition)];
  const matching = `SELECT 1 FROM ${table} AS fts WHERE ${table} MATCH ? AND ${allOf(conditions)} LIMIT ?`;
  const { rows } = connection
    .statement(`SELECT count(*) AS rows FROM (${matching})`)
    .get(expressionOf(connection, partition, term), ...valuesOf(conditions), most)!;
  return rows as number;
}

/** The sessions of each term. */
export function having(
  connection: Connection,
  { terms, ...reading }: Reading & { terms: readonly QueryTerm[] },
): number[][] {
  const partitions = partitionsOf(connection, reading.reader);
  return terms.map((term) => {
    const sessions = partitions.flatMap((partition) => {
      const { inner, outer } = conditionsOf(partitions, partition, reading);
      const { table } = partition;
      return connection
        .statement(
          `SELECT session FROM
             (SELECT DISTINCT ${foundBy(reading)} AS session FROM ${table} AS fts WHERE ${table} MATCH ? AND ${allOf(inner)})
           WHERE ${allOf(outer)}`,
        )
        .all(atLevel(reading, expressionOf(connection, partition, term)), ...valuesOf(inner), ...valuesOf(outer))
        .map(({ session }) => session as number);
    });
    return partitions.length > 1 ? [...new Set(sessions)] : sessions;
  });
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
  const partitions = partitionsOf(connection, reading.reader);
  const found = partitions.map((partition) => {
    const { inner, outer } = conditionsOf(partitions, partition, reading);
    const { table } = partition;
    const expression = atLevel(reading, anyExpression(terms, respelling(connection, partition)));
    const hits = connection
      .statement(
        `SELECT session, row, rank FROM
           (SELECT ${foundBy(reading)} AS session, fts.rowid AS row, min(fts.rank) AS rank
            FROM ${table} AS fts WHERE ${table} MATCH ? AND ${allOf(inner)} GROUP BY 1)
         WHERE ${allOf(outer)}`,
      )
      .all(expression, ...valuesOf(inner), ...valuesOf(outer))
      .map(foundRow);
    return { hits, expression };
  });
  return found.length === 1 ? found[0]!.hits : bestOfEach(comparable(connection, partitions, found));
}

type Condition = readonly [sql: string, ...values: Value[]];

/** Of rows, and of the sessions that are left: all rows of a session have its heading, so one of them is enough. */
function conditionsOf(
  partitions: readonly Partition[],
  partition: Partition,
  { filter, sessionIds, within, level, without = [] }: Reading,
): { inner: Condition[]; outer: Condition[] } {
  const inner: Condition[] = [
    [ROW_IN_TIME],
    ...ownedRows(partition),
    ...sessionsNamed(partition, sessionIds),
    ...withoutNegated(partitions, without),
    ...(level === 'message' ? [IS_MESSAGE] : []),
  ];
  const { session, message } = filterByLevel(filter);
  if (isFiltering(message)) {
    const { sql, values } = filterCondition(message);
    inner.push([`(SELECT ${sql} FROM documents WHERE row = fts.rowid)`, ...values]);
  }
  if (within) inner.push([`${foundBy({ level })} IN (SELECT value FROM json_each(?))`, JSON.stringify(within)]);
  if (!isFiltering(session)) return { inner, outer: [] };
  const { sql, values } = filterCondition(session);
  const rows = level === 'message' ? 'row = session' : `row >= session << ${ROW_BITS} ORDER BY row LIMIT 1`;
  const first = `SELECT ${sql} FROM documents WHERE ${rows}`;
  return { inner, outer: [[`(${first})`, ...values]] };
}

/** Of a partition that has rows of several owners, those of the one who reads their own alone. */
function ownedRows({ ownedBy }: Partition): Condition[] {
  return ownedBy === undefined ? [] : [['(SELECT owner FROM documents WHERE row = fts.rowid) = ?', ownedBy]];
}

function sessionsNamed({ reader, workspaceId, isShared }: Partition, ids: readonly string[] | undefined): Condition[] {
  if (ids === undefined) return [];
  const owners = isShared ? 'IN (SELECT owner FROM owners WHERE workspace_id = ?)' : '= ?';
  const named = `SELECT session FROM sessions WHERE owner ${owners} AND id IN (SELECT value FROM json_each(?))`;
  const values = [isShared ? workspaceId : reader, JSON.stringify(ids)] as const;
  if (ids.length > 1) return [[`${SESSION} IN (${named})`, ...values]];
  // A range of rows, which FTS5 seeks: a common word costs what the session has of it, not what the owner has.
  return [
    [`fts.rowid >= (${named}) << ${ROW_BITS}`, ...values],
    [`fts.rowid < ((${named}) + 1) << ${ROW_BITS}`, ...values],
  ];
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

function atLevel({ level }: Pick<Scope, 'level'>, expression: string): string {
  return level === 'message' ? inOwnWords(expression) : expression;
}

function expressionOf(connection: Connection, partition: Partition, term: QueryTerm): string {
  return matchExpression({ all: [term] }, respelling(connection, partition));
}

function respelling(connection: Connection, partition: Partition) {
  return (term: QueryTerm) => nearWords(connection, partition, term);
}

/** Maximum number of words that one word may stand for, the first ones: each is part of the expression. */
const MOST_NEAR_WORDS = 200;
/** Words between two looks at the clock. */
const WORDS_PER_LOOK = 1_000;

/** The partition's words that are near to the term's. All that begin alike are looked at: some ten milliseconds for 100 MB. */
function nearWords(connection: Connection, { table }: Partition, { words: [word], prefix }: QueryTerm): string[] {
  connection.makeTemporary(
    `CREATE VIRTUAL TABLE IF NOT EXISTS temp.words_of_${table} USING fts5vocab ('main', '${table}', 'row')`,
  );
  const [first] = word!;
  const alike = connection
    .statement(`SELECT term FROM temp.words_of_${table} WHERE term >= ? AND term < ?`)
    .iterate(first!, first! + HIGHEST_CHARACTER);
  const near = isNear(word!, prefix);
  const found: string[] = [];
  let looked = 0;
  for (const { term } of alike) {
    if (looked++ % WORDS_PER_LOOK === 0) assertInTime(connection);
    if (near(term as string)) found.push(term as string);
    if (found.length === MOST_NEAR_WORDS) break;
  }
  return found;
}
const HIGHEST_CHARACTER = '\u{10ffff}';

/** The ids of the messages of these rows; empty for a row that is gone meanwhile. */
export function messageIds(connection: Connection, { rows }: { rows: readonly number[] }): string[] {
  const find = connection.statement('SELECT message_id AS id FROM documents WHERE row = ?');
  return rows.map((row) => (find.get(row)?.id as string | null | undefined) ?? '');
}
