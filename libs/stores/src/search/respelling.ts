import type { Reader } from '@opensync/contracts';
import { fold } from './fold.ts';
import { canBeMisspelled, isNear } from './near.ts';
import { normalText } from './normal.ts';
import type { SearchHit, SearchStore } from './port.ts';
import type { ParsedQuery, QueryTerm } from './query.ts';
import { isEnglishWord } from './right-words.ts';

/** A query of more words is a pasted text. */
const MOST_TERMS = 8;
/** Words that one is said to have been taken for at most. */
const MOST_TAKEN = 3;

/** A word of the query, and one that was looked for instead. */
export interface Respelled {
  readonly from: string;
  readonly to: string;
}

/**
 * The query with the words that no row in the reader's scope contains replaced by those that differ in one letter.
 * Phrases, numbers, identifiers with digits, English words and negated words are kept. Undefined if there is no such
 * word, or if the query is too long to be typed.
 * @throws errors of the store
 */
export async function respell(
  store: Pick<SearchStore, 'counts'>,
  reader: Reader,
  parsed: ParsedQuery,
  { until }: { readonly until?: number | undefined } = {},
): Promise<ParsedQuery | undefined> {
  if (parsed.all.length > MOST_TERMS) return undefined;
  const counts = await store.counts(reader, parsed.all, until === undefined ? {} : { until });
  const misspelled = await Promise.all(parsed.all.map((term, at) => counts[at] === 0 && isMisspelled(term)));
  if (!misspelled.includes(true)) return undefined;
  return { ...parsed, all: parsed.all.map((term, at) => (misspelled[at] ? { ...term, near: true } : term)) };
}

/**
 * Whether each word of the query occurs in some row in the reader's scope, as it was typed or as it may have been meant.
 * @throws errors of the store
 */
export async function allOccur(
  store: Pick<SearchStore, 'search' | 'counts'>,
  reader: Reader,
  parsed: ParsedQuery,
  options: { readonly until?: number } = {},
): Promise<boolean> {
  // Hits are checked against the documents; a count may be of rows that the reader may not see any more.
  const occurs = async (term: QueryTerm) => {
    const alone = { all: [term], none: [] };
    return (await store.search(reader, { parsed: alone, filter: {}, limit: 1, ...options })).length > 0;
  };
  const occur = async (terms: readonly QueryTerm[]) => !(await Promise.all(terms.map(occurs))).includes(false);
  if (await occur(parsed.all)) return true;
  const respelled = await respell(store, reader, parsed, options);
  return respelled !== undefined && occur(respelled.all);
}

async function isMisspelled({ words: [word, ...others], quoted }: QueryTerm): Promise<boolean> {
  return others.length === 0 && !quoted && canBeMisspelled(word!) && !(await isEnglishWord(word!));
}

/** The replacements of misspelled words, according to the hits; most frequent first. */
export function respelledIn(hits: readonly SearchHit[], { all }: Pick<ParsedQuery, 'all'>): Respelled[] {
  const marked = hits.flatMap(({ excerpt: { text, highlights } }) =>
    highlights.map(({ start, end }) => fold(normalText(text.slice(start, end)))),
  );
  return all
    .filter(({ near }) => near)
    .flatMap(({ text, words: [word], prefix }) => {
      const taken = Map.groupBy(marked.filter(isNear(word!, prefix)), (other) => other);
      return [...taken]
        .sort((a, b) => b[1].length - a[1].length)
        .slice(0, MOST_TAKEN)
        .map(([to]) => ({ from: text, to }));
    });
}
