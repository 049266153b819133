import { ownerKey, sessionView, type Reader } from '@opensync/contracts';
import { AppError, isRetryable } from '@opensync/platform';
import {
  fullText,
  monotonicMs,
  parseQuery,
  sessionsWithAny,
  type FullTextAnswer,
  type ParsedQuery,
  type Respelled,
} from '@opensync/stores';
import type { QueryResources } from '../resources.ts';
import { sessionJson, type SessionJson } from '../sessions/session-json.ts';
import { fuseRanks } from './fusion.ts';
import { excerptSnippet, titleSnippet } from './semantic-snippet.ts';
import type { SearchRequest } from './search-request.ts';
import { VisibleHits } from './visible-hits.ts';

const SIDES = ['fulltext', 'semantic'] as const;
export type Side = (typeof SIDES)[number];
const INDEX = { fulltext: 'search', semantic: 'vectors' } as const satisfies Record<Side, string>;

/** A session that a side found, and where. Full text already has title and snippet. */
interface Found {
  readonly sessionId: string;
  readonly messageId?: string;
  readonly score: number;
  readonly snippet?: string;
  readonly missing?: readonly string[];
}

export interface SearchResult extends SessionJson {
  readonly sessionId: string;
  /** The message that matched best; null if the session's title or project did. */
  readonly messageId: string | null;
  /** HTML: hits in `<mark>`, the rest escaped. */
  readonly snippet: string;
  /**
   * Higher is better. Comparable only within one answer: a cosine, or ranks. Never an engine's full-text score,
   * because it may depend on rows that the reader may not see.
   */
  readonly score: number;
  readonly matchedIn: readonly Side[];
  /** The words of the query that the session lacks, if full text has found it by some of the words. */
  readonly missing?: readonly string[];
}

export interface SearchAnswer {
  readonly results: readonly SearchResult[];
  /** Sides that could not answer, or whose index is known to be missing documents. */
  readonly degraded?: readonly Side[];
  /** No session has all words: full text has found those that have most of them. */
  readonly partial?: true;
  /** With `partial`: the words that the best of them does not have. */
  readonly missing?: readonly string[];
  /** The exclusions: words and phrases after a dash. */
  readonly excluded?: readonly string[];
  /** Words that no session contains, and their replacements. */
  readonly respelled?: readonly Respelled[];
}

type SearchResources = Pick<
  QueryResources,
  'documents' | 'search' | 'vectors' | 'searchTurns' | 'embeddings' | 'partial' | 'logger'
>;

/** How long the stores may work on one search by words, from its turn on. */
const WORDS_MS = 2_000;

/** Without an embedder the request fails at once; this is for one that is loading its model or is overloaded. */
const EMBED_TIMEOUT_MS = 3_000;
/** In UTF-16: the beginning of a pasted text states its topic, and a model reads no more at once. */
const LONGEST_MEANING = 2_000;

/**
 * The sessions that match best. What the query negates is in none of them, also not in those found by meaning, unless full
 * text is away. A side that fails is left out and named in `degraded`; where that leaves none, the
 * other side answers though it was not asked for: something close beats an error.
 * @throws AppError UNAVAILABLE if neither side answers, the documents do not, or too many searches are under way
 */
export async function searchSessions(
  resources: SearchResources,
  reader: Reader,
  request: SearchRequest,
): Promise<SearchAnswer> {
  const parsed = parseQuery(request.query);
  const { searchTurns } = resources;
  const isNoTurn = (error: unknown) => Object.values(searchTurns).some((turns) => turns.isRefusal(error));
  const found = new Map<Side, readonly Found[]>();
  const degraded = new Set<Side>();
  const visible = new VisibleHits(resources.documents, reader);
  let words: Omit<FullTextAnswer, 'hits'> = {};
  const fail = (side: Side, error: unknown) => {
    resources.logger[isRetryable(error) ? 'warn' : 'error']({ err: error, side }, 'part of a search failed');
    degraded.add(side);
  };
  const ask = async (side: Side) => {
    try {
      if (resources.partial().includes(INDEX[side])) degraded.add(side);
      found.set(side, side === 'fulltext' ? await askWords() : await withoutNegated(await askVectors(...asked)));
    } catch (error) {
      if (visible.isFailure(error) || isNoTurn(error)) throw error;
      fail(side, error);
    }
  };
  const asked = [resources, visible, reader, request, parsed] as const;
  const askWords = () =>
    searchTurns.search.take(reader, async () => {
      const until = monotonicMs() + WORDS_MS;
      const query = { parsed, filter: request.filters, limit: depth(request, parsed), until };
      const { hits, ...about } = await fullText(visible.of(resources.search), reader, query);
      words = about;
      return hits;
    });
  const withoutNegated = async (hits: readonly Found[]) => {
    if (parsed.none.length === 0 || hits.length === 0) return hits;
    const ids = hits.map(({ sessionId }) => sessionId);
    try {
      const negated = await searchTurns.search.take(reader, () =>
        sessionsWithAny(resources.search, reader, parsed.none, ids, { until: monotonicMs() + WORDS_MS }),
      );
      return hits.filter(({ sessionId }) => !negated.has(sessionId));
    } catch (error) {
      if (isNoTurn(error)) throw error;
      fail('fulltext', error);
      return hits;
    }
  };
  const sides = SIDES.filter((side) => request.type === side || request.type === 'hybrid');
  await Promise.all(sides.map(ask));
  if (found.size === 0) await Promise.all(SIDES.filter((side) => !sides.includes(side)).map(ask));
  if (found.size === 0) throw new AppError('UNAVAILABLE', 'Search is unavailable at the moment');
  const results = await compose(resources, visible, rank(found, request), found, parsed);
  return {
    results,
    ...(degraded.size > 0 && { degraded: [...degraded].sort() }),
    ...words,
    ...(parsed.none.length > 0 && { excluded: parsed.none.map(({ text }) => text) }),
  };
}

async function askVectors(
  { vectors, searchTurns, embeddings }: SearchResources,
  visible: VisibleHits,
  reader: Reader,
  request: SearchRequest,
  parsed: ParsedQuery,
): Promise<readonly Found[]> {
  // Exclusions alone have no meaning to search for: their words would find just what they exclude.
  if (parsed.isEmpty && parsed.none.length > 0) return [];
  const meaning = parsed.meaning.slice(0, LONGEST_MEANING).toWellFormed();
  const [vector] = await embeddings.embed([meaning], { timeoutMs: EMBED_TIMEOUT_MS });
  return searchTurns.vectors.take(reader, () =>
    visible.best(depth(request, parsed), (limit) =>
      vectors.search(reader, { vector: vector!, filter: request.filters, limit }),
    ),
  );
}

/**
 * A fused list needs more results of each side than it shows: those that both found on lower ranks move up. So does a
 * list from which sessions are excluded.
 */
function depth({ type, limit }: SearchRequest, { none }: ParsedQuery): number {
  return type === 'hybrid' || none.length > 0 ? Math.max(50, limit * 2) : limit;
}

interface Ranked {
  readonly id: string;
  readonly score: number;
  readonly foundBy: readonly Side[];
}

/** A cosine shows how near a meaning is; for full text, whose scores are internal, only ranks are returned. */
function rank(found: ReadonlyMap<Side, readonly Found[]>, { type, limit }: SearchRequest): readonly Ranked[] {
  const semantic = found.get('semantic') ?? [];
  if (type !== 'hybrid' && !found.has('fulltext')) {
    return semantic.slice(0, limit).map(({ sessionId, score }) => ({ id: sessionId, score, foundBy: ['semantic'] }));
  }
  const rankings = SIDES.flatMap((side): [Side, string[]][] => {
    const ids = found.get(side)?.map(({ sessionId }) => sessionId);
    return ids ? [[side, ids]] : [];
  });
  return fuseRanks(new Map(rankings)).slice(0, limit);
}

/** Fills results in from the documents. */
async function compose(
  { documents }: SearchResources,
  visible: VisibleHits,
  ranked: readonly Ranked[],
  found: ReadonlyMap<Side, readonly Found[]>,
  parsed: ParsedQuery,
): Promise<SearchResult[]> {
  const hitsBySide = SIDES.map((side) => new Map(found.get(side)?.map((hit) => [hit.sessionId, hit])));
  // Full text first: it knows where the words are.
  const hitOf = (id: string) => hitsBySide.map((hits) => hits.get(id)).find((hit) => hit !== undefined)!;
  const withoutSnippet = ranked
    .filter(({ id }) => hitOf(id).snippet === undefined && hitOf(id).messageId !== undefined)
    .map(({ id }) => visible.state(id));
  const byOwner = [...Map.groupBy(withoutSnippet, ({ owner }) => ownerKey(owner)).values()];
  const read = await Promise.all(
    byOwner.map((of) =>
      documents.excerpts(
        of[0]!.owner,
        of.map(({ id }) => hitOf(id).messageId!),
      ),
    ),
  );
  const excerpts = new Map(read.flatMap((of) => [...of]));
  return ranked.map(({ id, score, foundBy }) => {
    const session = sessionView(visible.state(id));
    const hit = hitOf(id);
    const excerpt = hit.messageId === undefined ? undefined : excerpts.get(hit.messageId);
    const snippet = hit.snippet ?? excerptSnippet(excerpt, parsed) ?? titleSnippet(session, parsed);
    return {
      ...sessionJson(session),
      sessionId: id,
      messageId: hit.messageId ?? null,
      snippet,
      score,
      matchedIn: foundBy,
      ...(hit.missing && hit.missing.length > 0 && { missing: hit.missing }),
    };
  });
}
