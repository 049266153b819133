import type { QueryTerm } from '../query.ts';

/** Characters of a text that a snippet is made from; of a longer one those around the first hit that SQLite finds. */
export const LONGEST_EXCERPT = 64 * 1024;
const BEFORE_HIT = LONGEST_EXCERPT / 4;

/**
 * SQL for what a snippet of this column is made from; its parameter `:word` is the word to look for. Only ASCII is compared without case:
 * other words of a long text may be missed, and then its beginning is shown.
 */
export function excerpt(column: string): string {
  // length() ends at a NUL.
  return `iif(octet_length(${column}) <= ${LONGEST_EXCERPT}, ${column},
    substr(${column}, max(1, instr(lower(${column}), :word) - ${BEFORE_HIT}), ${LONGEST_EXCERPT}))`;
}

/** The longest word of a query, which tells most about where to look. */
export function longestWord(terms: readonly QueryTerm[]): string {
  const words = terms.flatMap(({ words: whole, parts = [] }) => [whole[0]!, ...parts]);
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), '');
}
