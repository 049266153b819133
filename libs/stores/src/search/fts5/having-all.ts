import type { Connection } from '../../sqlite/serve.ts';
import type { QueryTerm } from '../query.ts';
import { having, termCounts, type Reading } from './reads.ts';

export interface Few extends Reading {
  readonly terms: readonly QueryTerm[];
  /** Rows of all terms together that one read may look at. */
  readonly most: number;
}

/**
 * The sessions that have every term, in a single read: each crossing of threads waits for a processor, and among few rows
 * that takes longer than the search. Undefined if the terms have more rows than that: others must be able to read in between.
 */
export function havingAllOfFew(connection: Connection, { terms, most, ...reading }: Few): number[] | undefined {
  const counts = termCounts(connection, { reader: reading.reader, terms, most: most + 1 });
  if (counts.includes(0)) return [];
  if (counts.reduce((sum, count) => sum + count, 0) > most) return undefined;
  const order = [...terms.keys()].sort((a, b) => counts[a]! - counts[b]!);
  let within: readonly number[] | undefined;
  for (const at of order) {
    const [found] = having(connection, { ...reading, ...(within && { within }), terms: [terms[at]!] });
    within = found!;
    if (within.length === 0) return [];
  }
  return [...(within ?? [])];
}
