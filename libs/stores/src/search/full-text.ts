import type { Reader } from '@opensync/contracts';
import type { FacetQuery, PartialHit, PartialQuery, SearchHit, SearchStore } from './port.ts';
import { respell, respelledIn, type Respelled } from './respelling.ts';
import { unitsOf } from './units.ts';

export interface FullTextAnswer {
  readonly hits: readonly (SearchHit & Partial<Pick<PartialHit, 'missing'>>)[];
  /** The hits have only some of the words. */
  readonly partial?: true;
  /** Words that the best hit does not have. */
  readonly missing?: readonly string[];
  /** Words that no visible row contains, and what was looked for instead. */
  readonly respelled?: readonly Respelled[];
}

/** What was searched for in the end, and whether by some of the words: what facets count. */
export type Searched = Pick<FacetQuery, 'parsed' | 'partly'>;

/**
 * The answer for a person: sessions with all words; otherwise those with most of the words; and if not even half of
 * the words occur anywhere, those with words that differ in one letter.
 * @throws errors of the store
 */
export async function fullText(
  store: Pick<SearchStore, 'search' | 'searchPartly' | 'counts'>,
  reader: Reader,
  query: PartialQuery,
): Promise<FullTextAnswer> {
  return (await searchedFullText(store, reader, query)).answer;
}

/** As {@link fullText}, and how it was found. */
export async function searchedFullText(
  store: Pick<SearchStore, 'search' | 'searchPartly' | 'counts'>,
  reader: Reader,
  query: PartialQuery,
): Promise<{ answer: FullTextAnswer; searched: Searched }> {
  const { parsed } = query;
  if (parsed.all.length === 0) return { answer: { hits: [] }, searched: { parsed, partly: false } };
  const found = await allOrSome(store, reader, query);
  const words = unitsOf(parsed).length;
  const lacking = ({ answer }: typeof found) => answer.missing?.length ?? 0;
  const isGood = found.answer.hits.length > 0 && lacking(found) <= words / 2;
  const respelled = isGood ? undefined : await respell(store, reader, parsed, query);
  if (!respelled) return found;
  const others = await allOrSome(store, reader, { ...query, parsed: respelled });
  const { hits } = others.answer;
  if (hits.length === 0 || (found.answer.hits.length > 0 && lacking(others) >= lacking(found))) return found;
  return { ...others, answer: { ...others.answer, respelled: respelledIn(hits, respelled) } };
}

async function allOrSome(
  store: Pick<SearchStore, 'search' | 'searchPartly'>,
  reader: Reader,
  query: PartialQuery,
): Promise<{ answer: FullTextAnswer; searched: Searched }> {
  const { parsed } = query;
  const hits = parsed.long ? [] : await store.search(reader, query);
  if (hits.length > 0) return { answer: { hits }, searched: { parsed, partly: false } };
  const partial = await store.searchPartly(reader, query);
  const [best] = partial;
  const isPartial = best !== undefined && best.missing.length > 0;
  return {
    answer: { hits: partial, ...(isPartial && { partial: true as const, missing: best.missing }) },
    searched: { parsed, partly: true },
  };
}
