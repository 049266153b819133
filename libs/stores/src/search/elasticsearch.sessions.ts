import type { Client, estypes } from '@elastic/elasticsearch';
import { ownerKey } from '@opensync/contracts';
import { anyOf, matches, ofSessions, scopeClauses, SESSIONS_PER_CLAUSE, type RowScope } from './elasticsearch.query.ts';
import type { QueryTerm } from './query.ts';

/**
 * Every session that has a row with any of the terms. A search looks at rows, and a session lies in many: its words are
 * put together from such lists. An owner's rows are in one shard, so nothing is estimated.
 */
export async function sessionsWith(
  client: Client,
  index: string,
  scope: RowScope,
  terms: readonly QueryTerm[],
  { requestTimeout, pageSize = SESSIONS_PER_CLAUSE }: { requestTimeout: number; pageSize?: number },
): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const { aggregations } = await client.search<unknown, { sessions: estypes.AggregationsStringTermsAggregate }>(
      {
        index,
        routing: ownerKey(scope.owner),
        allow_partial_search_results: false,
        size: 0,
        track_total_hits: false,
        query: { bool: { filter: [...scopeClauses(scope), anyOf(terms.map(matches))], must_not: ofSessions(found) } },
        aggs: { sessions: { terms: { field: 'sessionId', size: pageSize } } },
      },
      { requestTimeout },
    );
    const page = aggregations!.sessions.buckets as readonly estypes.AggregationsStringTermsBucket[];
    found.push(...page.map(({ key }) => String(key)));
    if (page.length < pageSize) return found;
  }
}
