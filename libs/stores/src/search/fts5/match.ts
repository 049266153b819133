import { OWN_COLUMNS, PARTS_COLUMNS } from '../columns.ts';
import type { ParsedQuery, QueryTerm } from '../query.ts';
import { formsOf } from '../word-forms.ts';

/** The words that a term with `near` stands for, e.g. those of the index that are near. */
export type Respell = (term: QueryTerm) => readonly string[];

/**
 * The rows that have every term, in FTS5's syntax, see https://sqlite.org/fts5.html#full_text_query_syntax. The tokenizer
 * must be the plain one over tokens separated by blanks. To be called for queries that are not empty.
 */
export function matchExpression({ all }: Pick<ParsedQuery, 'all'>, respell: Respell = () => []): string {
  return all.map((term) => termExpression(term, respell)).join(' AND ');
}

/** The rows that have any of the terms. */
export function anyExpression(terms: readonly QueryTerm[], respell: Respell = () => []): string {
  return terms.map((term) => termExpression(term, respell)).join(' OR ');
}

/** The rows that match an expression by their own words. */
export function inOwnWords(expression: string): string {
  return `{${OWN_COLUMNS.join(' ')}} : (${expression})`;
}

/** The phrases that an expression is made of, each an expression of its own. */
export function phrasesOf(expression: string): readonly string[] {
  return expression.match(/(\{[^}]*\} : )?"(?:[^"]|"")*"( \*)?/g) ?? [];
}

function nearExpression(term: QueryTerm, respell: Respell): string {
  const words = respell(term);
  return words.length === 0
    ? phrase(term.words, term.prefix)
    : `(${words.map((word) => phrase([word], false)).join(' OR ')})`;
}

/** The rows whose sessions are left out, in the same syntax; undefined if nothing is negated. */
export function negatedExpression({ none }: Pick<ParsedQuery, 'none'>): string | undefined {
  return none.length === 0 ? undefined : anyExpression(none);
}

function termExpression(term: QueryTerm, respell: Respell): string {
  const { words, parts, prefix, near, forms = [] } = term;
  if (near) return nearExpression(term, respell);
  const inParts = (tokens: readonly string[], open: boolean) =>
    `{${PARTS_COLUMNS.join(' ')}} : ${phrase(tokens, open)}`;
  const alternatives = [
    phrase(words, prefix),
    ...(parts ? [inParts(parts, prefix)] : []),
    ...(prefix ? complete(term).map((tokens) => phrase(tokens, false)) : []),
    ...(prefix && parts ? [inParts(parts, false)] : []),
    ...forms.map((form) => phrase([form], false)),
  ];
  return alternatives.length > 1 ? `(${alternatives.join(' OR ')})` : alternatives[0]!;
}

/**
 * The words of a prefix as if they were complete. They match twice, and so rank above what only begins alike: `git` above
 * `github`, but not above forms of its own, `cookie` not above `cookies`.
 */
function complete({ words }: QueryTerm): readonly (readonly string[])[] {
  const [word] = words;
  if (words.length > 1) return [words];
  return [words, ...formsOf(word!).flatMap((form) => (form.startsWith(word!) ? [[form]] : []))];
}

function phrase(tokens: readonly string[], prefix: boolean): string {
  return `"${tokens.join(' ').replaceAll('"', '""')}"${prefix ? ' *' : ''}`;
}
