import { mostTogether, suffices } from '../matching.ts';
import type { SearchHit } from '../port.ts';
import type { QueryTerm } from '../query.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { havingAllOfFew } from './having-all.ts';
import { hits, withAllInOneRow, type FoundRow, type Reading } from './reads.ts';

export interface WholeSearch extends Reading {
  /** What is looked for. */
  readonly all: readonly QueryTerm[];
  readonly none: readonly QueryTerm[];
  readonly limit: number;
  /** What is marked. */
  readonly terms: readonly QueryTerm[];
  /** Rows of all terms together that may be looked at for sessions that have them in different rows. */
  readonly mostRows: number;
  /** Hits that may be filled in. */
  readonly mostHits: number;
}

/** Answers to the first questions of a search, so that nobody has to ask them again. */
export interface FirstAnswers {
  readonly together: FoundRow[];
  /** The sessions that have every term; absent if that takes more than one short read. */
  readonly sessions?: readonly number[];
}

export type AtOnce = { readonly hits: (SearchHit & { readonly row: number })[] } | FirstAnswers;

/**
 * All of a search in a single read, if the best rows are all that it needs: each crossing of threads waits for a
 * processor, which among few rows takes longer than the search.
 */
export function searchAtOnce(
  connection: Connection,
  { all, none, limit, terms, mostRows, mostHits, ...reading }: WholeSearch,
): AtOnce {
  const { level } = reading;
  const together = withAllInOneRow(connection, {
    ...reading,
    all,
    none: level === 'message' ? [] : none,
    limit: mostTogether(limit, level),
  });
  let sessions: readonly number[] | undefined;
  if (!suffices(together.length, all, limit, level)) {
    const atLeast = together.length;
    sessions = havingAllOfFew(connection, { ...reading, terms: all, most: mostRows, atLeast });
    if (!sessions || sessions.length > atLeast) return { together, ...(sessions && { sessions }) };
  }
  const best = together.slice(0, limit);
  if (best.length > mostHits) return { together, ...(sessions && { sessions }) };
  return { hits: hits(connection, { reader: reading.reader, rows: best, terms }) };
}
