import type { Reader } from '@opensync/contracts';
import { mostTogether, suffices } from '../matching.ts';
import type { QueryTerm } from '../query.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { havingAllOfFew } from './having-all.ts';
import { hitsText } from './hits.ts';
import { partitionsOf } from './partitions.ts';
import { having, withAllInOneRow, type FoundRow, type Reading } from './reads.ts';

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

export type AtOnce = { readonly hits: string } | FirstAnswers;

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
    sessions = hasMoreSessions(connection, reading.reader, atLeast)
      ? havingAllOfFew(connection, { ...reading, terms: all, most: mostRows, atLeast })
      : together.map(({ session }) => session);
    if (sessions && level !== 'message') sessions = withoutNegated(connection, { ...reading, within: sessions }, none);
    if (!sessions || sessions.length > atLeast) return { together, ...(sessions && { sessions }) };
  }
  const best = together.slice(0, limit);
  if (best.length > mostHits) return { together, ...(sessions && { sessions }) };
  return { hits: hitsText(connection, { reader: reading.reader, rows: best, terms }) };
}

/** Whether the reader may see rows of more sessions than this. */
function hasMoreSessions(connection: Connection, reader: Reader, most: number): boolean {
  const partitions = partitionsOf(connection, reader);
  if (partitions.some(({ isShared, ownedBy }) => isShared && ownedBy === undefined)) return true;
  const own = partitions[0]?.reader ?? 0;
  const found = connection
    .statement('SELECT count(*) AS sessions FROM (SELECT 1 FROM sessions WHERE owner = ? LIMIT ?)')
    .get(own, most + 1) as { sessions: number };
  return found.sessions > most;
}

/** Those of the sessions that have none of the terms in any row. */
function withoutNegated(
  connection: Connection,
  reading: Reading & { readonly within: readonly number[] },
  none: readonly QueryTerm[],
): readonly number[] {
  const { within } = reading;
  if (none.length === 0 || within.length === 0) return within;
  const negated = new Set(having(connection, { ...reading, terms: none }).flat());
  return within.filter((session) => !negated.has(session));
}
