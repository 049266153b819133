import type { Reader } from '@opensync/contracts';
import type { PartialHit, PartialQuery, SearchHit, SearchStore } from './port.ts';
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
  const { parsed } = query;
  if (parsed.all.length === 0) return { hits: [] };
  const found = await allOrSome(store, reader, query);
  const words = unitsOf(parsed).length;
  const lacking = (answer: FullTextAnswer) => answer.missing?.length ?? 0;
  const isGood = found.hits.length > 0 && lacking(found) <= words / 2;
  const respelled = isGood ? undefined : await respell(store, reader, parsed, query);
  if (!respelled) return found;
  const others = await allOrSome(store, reader, { ...query, parsed: respelled });
  if (others.hits.length === 0 || (found.hits.length > 0 && lacking(others) >= lacking(found))) return found;
  return { ...others, respelled: respelledIn(others.hits, respelled) };
}

async function allOrSome(
  store: Pick<SearchStore, 'search' | 'searchPartly'>,
  reader: Reader,
  query: PartialQuery,
): Promise<FullTextAnswer> {
  const hits = query.parsed.long ? [] : await store.search(reader, query);
  if (hits.length > 0) return { hits };
  const partial = await store.searchPartly(reader, query);
  const [best] = partial;
  return !best || best.missing.length === 0
    ? { hits: partial }
    : { hits: partial, partial: true, missing: best.missing };
}
