import { ownerKey, type Reader } from '@opensync/contracts';
import type { Schemas } from '@qdrant/js-client-rest';
import { z } from 'zod';
import { conditionsOf, type FilterCondition, type FilterField } from '../../filters.ts';
import { monotonicMs } from '../../monotonic.ts';
import { awaitedUntil, timeLeft } from '../../overdue.ts';
import { COLLECTIONS, VECTOR } from './collections.ts';
import { SEARCH_SECONDS } from './connection.ts';
import { answerOf } from './errors.ts';
import { direction, type PointSource } from './points.ts';
import type { VectorCollection, VectorHit, VectorQuery } from '../port.ts';

/** Where vectors are quantized, twice as many are found by that and then put in order by the whole ones. */
const PARAMS: Schemas['SearchParams'] = { quantization: { rescore: true, oversampling: 2 } };

/**
 * As {@link nearestSessions}, until the time of the search is up. The server and the client each have a limit for every
 * request, which ends the work moments after that.
 */
export function searchSessions(points: PointSource, reader: Reader, query: VectorQuery): Promise<VectorHit[]> {
  return awaitedUntil(query.until, () => nearestSessions(points, reader, query), 'vectors');
}

/**
 * The nearest sessions over both collections, or the nearest messages, nearest first. The reader's own sessions and the shared ones are
 * searched separately, since each has its own graph and a combined search would have to walk through all others.
 */
async function nearestSessions(points: PointSource, reader: Reader, query: VectorQuery): Promise<VectorHit[]> {
  const unit = direction(query.vector);
  if (query.limit <= 0 || !unit) return [];
  const filters = conditionsOf(query.filter).map((condition) => conditionIn(condition, reader));
  const byMessage = query.level === 'message';
  const searched = byMessage ? (['messages'] as const) : COLLECTIONS;
  const groupBy = byMessage ? 'document' : 'session';
  const hits = await Promise.all(
    scopesOf(reader).flatMap((scope) =>
      searched.map((kind) =>
        nearestOf(points, kind, { unit, must: [scope, ...filters], limit: query.limit, groupBy, until: query.until }),
      ),
    ),
  );
  const best = new Map<string, VectorHit>();
  for (const hit of hits.flat()) {
    // A shared message of the reader is in both scopes.
    const id = byMessage ? `${hit.sessionId} ${hit.messageId}` : hit.sessionId;
    const other = best.get(id);
    if (!other || other.score < hit.score) best.set(id, hit);
  }
  // Copied messages are equally near: without a second order, pages of one search would not fit together.
  const idOf = ({ sessionId, messageId = '' }: VectorHit) => `${sessionId} ${messageId}`;
  const byScore = (a: VectorHit, b: VectorHit) => b.score - a.score || (idOf(a) < idOf(b) ? -1 : 1);
  return [...best.values()].sort(byScore).slice(0, query.limit);
}

const groupSchema = z.object({
  hits: z.tuple([
    z.object({
      score: z.number(),
      payload: z.object({ session: z.string(), document: z.string(), hash: z.string() }),
    }),
  ]),
});

/**
 * The nearest sessions or documents of one collection. The server searches for groups in a few rounds and then gives up, with too
 * few groups if some have very many near points; it is asked again without those that it found, while there is time.
 */
async function nearestOf(
  { searchClient, collectionOf }: PointSource,
  kind: VectorCollection,
  {
    unit,
    must,
    limit,
    groupBy,
    until = monotonicMs() + SEARCH_SECONDS * 1_000,
  }: {
    readonly unit: number[];
    readonly must: Schemas['Condition'][];
    readonly limit: number;
    readonly groupBy: 'session' | 'document';
    readonly until: number | undefined;
  },
): Promise<VectorHit[]> {
  const hits: VectorHit[] = [];
  for (;;) {
    const known = hits.map(({ sessionId, messageId }) => (groupBy === 'session' ? sessionId : messageId!));
    // In whole seconds, at least one.
    const timeout = Math.ceil(timeLeft(until, SEARCH_SECONDS * 1_000, 'vectors') / 1_000);
    const { groups } = await answerOf(() =>
      searchClient.queryGroups(collectionOf(kind), {
        query: unit,
        using: VECTOR,
        filter: { must, ...(known.length > 0 && { must_not: [{ key: groupBy, match: { any: known } }] }) },
        group_by: groupBy,
        group_size: 1,
        limit: limit - hits.length,
        with_payload: ['session', 'document', 'hash'],
        params: PARAMS,
        timeout,
      }),
    );
    for (const group of groups) {
      const [{ score, payload }] = groupSchema.parse(group).hits;
      const { session: sessionId, document, hash } = payload;
      hits.push({ sessionId, ...(kind === 'messages' && { messageId: document }), hash, score });
    }
    if (groups.length === 0 || hits.length >= limit || monotonicMs() >= until) return hits;
  }
}

function scopesOf(reader: Reader): Schemas['Condition'][] {
  const own = { key: 'owner', match: { value: ownerKey(reader) } };
  if (reader.sessions !== 'visible') return [own];
  return [own, { key: 'sharedWith', match: { value: reader.workspaceId } }];
}

/** The name and the path of a project are values of one field. */
const KEYS: { readonly [Field in FilterField]: string } = {
  source: 'source',
  model: 'model',
  projectName: 'project',
  projectPath: 'project',
  createdAt: 'createdAt',
  userId: 'owner',
  labels: 'labels',
  ownLabels: 'ownLabels',
};

function conditionIn(condition: FilterCondition, reader: Reader): Schemas['Condition'] {
  const { workspaceId } = reader;
  if ('range' in condition) return { key: KEYS[condition.field], range: condition.range };
  if ('not' in condition) return { must_not: [conditionIn(condition.not, reader)] };
  const keys = [...new Set(condition.fields.map((field) => KEYS[field]))];
  const either = keys.map((key) => {
    const { values } = condition;
    return {
      key,
      match: { any: key === 'owner' ? values.map((userId) => ownerKey({ workspaceId, userId })) : [...values] },
    };
  });
  return either.length === 1 ? either[0]! : { should: either };
}
