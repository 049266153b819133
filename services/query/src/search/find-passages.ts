import type { MessageHead, Reader, SessionState } from '@opensync/contracts';
import type { Excerpt } from '@opensync/stores';
import type { QueryResources } from '../resources.ts';
import { fillHits } from './fill-hits.ts';
import type { PassagePlace } from './passages.ts';
import { rankHits } from './rank-hits.ts';
import type { SearchRequest } from './search-request.ts';
import { askSides, type FoundBySides, type Side, type SideResources } from './sides.ts';

/** A message that a search by words and meaning found, and what of it matched. */
export interface FoundPassage {
  readonly session: SessionState;
  readonly message: MessageHead;
  /** Of the fused ranks; higher is better. */
  readonly score: number;
  readonly matchedIn: readonly Side[];
  /** Around the words, if full text found them; otherwise the passage. */
  readonly excerpt: Excerpt;
  /** The chunk that matched by meaning, as it was embedded, and where it stands. */
  readonly passage?: { readonly text: string; readonly place?: PassagePlace };
}

export interface FoundPassages extends Pick<FoundBySides, 'degraded' | 'words' | 'parsed'> {
  /** Best first. */
  readonly passages: readonly FoundPassage[];
}

/**
 * The passages that match a query best by words and meaning, of all messages that the reader may see.
 * @throws AppError UNAVAILABLE as {@link askSides}
 */
export async function findPassages(
  resources: SideResources & Pick<QueryResources, 'payloads'>,
  reader: Reader,
  { query, filters, limit }: Pick<SearchRequest, 'query' | 'filters' | 'limit'>,
): Promise<FoundPassages> {
  const asked = { query, filters, type: 'hybrid', level: 'message', limit } as const;
  const { degraded, words, parsed, ...sides } = await askSides(resources, reader, asked);
  const ranked = rankHits(sides, asked).slice(0, limit);
  const hits = await fillHits(resources, ranked, { ...sides, parsed }, 'message');
  const passages = hits.flatMap(({ message, foundBy, session, score, excerpt, passage }) =>
    message ? [{ session, message, score, matchedIn: foundBy, excerpt, ...(passage && { passage }) }] : [],
  );
  return { passages, degraded, words, parsed };
}
