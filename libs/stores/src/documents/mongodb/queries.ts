import { RESPONSE_AMOUNTS, type MessageHead, type Owner, type Reader, type TextHead } from '@opensync/contracts';
import type { Document, Filter } from 'mongodb';
import { EXCERPT_CHARACTERS, EXCERPT_JSON_CHARACTERS, HEAD_TEXT_BYTES } from '../heads.ts';
import {
  FAILED,
  IN_REVIEW,
  SHARED,
  type GoneSessionDocument,
  type MessageDocument,
  type PartDocument,
  type SessionDocument,
} from './collections.ts';
import { keyOf } from './rows.ts';
import { listConditionsOf, type FilterCondition, type ListField } from '../../filters.ts';
import type { MessageQuery, SessionQuery, TrashQuery } from '../port.ts';
import type { RollupRow } from '../rollup-rows.ts';
import type { StatsGroup } from '../stats.ts';

/** The query of a find; `sort` uses all of an index's last fields in one direction. */
export interface Find<Stored> {
  readonly filter: Filter<Stored>;
  readonly sort: Readonly<Record<string, 1 | -1>>;
  readonly limit: number;
}

/** One page of an owner's sessions. */
export function sessionsQuery(owner: Owner, query: SessionQuery): Find<SessionDocument> {
  return pageOf(query, ofOwner(owner), '_id', (id) => keyOf(owner, id));
}

/**
 * The same for sessions that are shared in the workspace, including the reader's own: skipping those would read all
 * of them for a reader who shares most.
 */
export function sharedSessionsQuery({ workspaceId }: Reader, query: SessionQuery): Find<SessionDocument> {
  return pageOf(query, { workspaceId, ...SHARED }, 'id', (id) => id);
}

/** The sessions of an owner that name this one as their parent, along the index `sessions_by_parent`. */
export function startedByQuery(owner: Owner, externalId: string, limit: number): Find<SessionDocument> {
  const filter = { ...ofOwner(owner), 'fields.parentExternalId': externalId } as Filter<SessionDocument>;
  return { filter, sort: { createdAt: 1, _id: 1 }, limit };
}

/** The sessions that other members of the workspace share with it. */
export function sharedWith({ workspaceId, userId }: Reader) {
  return { workspaceId, ...SHARED, userId: { $ne: userId } };
}

function pageOf(
  { sort, order, after, limit, inReview, ...filter }: SessionQuery,
  scope: object,
  key: '_id' | 'id',
  keyOfId: (id: string) => string,
): Find<SessionDocument> {
  const [direction, orAt, beyond] = order === 'asc' ? ([1, '$gte', '$gt'] as const) : ([-1, '$lte', '$lt'] as const);
  const conditions = listConditionsOf(filter).map(conditionIn);
  if (after) {
    // The first is implied by the second, and bounds the index scan, which an $or does not.
    conditions.push({ [sort]: { [orAt]: after.value } });
    conditions.push({ $or: [{ [sort]: { [beyond]: after.value } }, { [key]: { [beyond]: keyOfId(after.id) } }] });
  }
  const all = inReview ? { ...scope, ...IN_REVIEW } : scope;
  return { filter: allOf(all, conditions), sort: { [sort]: direction, [key]: direction }, limit };
}

function conditionIn(condition: FilterCondition<ListField>): Filter<SessionDocument> {
  if ('range' in condition) {
    const { field, range } = condition;
    return { [field]: 'gte' in range ? { $gte: range.gte } : { $lt: range.lt } };
  }
  if ('not' in condition) return { $nor: [conditionIn(condition.not)] };
  const { fields, values } = condition;
  const among = values.length === 1 ? values[0] : { $in: values };
  const either = fields.map((field): Filter<SessionDocument> => {
    return field === 'labels' ? { $or: values.map(labelled) } : { [field]: among };
  });
  return either.length === 1 ? either[0]! : { $or: either };
}

/** What a label says in documents of earlier versions, which have none. */
const UNLABELLED: Readonly<Record<string, (value: string) => Filter<SessionDocument>>> = {
  provider: (name) => ({
    $or: [{ 'fields.provider': name }, { 'fields.provider': { $exists: false }, 'rollup.provider': name }],
  }),
  eval: (status) => ({ 'fields.evalStatus': status as never }),
  tag: (tag) => ({ 'fields.evalTags': tag }),
  errors: () => ({ 'rollup.hasErrors': true }),
};

function labelled(label: string): Filter<SessionDocument> {
  const at = label.indexOf(':');
  const former = UNLABELLED[label.slice(0, at)]!(label.slice(at + 1));
  return { $or: [{ labels: label }, { $and: [{ labels: { $exists: false } }, former] }] };
}

/** The deleted sessions of an owner after an id. */
export function goneQuery(owner: Owner, after: string) {
  return { gone: true as const, _id: { $gt: keyOf(owner, after), $lt: keyOf(owner, '\uffff') } };
}

/** One page of the sessions in the trash. */
export function trashQuery({ owner, before, limit, after }: TrashQuery): Find<GoneSessionDocument> {
  const conditions: Filter<GoneSessionDocument>[] = [{ 'trash.at': { $lt: before } }];
  if (owner) conditions.push({ _id: goneQuery(owner, '')._id });
  if (after) {
    conditions.push({ 'trash.at': { $gte: after.trashedAt } });
    const key = keyOf(after.owner, after.id);
    conditions.push({ $or: [{ 'trash.at': { $gt: after.trashedAt } }, { _id: { $gt: key } }] });
  }
  return { filter: { $and: conditions }, sort: { 'trash.at': 1, _id: 1 }, limit };
}

/** One page of a session's messages, for their keys. */
export function messageKeysQuery(
  owner: Owner,
  sessionId: string,
  { after, limit, order = 'asc' }: MessageQuery,
): Find<MessageDocument> {
  const [direction, orAt, beyond] = order === 'asc' ? ([1, '$gte', '$gt'] as const) : ([-1, '$lte', '$lt'] as const);
  const conditions: Filter<MessageDocument>[] = [{ sessionId }];
  if (after) {
    conditions.push({ createdAt: { [orAt]: after.createdAt } });
    const isBeyond = { createdAt: { [beyond]: after.createdAt } };
    conditions.push({ $or: [isBeyond, { sequence: { [beyond]: after.sequence } }] });
  }
  return { filter: allOf(ofOwner(owner), conditions), sort: { createdAt: direction, sequence: direction }, limit };
}

/** All parts of these messages of a session that have contents, along the index `parts_outline`. */
export function outlinedParts(owner: Owner, sessionId: string, messageIds: readonly string[]): Filter<PartDocument> {
  return { ...ofOwner(owner), sessionId, messageId: { $in: messageIds } };
}

/** The parts of a session with this call id. */
export function partsOfCall(owner: Owner, sessionId: string, callId: string): Filter<PartDocument> {
  return { ...ofOwner(owner), sessionId, call: callId };
}

/** A message's own text as a string; empty if it has none or it is in the payload store. */
const INLINE_TEXT = { $cond: [{ $ifNull: ['$fields.text.sha256', false] }, '', { $ifNull: ['$fields.text', ''] }] };

/**
 * The heads of these messages: a long text stays on the server, which sends its beginning. The documents still
 * contain whole texts, so that processes of an older version can read and write them.
 */
export function headsPipeline(owner: Owner, ids: readonly string[]): Document[] {
  const long = { $gt: ['$textBytes', HEAD_TEXT_BYTES] };
  const head = { preview: { $substrCP: [INLINE_TEXT, 0, EXCERPT_CHARACTERS] }, size: '$textBytes' };
  return [
    { $match: byKeys(owner, ids) },
    { $addFields: { textBytes: { $strLenBytes: INLINE_TEXT } } },
    { $addFields: { textHead: { $cond: [long, head, null] }, 'fields.text': { $cond: [long, null, '$fields.text'] } } },
  ];
}

/** A message as {@link headsPipeline} gives it: its text in one of two places. */
export interface HeadRow extends Omit<MessageDocument, 'fields'> {
  readonly fields: MessageHead['fields'] & { readonly text?: MessageHead['fields']['text'] | null };
  readonly textHead: TextHead | null;
}

export interface TotalsRow {
  readonly _id: string;
  readonly version: number;
  readonly lastSequence: number;
  readonly bytes: number;
}

/** A {@link TotalsRow} for each of these messages that has parts. */
export function totalsPipeline(owner: Owner, messageIds: readonly string[]): Document[] {
  const bytesOf = (body: string) => ({
    $ifNull: [`$${body}Ref.size`, { $strLenBytes: { $ifNull: [`$${body}`, ''] } }],
  });
  const bytes = { $add: [bytesOf('content'), bytesOf('extra')] };
  return [
    { $match: partsOfMessages(owner, messageIds) },
    {
      $group: {
        _id: '$messageId',
        version: { $sum: { $add: ['$sequence', { $cond: [{ $ifNull: ['$retired', false] }, 1, 0] }] } },
        lastSequence: { $max: '$sequence' },
        bytes: { $sum: bytes },
      },
    },
  ];
}

export type ExcerptRow = Pick<PartDocument, 'contentRef'> & { readonly json: string };

/** An {@link ExcerptRow} for each of the first current text parts of the message. */
export function excerptPipeline(owner: Owner, { id, fields, sequences }: MessageHead, limit: number): Document[] {
  return [
    {
      $match: {
        ...ofOwner(owner),
        messageId: id,
        type: 'text',
        sequence: { $gt: sequences.partCount ?? 0 },
        order: { $lt: fields.partCount ?? 0 },
      },
    },
    {
      $project: {
        order: 1,
        contentRef: 1,
        json: { $substrCP: [{ $ifNull: ['$content', ''] }, 0, EXCERPT_JSON_CHARACTERS] },
      },
    },
    { $sort: { order: 1 } },
    { $limit: limit },
  ];
}

/** The fields that name a blob, by kind of document. */
export function withMedia(owner: Owner, sessionId: string, field: 'media' | 'fields.media', sha256: string) {
  return { [`${field}.sha256`]: sha256, ...ofOwner(owner), sessionId };
}

/** All parts of these messages. */
export function partsOfMessages(owner: Owner, messageIds: readonly string[]): Filter<PartDocument> {
  return { ...ofOwner(owner), messageId: { $in: messageIds } };
}

export function byKeys(owner: Owner, ids: readonly string[]): { readonly _id: { readonly $in: string[] } } {
  return { _id: { $in: ids.map((id) => keyOf(owner, id)) } };
}

/** By session id; its names are placed. */
export type GroupedRollup = RollupRow & { readonly _id: string };

const HIGHEST = 'highest_';
/** Messages without a request id are one response each, and form one group. */
const IS_ALONE = { $eq: [{ $ifNull: ['$requestId', null] }, null] };

/**
 * A {@link GroupedRollup} for each of these sessions that has messages: contracts' `rollupOf`, first by response,
 * then by session. All its fields are in the index `messages_with_facts`.
 */
export function rollupsPipeline(owner: Owner, sessionIds: readonly string[]): Document[] {
  const sums = RESPONSE_AMOUNTS.map((name) => [name, { $sum: { $cond: [IS_ALONE, `$${name}`, 0] } }]);
  const highest = RESPONSE_AMOUNTS.map((name) => [
    `${HIGHEST}${name}`,
    { $max: { $cond: [IS_ALONE, 0, { $ifNull: [`$${name}`, 0] }] } },
  ]);
  const totals = RESPONSE_AMOUNTS.map((name) => [name, { $sum: { $add: [`$${name}`, `$${HIGHEST}${name}`] } }]);
  return [
    { $match: { ...ofOwner(owner), sessionId: { $in: sessionIds } } },
    {
      $group: {
        _id: { session: '$sessionId', response: { $ifNull: ['$requestId', null] } },
        messageCount: { $sum: 1 },
        firstActivityAt: { $min: '$createdAt' },
        lastActivityAt: { $max: '$createdAt' },
        ...Object.fromEntries([...sums, ...highest]),
        toolCallCount: { $sum: '$toolCallCount' },
        prompt: { $min: '$prompt' },
        model: { $min: '$model' },
        provider: { $min: '$provider' },
        version: { $sum: '$factsVersion' },
      },
    },
    {
      $group: {
        _id: '$_id.session',
        messageCount: { $sum: '$messageCount' },
        firstActivityAt: { $min: '$firstActivityAt' },
        lastActivityAt: { $max: '$lastActivityAt' },
        ...Object.fromEntries(totals),
        toolCallCount: { $sum: '$toolCallCount' },
        prompt: { $min: '$prompt' },
        model: { $min: '$model' },
        provider: { $min: '$provider' },
        version: { $sum: '$version' },
      },
    },
  ];
}

/** The ids of those of these sessions in which a tool failed. All fields are in the index `parts_failed`. */
export function failedPipeline(owner: Owner, sessionIds: readonly string[]): Document[] {
  return [
    { $match: { ...ofOwner(owner), sessionId: { $in: sessionIds }, ...FAILED } },
    { $group: { _id: '$sessionId' } },
  ];
}

export type StatsRow = Omit<StatsGroup, 'source' | 'model'> & {
  readonly _id: Pick<StatsGroup, 'source' | 'model'>;
  readonly messages: number;
};

/** A {@link StatsRow} for each source and model of these sessions: an owner's, or those that are shared. */
export function statsPipeline(sessions: object): Document[] {
  return [
    { $match: sessions },
    {
      $group: {
        _id: { source: '$source', model: '$model' },
        sessions: { $sum: 1 },
        messages: { $sum: '$rollup.messageCount' },
        promptTokens: { $sum: '$promptTokens' },
        completionTokens: { $sum: '$completionTokens' },
        totalTokens: { $sum: '$totalTokens' },
        cost: { $sum: '$cost' },
        durationMs: { $sum: '$durationMs' },
        cacheReadTokens: { $sum: '$cacheReadTokens' },
        cacheWriteTokens: { $sum: '$cacheWriteTokens' },
        reasoningTokens: { $sum: '$reasoningTokens' },
      },
    },
  ];
}

export function ofOwner({ workspaceId, userId }: Owner): Owner {
  return { workspaceId, userId };
}

/** The scope first; the others under $and, since two of them can concern one field. */
function allOf<Stored>(scope: object, conditions: Filter<Stored>[]): Filter<Stored> {
  const all = conditions.length > 0 ? { ...scope, $and: conditions } : scope;
  return all as unknown as Filter<Stored>;
}
