import { fuseSides } from './fusion.ts';
import type { SearchRequest } from './search-request.ts';
import { keyOf, SIDES, type Found, type FoundBySides, type Side } from './sides.ts';

/** A hit of the answer, with what the sides know of it. */
export interface RankedHit {
  readonly key: string;
  readonly score: number;
  readonly foundBy: readonly Side[];
  readonly bySide: Readonly<Partial<Record<Side, Found>>>;
}

/**
 * The hits of both sides, best first. A cosine shows how near a meaning is; for full text, whose scores are internal,
 * only ranks are returned.
 */
export function rankHits(
  { found, parsed }: Pick<FoundBySides, 'found' | 'parsed'>,
  { type, level }: Pick<SearchRequest, 'type' | 'level'>,
): readonly RankedHit[] {
  const semantic = found.get('semantic') ?? [];
  if (type !== 'hybrid' && !found.has('fulltext')) {
    return semantic.map((hit) => ({
      key: keyOf(hit, level),
      score: hit.score,
      foundBy: ['semantic'],
      bySide: { semantic: hit },
    }));
  }
  const hits = new Map(
    SIDES.flatMap((side): [Side, Map<string, Found>][] => {
      const ofSide = found.get(side);
      return ofSide ? [[side, new Map(ofSide.map((hit) => [keyOf(hit, level), hit]))]] : [];
    }),
  );
  const scored = new Map([...hits].map(([side, byKey]) => [side, [...byKey].map(([id, hit]) => ({ ...hit, id }))]));
  return fuseSides(scored, parsed).map(({ id, score, foundBy }) => ({
    key: id,
    score,
    foundBy,
    bySide: Object.fromEntries(foundBy.map((side) => [side, hits.get(side)!.get(id)!])),
  }));
}
