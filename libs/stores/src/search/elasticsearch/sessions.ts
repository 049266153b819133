import type { Client, estypes } from '@elastic/elasticsearch';
import { anyOf, matches, ofSessions, scopeClauses, SESSIONS_PER_CLAUSE, type RowScope } from './query.ts';
import { searchRouting, type Spread } from './routing.ts';
import type { QueryTerm } from '../query.ts';

/**
 * Every session that has a row with any of the terms. A search matches rows, and a session has many: its words are
 * combined from such lists. A shard with more than a page is asked again without the sessions it returned, so nothing
 * is estimated.
 */
export async function sessionsWith(
  client: Client,
  index: string,
  scope: RowScope,
  terms: readonly QueryTerm[],
  {
    inTime,
    spread,
    pageSize = SESSIONS_PER_CLAUSE,
  }: { inTime: () => { requestTimeout: number }; spread: Spread; pageSize?: number },
): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const { aggregations } = await client.search<unknown, { sessions: estypes.AggregationsStringTermsAggregate }>(
      {
        index,
        ...searchRouting(spread, scope.reader),
        allow_partial_search_results: false,
        size: 0,
        track_total_hits: false,
        query: {
          bool: {
            filter: [...scopeClauses(scope), anyOf(terms.map((term) => matches(term)))],
            must_not: ofSessions(found),
          },
        },
        aggs: { sessions: { terms: { field: 'sessionId', size: pageSize } } },
      },
      inTime(),
    );
    const page = aggregations!.sessions.buckets as readonly estypes.AggregationsStringTermsBucket[];
    found.push(...page.map(({ key }) => String(key)));
    if (page.length < pageSize) return found;
  }
}
