import { PARTS_COLUMNS } from './columns.ts';
import type { ParsedQuery, QueryTerm } from './query.ts';

/**
 * The rows that have every term, in FTS5's syntax, see https://sqlite.org/fts5.html#full_text_query_syntax. The tokenizer
 * must be the plain one over tokens separated by blanks. To be called for queries that are not empty.
 */
export function matchExpression({ all }: Pick<ParsedQuery, 'all'>): string {
  return all.map(termExpression).join(' AND ');
}

/** The rows whose sessions are left out, in the same syntax; undefined where nothing is negated. */
export function negatedExpression({ none }: Pick<ParsedQuery, 'none'>): string | undefined {
  return none.length === 0 ? undefined : none.map(termExpression).join(' OR ');
}

function termExpression({ words, parts, prefix }: QueryTerm): string {
  const whole = phrase(words, prefix);
  return parts ? `(${whole} OR {${PARTS_COLUMNS.join(' ')}} : ${phrase(parts, prefix)})` : whole;
}

function phrase(tokens: readonly string[], prefix: boolean): string {
  return `"${tokens.join(' ').replaceAll('"', '""')}"${prefix ? ' *' : ''}`;
}
