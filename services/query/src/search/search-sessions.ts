import { messageCreatedAt, sessionView, type Positions, type Reader } from '@opensync/contracts';
import {
  markedHtml,
  type FacetCount,
  type FacetName,
  type Respelled,
  type SessionFilter,
  type TextRange,
} from '@opensync/stores';
import type { QueryResources } from '../resources.ts';
import { sessionJson, type SessionJson } from '../sessions/session-json.ts';
import { DistinctHits, type Copies, type DistinctHit } from './collapse.ts';
import { fillHits } from './fill-hits.ts';
import type { PassagePlace } from './passages.ts';
import { rankHits, type RankedHit } from './rank-hits.ts';
import { MOST_RESULTS, ShownHits } from './search-cursor.ts';
import type { SearchRequest } from './search-request.ts';
import { askSides, type FoundBySides, type Side, type SideResources } from './sides.ts';

export interface SearchResult extends SessionJson {
  readonly sessionId: string;
  /** The message that matched best; null if the session's title or project did. */
  readonly messageId: string | null;
  /** The message's place in its session; null without a message, like the next two. */
  readonly position: string | null;
  readonly role: string | null;
  readonly messageCreatedAt: number | null;
  /** HTML: hits in `<mark>`, the rest escaped. */
  readonly snippet: string;
  readonly snippetText: string;
  readonly highlights: readonly TextRange[];
  /** Where the passage stands that matched by meaning, if that is what the snippet shows. */
  readonly passage?: PassagePlace;
  /**
   * Higher is better. Comparable only within one answer: a cosine, or ranks. Never an engine's full-text score,
   * because it may depend on rows that the reader may not see.
   */
  readonly score: number;
  readonly matchedIn: readonly Side[];
  /** The words of the query that the session lacks, if full text has found it by some of the words. */
  readonly missing?: readonly string[];
  /** Lower results that say nearly the same, which are not shown. */
  readonly copies?: Copies;
}

export interface SearchAnswer {
  readonly results: readonly SearchResult[];
  /** For the next page; null on the last one. */
  readonly cursor: string | null;
  /** Sides that could not answer, or whose index is known to be missing documents; facets that were not counted. */
  readonly degraded?: readonly (Side | 'facets')[];
  /** The most frequent values of each, among all that matches by words; those of the filter are always among them. */
  readonly facets?: Readonly<Partial<Record<FacetName, readonly FacetCount[]>>>;
  /** Nothing is close in meaning, so no result is one by meaning. */
  readonly noCloseMatch?: true;
  /** No session has all words: full text has found those that have most of them. */
  readonly partial?: true;
  /** With `partial`: the words that the best of them does not have. */
  readonly missing?: readonly string[];
  /** The exclusions: words and phrases after a dash. */
  readonly excluded?: readonly string[];
  /** Words that no session contains, and their replacements. */
  readonly respelled?: readonly Respelled[];
}

/** How often hits are read to fill a page, if those before were copies. */
const ROUNDS = 3;

type SearchResources = SideResources & Pick<QueryResources, 'payloads'>;

/**
 * One page of the sessions or messages that match best. Scores change whenever anything is written, so the next page
 * is not what follows a score, but the best that no page has shown.
 * @throws AppError UNAVAILABLE as {@link askSides}; INVALID_REQUEST as {@link ShownHits}
 */
export async function searchSessions(
  resources: SearchResources,
  reader: Reader,
  request: SearchRequest,
  positions: Positions,
): Promise<SearchAnswer> {
  const shown = new ShownHits(request);
  const limit = Math.min(request.limit, MOST_RESULTS - shown.count);
  // One more than requested shows whether there is a next page.
  const sides = await askSides(resources, reader, {
    ...request,
    filters: filtersAt(request),
    limit: limit + 1,
    shown: shown.count,
  });
  const ranked = rankHits(sides, request).filter(({ key }) => !shown.has(key));
  const { hits, passed } = await distinctHits(resources, ranked, sides, { level: request.level, limit });
  const { words, parsed, facets } = sides;
  const isCounted = facets !== undefined || !request.facets?.length;
  const degraded = [...sides.degraded, ...(isCounted ? [] : ['facets' as const])].sort();
  return {
    results: hits.map((hit) => resultOf(hit, positions)),
    cursor: passed < ranked.length ? shown.cursorAfter(ranked.slice(0, passed).map(({ key }) => key)) : null,
    ...(degraded.length > 0 && { degraded }),
    ...(facets && { facets: Object.fromEntries(facets) }),
    ...(sides.noCloseMatch && { noCloseMatch: true as const }),
    ...words,
    ...(parsed.none.length > 0 && { excluded: parsed.none.map(({ text }) => text) }),
  };
}

/**
 * The first `limit` hits that say something of their own, and how many hits were looked at for them. Copies are found
 * among the hits that are at hand: a copy of what an earlier page has shown is a result again.
 */
async function distinctHits(
  resources: SearchResources,
  ranked: readonly RankedHit[],
  sides: FoundBySides,
  { level, limit }: Pick<SearchRequest, 'level' | 'limit'>,
): Promise<{ readonly hits: readonly DistinctHit[]; readonly passed: number }> {
  const distinct = new DistinctHits();
  // If there are more hits than fit, one is left for the next page.
  const most = Math.max(limit, ranked.length - 1);
  let passed = 0;
  for (let round = 1; round <= ROUNDS && distinct.count < limit && passed < Math.min(most, ranked.length); round++) {
    const next = ranked.slice(passed, Math.min(most, passed + limit - distinct.count));
    for (const hit of await fillHits(resources, next, sides, level)) distinct.add(hit);
    passed += next.length;
  }
  return { hits: distinct.hits(), passed };
}

/** A message has errors of its own, a session those of its messages. */
function filtersAt({ level, filters: { hasErrors, ...filters } }: SearchRequest): SessionFilter {
  if (hasErrors === undefined) return filters;
  return { ...filters, ...(level === 'message' ? { failed: hasErrors } : { hasErrors }) };
}

function resultOf(
  { session: state, message, excerpt, passage, score, foundBy, missing, copies }: DistinctHit,
  positions: Positions,
): SearchResult {
  const session = sessionView(state);
  const place = message && { createdAt: messageCreatedAt(message), sequence: message.span.firstSequence };
  return {
    ...sessionJson(session),
    sessionId: session.id,
    messageId: message?.id ?? null,
    position: place ? positions.places(session.id).encode([place])[0]! : null,
    role: message ? (message.fields.role ?? 'unknown') : null,
    messageCreatedAt: place?.createdAt ?? null,
    snippet: markedHtml(excerpt),
    snippetText: excerpt.text,
    highlights: excerpt.highlights,
    ...(passage?.place && { passage: passage.place }),
    score,
    matchedIn: foundBy,
    ...(missing && { missing }),
    ...(copies && { copies }),
  };
}
