import type { Connection } from '../../sqlite/serve.ts';
import type { QueryTerm } from '../query.ts';
import { having, termCounts, type Reading } from './reads.ts';

export interface Few extends Reading {
  readonly terms: readonly QueryTerm[];
  /** Rows of all terms together that one read may look at. */
  readonly most: number;
  /** Sessions that are known to have every term. */
  readonly atLeast: number;
}

/**
 * The sessions that have every term, in a single read: each crossing of threads waits for a processor, and among few rows
 * that takes longer than the search. If only those that are known already can have them, the last terms are not looked at.
 * Undefined if the terms have more rows than that: others must be able to read in between.
 */
export function havingAllOfFew(
  connection: Connection,
  { terms, most, atLeast, ...reading }: Few,
): readonly number[] | undefined {
  let left = most;
  let within: readonly number[] | undefined;
  for (const term of terms) {
    const [count] = termCounts(connection, { reader: reading.reader, terms: [term], most: left + 1 });
    left -= count!;
    if (left < 0) return undefined;
    const [found] = having(connection, { ...reading, ...(within && { within }), terms: [term] });
    within = found!;
    if (within.length <= atLeast) break;
  }
  return within ?? [];
}
