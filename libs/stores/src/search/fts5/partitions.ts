import type { Owner, Reader } from '@opensync/contracts';
import { addOwner, findOwner, sharedIn } from '../../sqlite/owners.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { WEIGHTS } from '../columns.ts';
import type { FoundSession } from '../engine.ts';
import { inTimeAt } from '../../sqlite/in-time.ts';
import { phrasesOf } from './match.ts';
import { PUNCTUATION_IN_TOKENS } from '../tokens.ts';

/**
 * A part of the index with its own FTS5 table: the private rows of one owner, or the rows that members of a workspace
 * share. A reader queries at most two. No query meets a row of another partition, and ranks neither depend on it nor
 * reveal anything about it.
 */
export interface Partition {
  readonly number: number;
  readonly workspaceId: string;
  readonly table: string;
  /** The number of the reader; 0 if nothing of theirs is stored. */
  readonly reader: number;
  readonly isShared: boolean;
  /** Only the rows of this owner are looked at; all if absent. */
  readonly ownedBy?: number;
}

/** The condition of the time that is left, for rows of a partition's table, which is called `fts`. */
export const ROW_IN_TIME = inTimeAt('fts.rowid');

/** The partitions that have rows which the reader may see. */
export function partitionsOf(connection: Connection, reader: Reader): Partition[] {
  const own = findOwner(connection, reader);
  const shared = findOwner(connection, sharedIn(reader));
  const common = { workspaceId: reader.workspaceId, reader: own ?? 0 };
  const partitions: Partition[] = [];
  if (own !== undefined) partitions.push({ ...common, number: own, table: tableOf(own), isShared: false });
  if (shared !== undefined && (own !== undefined || reader.sessions === 'visible')) {
    const ownedBy = reader.sessions === 'visible' ? {} : { ownedBy: common.reader };
    partitions.push({ ...common, number: shared, table: tableOf(shared), isShared: true, ...ownedBy });
  }
  return partitions;
}

export function tableOf(partition: number): string {
  return `fts_${partition}`;
}

/** The number of the owner's partition, which is created if it is missing. */
export function openPartition(connection: Connection, of: Owner): number {
  const known = findOwner(connection, of);
  if (known !== undefined) return known;
  const partition = addOwner(connection, of);
  const table = tableOf(partition);
  connection.database.exec(`
    CREATE VIRTUAL TABLE ${table} USING fts5 (${Object.keys(WEIGHTS).join(', ')},
      content = '', contentless_delete = 1, tokenize = "ascii tokenchars '${PUNCTUATION_IN_TOKENS}'");
    INSERT INTO ${table} (${table}, rank) VALUES ('rank', 'bm25(${Object.values(WEIGHTS).join(', ')})');`);
  return partition;
}

/** Removes a partition with all its terms. */
export function dropPartition(connection: Connection, partition: number): void {
  connection.database.exec(`DROP TABLE ${tableOf(partition)}`);
  connection.statement('DELETE FROM owners WHERE owner = ?').run(partition);
}

type Scored = FoundSession<number, number>;

/**
 * Rows of several partitions with comparable scores. FTS5's bm25 counts the rarity of a phrase within one table: in a
 * table with few rows every phrase is common, and its best hit would rank below all others. So scores are scaled to
 * the weights that the phrases would have in one table; exactly for one phrase, and by the sum of their weights for
 * several.
 * @param found of each partition, and by which expression
 */
export function comparable(
  connection: Connection,
  partitions: readonly Partition[],
  found: readonly { readonly hits: readonly Scored[]; readonly expression: string }[],
): Scored[] {
  if (found.every(({ hits }) => hits.length === 0)) return [];
  const sizes = partitions.map(
    ({ table }) => connection.statement(`SELECT count(*) AS rows FROM ${table}_docsize`).get()!.rows as number,
  );
  const rowsWith = (phrase: string) =>
    partitions.map(({ table }) => {
      const matching = `SELECT 1 FROM ${table} AS fts WHERE ${table} MATCH ? AND ${ROW_IN_TIME} LIMIT ${MOST_COUNTED}`;
      return connection.statement(`SELECT count(*) AS rows FROM (${matching})`).get(phrase)!.rows as number;
    });
  const counts = new Map<string, readonly number[]>();
  return found.flatMap(({ hits, expression }, at) => {
    if (hits.length === 0) return [];
    let together = 0;
    let alone = 0;
    for (const phrase of phrasesOf(expression)) {
      const rows = counts.get(phrase) ?? rowsWith(phrase);
      counts.set(phrase, rows);
      if (rows[at] === 0) continue;
      together += weightOf(sumOf(sizes), sumOf(rows));
      alone += weightOf(sizes[at]!, rows[at]!);
    }
    return alone === 0 ? hits : hits.map((hit) => ({ ...hit, score: (hit.score * together) / alone }));
  });
}

/** More rows say nothing more about the rarity of a word. */
export const MOST_COUNTED = 1_000_000;

/** The inverse document frequency of bm25 as FTS5 has it, see https://sqlite.org/fts5.html#the_bm25_function. */
function weightOf(rows: number, having: number): number {
  return Math.max(Math.log((rows - having + 0.5) / (having + 0.5)), LEAST_WEIGHT);
}
const LEAST_WEIGHT = 1e-6;

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
