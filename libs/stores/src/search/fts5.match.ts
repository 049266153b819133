import { PARTS_COLUMNS } from './columns.ts';
import type { ParsedQuery, QueryTerm } from './query.ts';

/** The words that a term with `near` stands for, e.g. those of the index that are near. */
export type Respell = (term: QueryTerm) => readonly string[];

/**
 * The rows that have every term, in FTS5's syntax, see https://sqlite.org/fts5.html#full_text_query_syntax. The tokenizer
 * must be the plain one over tokens separated by blanks. To be called for queries that are not empty.
 */
export function matchExpression({ all }: Pick<ParsedQuery, 'all'>, respell: Respell = () => []): string {
  return all.map((term) => (term.near ? nearExpression(term, respell) : termExpression(term))).join(' AND ');
}

function nearExpression(term: QueryTerm, respell: Respell): string {
  const words = respell(term);
  return words.length === 0 ? termExpression(term) : `(${words.map((word) => phrase([word], false)).join(' OR ')})`;
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
