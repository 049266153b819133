import type { Reader } from '@opensync/contracts';
import { AppError, isRetryable } from '@opensync/platform';
import {
  allOccur,
  awaitedUntil,
  monotonicMs,
  parseQuery,
  searchedFullText,
  sessionsWithAny,
  type Excerpt,
  type FacetCounts,
  type FacetName,
  type FacetQuery,
  type FullTextAnswer,
  type ParsedQuery,
  type SearchLevel,
  type SessionFilter,
} from '@opensync/stores';
import type { QueryResources } from '../resources.ts';
import { CloseMatches } from './close-matches.ts';
import type { SearchRequest } from './search-request.ts';
import { VisibleHits } from './visible-hits.ts';

export const SIDES = ['fulltext', 'semantic'] as const;
export type Side = (typeof SIDES)[number];
const INDEX = { fulltext: 'search', semantic: 'vectors' } as const satisfies Record<Side, string>;

/** A session or message that a side found, and where. */
export interface Found {
  readonly sessionId: string;
  readonly messageId?: string;
  readonly score: number;
  /** Full text knows where the words are. */
  readonly excerpt?: Excerpt;
  readonly missing?: readonly string[];
  /** Of the text of the chunk that is nearest in meaning. */
  readonly hash?: string;
}

/** What the sides of a search found, best first. */
export interface FoundBySides {
  /** A side that failed is absent. */
  readonly found: ReadonlyMap<Side, readonly Found[]>;
  /** Sides that could not answer, or whose index is known to be missing documents. */
  readonly degraded: ReadonlySet<Side>;
  readonly words: Omit<FullTextAnswer, 'hits'>;
  /** If the query asks for facets, and full text could count them in time. */
  readonly facets?: FacetCounts;
  /** Nothing is close to the query in meaning: what is nearest is left out. */
  readonly noCloseMatch?: true;
  readonly parsed: ParsedQuery;
  readonly visible: VisibleHits;
}

export type SideResources = Pick<
  QueryResources,
  'documents' | 'search' | 'vectors' | 'searchTurns' | 'embeddings' | 'closeness' | 'partial' | 'logger'
>;

export interface SideQuery extends Pick<SearchRequest, 'query' | 'type' | 'level' | 'limit'> {
  readonly filters: SessionFilter;
  /** Counted among all that matches by words; default none. */
  readonly facets?: readonly FacetName[] | undefined;
  /** Hits that earlier pages have shown; default none. */
  readonly shown?: number;
}

/**
 * How long the stores of a side may work on one search, from its turn on, and before that the embedder. Without an
 * embedder the request fails at once; this is for one that is loading its model or is overloaded.
 */
const SIDE_MS = 2_000;
/** Values of a facet in an answer. */
const MOST_VALUES = 20;
/** A store ends its work by itself when the time is up. One that hangs is not awaited much longer. */
const GRACE_MS = 250;
/** In UTF-16: the beginning of a pasted text states its topic, and a model reads no more at once. */
const LONGEST_MEANING = 2_000;

/**
 * A fused list needs more results of each side than it shows: those that both found on lower ranks move up. So does a
 * list from which sessions are excluded.
 */
function depthOf({ type, limit, shown = 0 }: SideQuery, { none }: ParsedQuery): number {
  return shown + (type === 'hybrid' || none.length > 0 ? Math.max(50, limit * 2) : limit);
}

/** What a hit is known by. */
export function keyOf({ sessionId, messageId }: Pick<Found, 'sessionId' | 'messageId'>, level: SearchLevel): string {
  return level === 'message' ? messageId! : sessionId;
}

/**
 * Asks the sides of a search. What the query negates is in none of the sessions, also not in those found by meaning,
 * unless full text is unavailable. A side that fails is left out and named in `degraded`; if none is left, the other
 * side answers although it was not requested: something close beats an error.
 * @throws AppError UNAVAILABLE if neither side answers, the documents do not, or too many searches are under way
 */
export async function askSides(
  resources: SideResources,
  reader: Reader,
  query: SideQuery,
  sideMs = SIDE_MS,
): Promise<FoundBySides> {
  const parsed = parseQuery(query.query);
  const { level, filters: filter, type } = query;
  const depth = depthOf(query, parsed);
  const { searchTurns } = resources;
  const isNoTurn = (error: unknown) => Object.values(searchTurns).some((turns) => turns.isRefusal(error));
  const found = new Map<Side, readonly Found[]>();
  const degraded = new Set<Side>();
  const visible = new VisibleHits(resources.documents, reader);
  const closeMatches = new CloseMatches(resources.closeness(), parsed);
  let words: FoundBySides['words'] = {};
  let facets: FacetCounts | undefined;
  const fail = (side: Side, error: unknown) => {
    resources.logger[isRetryable(error) ? 'warn' : 'error']({ err: error, side }, 'part of a search failed');
    degraded.add(side);
  };
  const ask = async (side: Side) => {
    try {
      if (resources.partial().includes(INDEX[side])) degraded.add(side);
      found.set(side, side === 'fulltext' ? await askWords() : await withoutNegated(await askVectors()));
    } catch (error) {
      if (visible.isFailure(error) || isNoTurn(error)) throw error;
      fail(side, error);
    }
  };
  /** A side's turn at its store. */
  const inTurn = <Result>(side: Side, work: (until: number) => Promise<Result>) =>
    searchTurns[INDEX[side]].take(reader, () => {
      const until = monotonicMs() + sideMs;
      return awaitedUntil(until + GRACE_MS, () => work(until), INDEX[side]);
    });
  const askWords = async () => {
    const asked = { parsed, filter, limit: depth, level };
    const { hits, ...about } = await inTurn('fulltext', async (until) => {
      const { answer, searched } = await searchedFullText(visible.of(resources.search), reader, { ...asked, until });
      await countFacets({ ...searched, filter, level, until });
      return answer;
    });
    words = about;
    return hits;
  };
  /** In the same time: without counts, the hits still answer. */
  const countFacets = async (searched: Omit<FacetQuery, 'names' | 'limit'>) => {
    const { facets: names = [] } = query;
    if (names.length === 0) return;
    const asked = { ...searched, names, limit: MOST_VALUES };
    try {
      facets = await awaitedUntil(searched.until, () =>
        resources.search.facets(reader, asked, (ids) => visible.hidden(ids)),
      );
    } catch (error) {
      if (visible.isFailure(error)) throw error;
      resources.logger[isRetryable(error) ? 'warn' : 'error']({ err: error }, 'counting the facets of a search failed');
    }
  };
  const askVectors = async () => {
    // Exclusions alone have no meaning to search for: their words would find just what they exclude.
    if (parsed.isEmpty && parsed.none.length > 0) return [];
    if (!closeMatches.isReadable) return [];
    const meaning = parsed.meaning.slice(0, LONGEST_MEANING).toWellFormed();
    const [[vector], occur] = await Promise.all([
      awaitedUntil(
        monotonicMs() + sideMs + GRACE_MS,
        () => resources.embeddings.embed([meaning], { role: 'query', timeoutMs: sideMs }),
        'vectors',
      ),
      wordsOccur(),
    ]);
    const asked = closeMatches.distinctive(vector!);
    const nearest = await inTurn('semantic', (until) =>
      visible.best(depth, (limit) => resources.vectors.search(reader, { vector: asked, filter, limit, level, until })),
    );
    // Only among what the reader may see: the answer must not reveal whether anything else is close.
    return closeMatches.of(nearest, { occur });
  };
  /** If full text does not answer, the words count as known. */
  const wordsOccur = async () => {
    if (!closeMatches.mayBeUnknown) return true;
    try {
      return await inTurn('fulltext', (until) => allOccur(visible.of(resources.search), reader, parsed, { until }));
    } catch (error) {
      if (visible.isFailure(error) || isNoTurn(error)) throw error;
      return true;
    }
  };
  const withoutNegated = async (hits: readonly Found[]) => {
    if (parsed.none.length === 0 || hits.length === 0) return hits;
    const ids = [...new Set(hits.map(({ sessionId }) => sessionId))];
    try {
      const negated = await inTurn('fulltext', (until) =>
        sessionsWithAny(resources.search, reader, parsed.none, ids, { until }),
      );
      return hits.filter(({ sessionId }) => !negated.has(sessionId));
    } catch (error) {
      if (isNoTurn(error)) throw error;
      fail('fulltext', error);
      return hits;
    }
  };
  const sides = SIDES.filter((side) => type === side || type === 'hybrid');
  await Promise.all(sides.map(ask));
  if (found.size === 0) await Promise.all(SIDES.filter((side) => !sides.includes(side)).map(ask));
  if (found.size === 0) throw new AppError('UNAVAILABLE', 'Search is unavailable at the moment');
  return {
    ...{ found, degraded, words, parsed, visible },
    ...(facets && { facets }),
    ...(found.has('semantic') && closeMatches.areNone && { noCloseMatch: true as const }),
  };
}
