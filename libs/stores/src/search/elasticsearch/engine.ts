import type { Client, estypes } from '@elastic/elasticsearch';
import type { Reader } from '@opensync/contracts';
import type { FoundSession, Scope, SearchEngine } from '../engine.ts';
import { problemError } from './errors.ts';
import { timeLeft } from '../overdue.ts';
import { matches, searchBody, visibleTo, type RowScope } from './query.ts';
import { searchRouting, type Spread } from './routing.ts';
import { sessionsWith } from './sessions.ts';
import type { QueryTerm } from '../query.ts';

/** What one answer may hold, unless the server is told otherwise (index.max_result_window). */
const MOST_HITS = 10_000;

export interface EngineOptions {
  readonly stemming: boolean;
  readonly spread: Spread;
  /** Milliseconds for each request. */
  readonly requestTimeout: number;
}

/** Sessions are named by their ids, rows by the documents' `_id`. */
export function elasticsearchEngine(
  client: Client,
  index: string,
  reader: Reader,
  scope: Scope,
  { stemming, spread, requestTimeout: most }: EngineOptions,
): SearchEngine<string, string> {
  const routing = searchRouting(spread, reader);
  const shard = { index, ...routing, allow_partial_search_results: false };
  // The client closes the connection when it gives up, and the server then cancels the search.
  const inTime = () => ({ requestTimeout: timeLeft(scope.until, most) });
  const within = (sessions?: ReadonlySet<string>): RowScope => ({
    reader,
    ...scope,
    ...(sessions && { within: [...sessions] }),
  });
  const rows = async (body: estypes.SearchRequest) => foundIn(await client.search({ ...shard, ...body }, inTime()));
  const having = (terms: readonly QueryTerm[], sessions?: ReadonlySet<string>) =>
    sessionsWith(client, index, within(sessions), terms, { inTime, spread });

  return {
    async withAllInOneRow(all, none, limit) {
      const excluded = none.length === 0 ? [] : await having(none);
      return rows(searchBody({ ...within(), excluded }, { match: 'all', terms: all, limit }, { stemming }));
    },

    async counts(terms) {
      if (terms.length === 0) return [];
      const filters = Object.fromEntries(terms.map((term, at) => [`${at}`, matches(term)]));
      const { aggregations } = await client.search<unknown, { terms: estypes.AggregationsFiltersAggregate }>(
        {
          ...shard,
          size: 0,
          track_total_hits: false,
          query: { bool: { filter: visibleTo(reader) } },
          aggs: { terms: { filters: { filters } } },
        },
        inTime(),
      );
      const buckets = aggregations!.terms.buckets as Record<string, estypes.AggregationsFiltersBucket>;
      return terms.map((_, at) => buckets[`${at}`]!.doc_count);
    },

    having: async (terms, sessions) => Promise.all(terms.map(async (term) => new Set(await having([term], sessions)))),

    async scores(terms, sessions) {
      if (terms.length === 0 || sessions?.size === 0) return terms.map(() => new Map());
      const limit = Math.min(MOST_HITS, sessions?.size ?? MOST_HITS);
      const { responses } = await client.msearch(
        {
          index,
          searches: terms.flatMap((term) => [
            { ...routing, allow_partial_search_results: false },
            searchBody(within(sessions), { match: 'all', terms: [term], limit }, { stemming }),
          ]) as estypes.MsearchRequestItem[],
        },
        inTime(),
      );
      return responses.map((response) => {
        // One of them may fail although the request does not.
        if ('error' in response) throw problemError(response.error);
        return new Map(foundIn(response).map(({ session, score }) => [session, score]));
      });
    },

    async bestRows(terms, sessions) {
      if (sessions.size === 0) return [];
      const limit = Math.min(MOST_HITS, sessions.size);
      return rows(searchBody(within(sessions), { match: 'any', terms, limit }, { stemming }));
    },
  };
}

function foundIn({ hits }: Pick<estypes.SearchResponse, 'hits'>): FoundSession<string, string>[] {
  return hits.hits.map(({ _id, _score, fields }) => ({
    session: (fields!.sessionId as string[])[0]!,
    row: _id!,
    score: _score!,
  }));
}
