import type { Client, estypes } from '@elastic/elasticsearch';
import type { Reader } from '@opensync/contracts';
import type { FoundSession, Scope, SearchEngine } from '../engine.ts';
import { problemError } from './errors.ts';
import { timeLeft } from '../../overdue.ts';
import { havingEach } from '../matching.ts';
import { facetsOf } from './facets.ts';
import { matches, searchBody, visibleTo, type RowScope } from './query.ts';
import { searchRouting, type Spread } from './routing.ts';
import { sessionsWith } from './sessions.ts';
import type { FacetCount } from '../port.ts';
import type { QueryTerm } from '../query.ts';

/** What one answer may hold, unless the server is told otherwise (index.max_result_window). */
const MOST_HITS = 10_000;

export interface EngineOptions {
  readonly stemming: boolean;
  readonly spread: Spread;
  /** Milliseconds for each request. */
  readonly requestTimeout: number;
}

/** Sessions are named by their ids, rows and the hits of a search by message by the documents' `_id`. */
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
  // Sessions with negated words are looked up once for all requests of a search by message.
  let negated: Promise<string[]> | undefined;
  const excluded = async () => {
    const { without = [] } = scope;
    const whole: RowScope = { reader, filter: {}, sessionIds: scope.sessionIds };
    negated ??=
      without.length === 0 ? Promise.resolve([]) : sessionsWith(client, index, whole, without, { inTime, spread });
    return negated;
  };
  const within = async (found?: ReadonlySet<string>): Promise<RowScope> => ({
    reader,
    ...scope,
    excluded: await excluded(),
    ...(found && { within: [...found] }),
  });
  const rows = async (body: estypes.SearchRequest) =>
    foundIn(await client.search({ ...shard, ...body }, inTime()), scope);
  const having = async (terms: readonly QueryTerm[], found?: ReadonlySet<string>) => {
    if (scope.level !== 'message') return sessionsWith(client, index, await within(found), terms, { inTime, spread });
    const limit = Math.min(MOST_HITS, found?.size ?? MOST_HITS);
    const messages = await rows(searchBody(await within(found), { match: 'any', terms, limit }, { stemming }));
    return messages.map(({ row }) => row);
  };

  const engine: SearchEngine<string, string> = {
    async withAllInOneRow(all, none, limit) {
      const scoped = await within();
      const sessions = none.length === 0 ? (scoped.excluded ?? []) : await having(none);
      return rows(searchBody({ ...scoped, excluded: sessions }, { match: 'all', terms: all, limit }, { stemming }));
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

    havingAll: (terms) => havingEach(engine, terms),

    having: async (terms, sessions) => Promise.all(terms.map(async (term) => new Set(await having([term], sessions)))),

    async scores(terms, sessions) {
      if (terms.length === 0 || sessions?.size === 0) return terms.map(() => new Map());
      const limit = Math.min(MOST_HITS, sessions?.size ?? MOST_HITS);
      const scoped = await within(sessions);
      const { responses } = await client.msearch(
        {
          index,
          searches: terms.flatMap((term) => [
            { ...routing, allow_partial_search_results: false },
            searchBody(scoped, { match: 'all', terms: [term], limit }, { stemming }),
          ]) as estypes.MsearchRequestItem[],
        },
        inTime(),
      );
      return responses.map((response) => {
        // One of them may fail although the request does not.
        if ('error' in response) throw problemError(response.error);
        return new Map(foundIn(response, scope).map(({ session, score }) => [session, score]));
      });
    },

    async facets(names, of, options) {
      if ('within' in of && of.within.size === 0)
        return new Map(names.map((name) => [name, nothing(options.selected.get(name))]));
      const scoped = await within('within' in of ? of.within : undefined);
      return facetsOf({ client, index, spread, inTime }, scoped, 'all' in of ? of.all : [], names, options);
    },

    async bestRows(terms, sessions) {
      if (sessions.size === 0) return [];
      const limit = Math.min(MOST_HITS, sessions.size);
      return rows(searchBody(await within(sessions), { match: 'any', terms, limit }, { stemming }));
    },
  };
  return engine;
}

/** A selected value that nothing has is still shown. */
function nothing(choice: { readonly value: string } | undefined): readonly FacetCount[] {
  return choice ? [{ value: choice.value, count: 0 }] : [];
}

function foundIn(
  { hits }: Pick<estypes.SearchResponse, 'hits'>,
  { level }: Pick<Scope, 'level'>,
): FoundSession<string, string>[] {
  return hits.hits.map(({ _id, _score, fields }) => ({
    session: level === 'message' ? _id! : (fields!.sessionId as string[])[0]!,
    row: _id!,
    score: _score!,
  }));
}
