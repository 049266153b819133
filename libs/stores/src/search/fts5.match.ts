import { PARTS_COLUMNS } from './columns.ts';
import type { ParsedQuery, QueryTerm } from './query.ts';

/**
 * The query in FTS5's syntax, see https://sqlite.org/fts5.html#full_text_query_syntax. The tokenizer must be the
 * plain one over tokens separated by blanks. To be called for queries that are not empty.
 */
export function matchExpression({ all, none }: ParsedQuery): string {
  const wanted = all.map(termExpression).join(' AND ');
  return none.length === 0 ? wanted : `(${wanted}) NOT (${none.map(termExpression).join(' OR ')})`;
}

function termExpression({ words, parts, prefix }: QueryTerm): string {
  const whole = phrase(words, prefix);
  return parts ? `(${whole} OR {${PARTS_COLUMNS.join(' ')}} : ${phrase(parts, prefix)})` : whole;
}

function phrase(tokens: readonly string[], prefix: boolean): string {
  return `"${tokens.join(' ').replaceAll('"', '""')}"${prefix ? ' *' : ''}`;
}
