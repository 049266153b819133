import type { Client, estypes } from '@elastic/elasticsearch';
import { ownerKey, type Reader } from '@opensync/contracts';
import { FACETS, type FacetField, type FacetName } from '../../filters.ts';
import type { FacetOptions } from '../engine.ts';
import type { QueryTerm } from '../query.ts';
import { mostFrequent, shownValue } from '../facets.ts';
import type { FacetCount } from '../port.ts';
import { clauseOf, foundClauses, matches, ofSessions, ownedBy, SESSIONS_PER_CLAUSE, type RowScope } from './query.ts';
import { searchRouting, type Spread } from './routing.ts';

/** Up to this many sessions with one value are counted exactly, beyond within a few percent; the most that the server has. */
const EXACT_SESSIONS = 40_000;

interface Place {
  readonly client: Client;
  readonly index: string;
  readonly spread: Spread;
  readonly inTime: () => { requestTimeout: number };
}

type Aggregations = Record<string, estypes.AggregationsFilterAggregate & Record<string, unknown>>;

/** The values of facets among the rows of what was found; of a search for sessions, each session counts once. */
export async function facetsOf(
  { client, index, spread, inTime }: Place,
  scope: RowScope,
  all: readonly QueryTerm[],
  names: readonly FacetName[],
  { limit, selected, hidden }: FacetOptions,
): Promise<Map<FacetName, readonly FacetCount[]>> {
  const { reader, level } = scope;
  const byMessage = level === 'message';
  const { filter: rows, must_not } = foundClauses(scope, all);
  const filter = [...rows, ...all.map((term) => matches(term))];
  const search = async (query: estypes.QueryDslQueryContainer, aggs: Record<string, unknown>) => {
    const { aggregations } = await client.search<unknown, Aggregations>(
      {
        index,
        ...searchRouting(spread, reader),
        allow_partial_search_results: false,
        size: 0,
        track_total_hits: false,
        query,
        aggs: aggs as Record<string, estypes.AggregationsAggregationContainer>,
      },
      inTime(),
    );
    return aggregations!;
  };
  const gone = await hidden(reader.sessions === 'visible' ? await othersIn(search, reader, filter, must_not) : []);
  const sessions = { cardinality: { field: 'sessionId', precision_threshold: EXACT_SESSIONS } };
  const perSession = byMessage ? {} : { aggs: { sessions } };
  const order = [byMessage ? { _count: 'desc' } : { sessions: 'desc' }, { _key: 'asc' }];
  const aggregations = await search(
    { bool: { filter, must_not: [...must_not, ...ofSessions([...gone])] } },
    Object.fromEntries(
      names.flatMap((name) => {
        const { field, label } = FACETS[name];
        // One more than shown: the empty value is not shown.
        const terms = { field: FIELDS[field], size: limit + 1, order, ...(label && { include: `${label}:.*` }) };
        const choice = selected.get(name);
        return [
          [`all ${name}`, { terms, ...perSession }],
          ...(choice ? [[`one ${name}`, { filter: clauseOf(choice.condition, reader), ...perSession }]] : []),
        ];
      }),
    ),
  );
  return new Map(
    names.map((name) => {
      const { buckets } = aggregations[`all ${name}`] as unknown as { readonly buckets: readonly Bucket[] };
      const values = buckets.flatMap((bucket) => {
        const value = shownValue(name, nameOf(name, bucket.key, reader));
        return value === undefined ? [] : { value, count: countOf(bucket) };
      });
      const choice = selected.get(name);
      const one = aggregations[`one ${name}`] as unknown as Bucket | undefined;
      return [name, mostFrequent(values, limit, choice && one && { value: choice.value, count: countOf(one) })];
    }),
  );
}

interface Bucket {
  readonly key: string;
  readonly doc_count: number;
  readonly sessions?: { readonly value: number };
}

const countOf = ({ doc_count, sessions }: Bucket) => sessions?.value ?? doc_count;

const FIELDS: { readonly [Field in FacetField['field']]: string } = {
  source: 'source',
  model: 'model',
  projectName: 'projectName',
  userId: 'owner',
  labels: 'labels',
  ownLabels: 'ownLabels',
};

function nameOf(name: FacetName, key: string, { workspaceId }: Reader): string {
  return name === 'user' ? key.slice(ownerKey({ workspaceId, userId: '' }).length) : key;
}

/** The sessions of other members that have found rows. */
async function othersIn(
  search: (query: estypes.QueryDslQueryContainer, aggs: Record<string, unknown>) => Promise<Aggregations>,
  reader: Reader,
  filter: estypes.QueryDslQueryContainer[],
  must_not: estypes.QueryDslQueryContainer[],
): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const aggregations = await search(
      { bool: { filter, must_not: [...must_not, ownedBy(reader), ...ofSessions(found)] } },
      { sessions: { terms: { field: 'sessionId', size: SESSIONS_PER_CLAUSE } } },
    );
    const { buckets } = aggregations.sessions as unknown as { readonly buckets: readonly Bucket[] };
    found.push(...buckets.map(({ key }) => key));
    if (buckets.length < SESSIONS_PER_CLAUSE) return found;
  }
}
