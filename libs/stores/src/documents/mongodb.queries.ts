import type { Owner, SessionRollup } from '@opensync/contracts';
import type { Document, Filter } from 'mongodb';
import type { MessageDocument, PartDocument, SessionDocument } from './mongodb.collections.ts';
import { keyOf } from './mongodb.rows.ts';
import type { MessageQuery, SessionFilter, SessionQuery } from './port.ts';
import type { StatsGroup } from './stats.ts';

/** What a find is asked; `sort` is by all of an index's last fields in one direction. */
export interface Find<Stored> {
  readonly filter: Filter<Stored>;
  readonly sort: Readonly<Record<string, 1 | -1>>;
  readonly limit: number;
}

/** One page of an owner's sessions. */
export function sessionsQuery(
  owner: Owner,
  { sort, order, after, limit, ...filter }: SessionQuery,
): Find<SessionDocument> {
  const [direction, orAt, beyond] = order === 'asc' ? ([1, '$gte', '$gt'] as const) : ([-1, '$lte', '$lt'] as const);
  const conditions = filterConditions(filter);
  if (after) {
    // The first is implied by the second, and bounds the index, which an $or does not.
    conditions.push({ [sort]: { [orAt]: after.value } });
    conditions.push({ $or: [{ [sort]: { [beyond]: after.value } }, { _id: { [beyond]: keyOf(owner, after.id) } }] });
  }
  return { filter: allOf(owner, conditions), sort: { [sort]: direction, _id: direction }, limit };
}

function filterConditions({ source, model, project, from, to }: SessionFilter): Filter<SessionDocument>[] {
  const conditions: Filter<SessionDocument>[] = [];
  if (source !== undefined) conditions.push({ source });
  if (model !== undefined) conditions.push({ model });
  if (project !== undefined) conditions.push({ $or: [{ projectName: project }, { projectPath: project }] });
  if (from !== undefined) conditions.push({ createdAt: { $gte: from } });
  if (to !== undefined) conditions.push({ createdAt: { $lt: to } });
  return conditions;
}

/** One page of a session's messages. */
export function messagesQuery(owner: Owner, sessionId: string, { after, limit }: MessageQuery): Find<MessageDocument> {
  const conditions: Filter<MessageDocument>[] = [{ sessionId }];
  if (after) {
    conditions.push({ createdAt: { $gte: after.createdAt } });
    conditions.push({ $or: [{ createdAt: { $gt: after.createdAt } }, { sequence: { $gt: after.sequence } }] });
  }
  return { filter: allOf(owner, conditions), sort: { createdAt: 1, sequence: 1 }, limit };
}

/** All parts of these messages. */
export function partsOfMessages(owner: Owner, messageIds: readonly string[]): Filter<PartDocument> {
  return { ...ofOwner(owner), messageId: { $in: messageIds } };
}

export function byKeys(owner: Owner, ids: readonly string[]): { readonly _id: { readonly $in: string[] } } {
  return { _id: { $in: ids.map((id) => keyOf(owner, id)) } };
}

export type RollupRow = SessionRollup & { readonly _id: string };

/** A {@link RollupRow} for each of these sessions that has messages. Everything it names is in `messages_of_session`. */
export function rollupsPipeline(owner: Owner, sessionIds: readonly string[]): Document[] {
  return [
    { $match: { ...ofOwner(owner), sessionId: { $in: sessionIds } } },
    {
      $group: {
        _id: '$sessionId',
        messageCount: { $sum: 1 },
        firstActivityAt: { $min: '$createdAt' },
        lastActivityAt: { $max: '$createdAt' },
        promptTokens: { $sum: '$promptTokens' },
        completionTokens: { $sum: '$completionTokens' },
        cost: { $sum: '$cost' },
      },
    },
  ];
}

export type StatsRow = Omit<StatsGroup, 'source' | 'model'> & { readonly _id: Pick<StatsGroup, 'source' | 'model'> };

/** A {@link StatsRow} for each source and model of the owner's sessions. */
export function statsPipeline(owner: Owner): Document[] {
  return [
    { $match: ofOwner(owner) },
    {
      $group: {
        _id: { source: '$source', model: '$model' },
        sessions: { $sum: 1 },
        promptTokens: { $sum: '$promptTokens' },
        completionTokens: { $sum: '$completionTokens' },
        totalTokens: { $sum: '$totalTokens' },
        cost: { $sum: '$cost' },
        durationMs: { $sum: '$durationMs' },
      },
    },
  ];
}

export function ofOwner({ workspaceId, userId }: Owner): Owner {
  return { workspaceId, userId };
}

/** The owner first; the others under $and, since two of them can be about one field. */
function allOf<Stored>(owner: Owner, conditions: Filter<Stored>[]): Filter<Stored> {
  const all = conditions.length > 0 ? { ...ofOwner(owner), $and: conditions } : ofOwner(owner);
  return all as unknown as Filter<Stored>;
}
