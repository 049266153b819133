import type { Owner } from '@opensync/contracts';
import pMap from 'p-map';
import { canBeMisspelled } from './near.ts';
import type { SearchStore } from './port.ts';
import type { ParsedQuery, QueryTerm } from './query.ts';

/** A query of more words is a pasted text. */
const MOST_TERMS = 8;
const AT_ONCE = 4;

export interface Respelled {
  readonly parsed: ParsedQuery;
  /** The words, as they were typed but folded, that stand for those that differ in one letter. */
  readonly words: readonly string[];
}

/**
 * A query that found nothing, with the words of which the owner has none at all taken for those that differ in one letter.
 * Phrases, numbers, identifiers with digits and what is negated are meant as they stand. Undefined where there is no such word:
 * then each word is somewhere, only not all of them together; or they are too many.
 * @throws what the store throws
 */
export async function respell(
  search: Pick<SearchStore, 'search'>,
  owner: Owner,
  parsed: ParsedQuery,
): Promise<Respelled | undefined> {
  if (parsed.all.length > MOST_TERMS) return undefined;
  const isUnknown = async (term: QueryTerm): Promise<boolean> => {
    const [word] = term.words;
    if (term.words.length !== 1 || term.quoted || !canBeMisspelled(word!)) return false;
    const alone = { all: [term], none: [], isEmpty: false };
    return (await search.search(owner, { parsed: alone, filter: {}, limit: 1, unranked: true })).length === 0;
  };
  const unknown = await pMap(parsed.all, isUnknown, { concurrency: AT_ONCE });
  if (!unknown.includes(true)) return undefined;
  return {
    parsed: { ...parsed, all: parsed.all.map((term, at) => (unknown[at] ? { ...term, near: true } : term)) },
    words: parsed.all.flatMap(({ words }, at) => (unknown[at] ? words : [])),
  };
}
