import { piecesOf, type ParsedQuery, type QueryTerm } from './query.ts';
import { formsOf } from './word-forms.ts';

/** Maximum number of words in a search for partial matches: the rarest ones. */
export const MOST_UNITS = 24;
/** A shorter query is all that was meant. */
const FEWEST_WORDS = 3;

/**
 * The words of a query one by one, for sessions that have only some of them: compounds and scripts without blanks in
 * pieces, each word in its usual forms. Empty if a query is too short for that.
 */
export function unitsOf({ all, count }: ParsedQuery): QueryTerm[] {
  const units = new Map<string, QueryTerm>();
  for (const term of all) {
    for (const piece of piecesOf(term)) {
      const key = `${piece.quoted ? '"' : ''}${piece.words.join(' ')}`;
      if (!units.has(key)) units.set(key, withForms(piece));
    }
  }
  return count < FEWEST_WORDS || units.size < 2 ? [] : [...units.values()];
}

function withForms(term: QueryTerm): QueryTerm {
  const [word] = term.words;
  if (term.quoted || term.near || term.words.length !== 1) return term;
  const forms = formsOf(word!);
  return forms.length > 0 ? { ...term, forms } : term;
}
