// Reads of sessions, on a database thread.
import type { Owner, Reader } from '@opensync/contracts';
import { findOwner, ownerNumber, sharedIn } from '../../sqlite/owners.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { listCondition } from '../../sqlite/session-filter.ts';
import type { SessionQuery } from '../port.ts';
import type { StatsGroup } from '../stats.ts';
import { GONE } from './schema.ts';

/** A session's state and its owner. */
export interface SeenSession {
  readonly id: string;
  readonly userId: string;
  readonly state: string;
}

const USER = '(SELECT user_id FROM owners WHERE owners.owner = sessions.owner) AS userId';

/** Partitions whose sessions a reader sees: their own, and those that others share with the workspace. */
function partitionsOf(connection: Connection, reader: Reader): { own: number; shared: number | undefined } {
  const own = ownerNumber(connection, reader);
  return { own, shared: reader.sessions === 'visible' ? findOwner(connection, sharedIn(reader)) : undefined };
}

export function sessionsById(
  connection: Connection,
  { reader, ids }: { reader: Reader; ids: readonly string[] },
): SeenSession[] {
  const { own, shared } = partitionsOf(connection, reader);
  const ofOwner = connection.statement(
    `SELECT id, ${USER}, state FROM sessions WHERE owner = ? AND id = ? AND created_at > ${GONE}`,
  );
  const ofOthers = connection.statement(`SELECT id, ${USER}, state FROM sessions WHERE shared = ? AND id = ?`);
  return ids.flatMap((id) => {
    const found = ofOwner.get(own, id) ?? (shared === undefined ? undefined : ofOthers.get(shared, id));
    return (found as SeenSession | undefined) ?? [];
  });
}

export function visibleIds(
  connection: Connection,
  { reader, ids }: { reader: Reader; ids: readonly string[] },
): string[] {
  const { own, shared } = partitionsOf(connection, reader);
  const ofOwner = connection.statement(`SELECT 1 FROM sessions WHERE owner = ? AND id = ? AND created_at > ${GONE}`);
  // From its index alone.
  const ofOthers = connection.statement('SELECT 1 FROM sessions WHERE shared = ? AND id = ?');
  return ids.filter((id) => (shared !== undefined && ofOthers.get(shared, id)) || ofOwner.get(own, id));
}

/** The states of a page of sessions, with the owner of each; without `users` all belong to the reader. */
export interface SeenStates {
  readonly states: readonly string[];
  readonly users?: readonly string[];
}

interface ListedSession extends SeenSession {
  readonly value: number;
}

export function sessions(
  connection: Connection,
  { reader, query }: { reader: Reader; query: SessionQuery },
): SeenStates {
  const { own, shared } = partitionsOf(connection, reader);
  const page = (columns: string, scope: string, ...numbers: number[]) =>
    pageOf(connection, query, columns, scope, numbers);
  if (shared === undefined) return { states: page('state', 'owner = ?', own).map(({ state }) => state as string) };
  // Two short pages, each along its index, instead of a scan of all sessions of the workspace.
  const columns = `id, ${USER}, state, ${SORT_COLUMNS[query.sort]} AS value`;
  // Own shared sessions are in both: skipping them in the second would read all of them for a reader who shares most.
  const both = [...page(columns, 'owner = ?', own), ...page(columns, 'shared = ?', shared)];
  const sign = query.order === 'asc' ? 1 : -1;
  const byId = new Map((both as unknown as ListedSession[]).map((session) => [session.id, session]));
  const listed = [...byId.values()]
    .sort((a, b) => sign * (a.value - b.value || (a.id < b.id ? -1 : 1)))
    .slice(0, query.limit);
  return { states: listed.map(({ state }) => state), users: listed.map(({ userId }) => userId) };
}

export function startedBy(
  connection: Connection,
  { reader, parent, limit }: { reader: Reader; parent: { owner: Owner; externalId: string }; limit: number },
): string[] {
  const { shared } = partitionsOf(connection, reader);
  const owner = ownerNumber(connection, parent.owner);
  const isOwn = parent.owner.workspaceId === reader.workspaceId && parent.owner.userId === reader.userId;
  if (!isOwn && shared === undefined) return [];
  const scope = isOwn ? '' : 'AND shared = ?';
  return connection
    .statement(
      `SELECT state FROM sessions WHERE owner = ? AND parent = ? AND created_at > ${GONE} ${scope}
       ORDER BY created_at, id LIMIT ?`,
    )
    .all(owner, parent.externalId, ...(isOwn ? [] : [shared!]), limit)
    .map(({ state }) => state as string);
}

const SORT_COLUMNS = { createdAt: 'created_at', updatedAt: 'updated_at' } as const;

function pageOf(
  connection: Connection,
  { after, sort, order, limit, inReview, ...filter }: SessionQuery,
  columns: string,
  scope: string,
  numbers: readonly number[],
) {
  const column = SORT_COLUMNS[sort];
  const [direction, beyond] = order === 'asc' ? ['ASC', '>'] : ['DESC', '<'];
  const condition = listCondition(filter);
  const review = inReview ? 'AND in_review = 1' : '';
  const continued = after ? `AND (${column}, id) ${beyond} (?, ?)` : '';
  return connection
    .statement(
      `SELECT ${columns} FROM sessions WHERE ${scope} AND ${column} > ${GONE} AND ${condition.sql} ${review} ${continued}
       ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`,
    )
    .all(...numbers, ...condition.values, ...(after ? [after.value, after.id] : []), limit);
}

export function stats(connection: Connection, reader: Reader): { groups: StatsGroup[]; messages: number } {
  const { own, shared } = partitionsOf(connection, reader);
  const ownGroups = statsGroups(connection, 'owner = ?', own);
  // The messages of sessions in the trash are stored, too.
  const ownMessages = connection
    .statement(
      `SELECT (SELECT count(*) FROM messages WHERE owner = ?1) - (
         SELECT total(state ->> '$.rollup.messageCount') FROM sessions WHERE owner = ?1 AND trashed_at IS NOT NULL
       ) AS messages`,
    )
    .get(own)!;
  if (shared === undefined) return { groups: ownGroups, messages: ownMessages.messages as number };
  // A shared session knows its number of messages; counting them would read the index entries of all.
  const sharedMessages = connection
    .statement(
      `SELECT total(state ->> '$.rollup.messageCount') AS messages FROM sessions WHERE shared = ? AND owner <> ?`,
    )
    .get(shared, own)!;
  return {
    groups: [...ownGroups, ...statsGroups(connection, 'shared = ? AND owner <> ?', shared, own)],
    messages: (ownMessages.messages as number) + (sharedMessages.messages as number),
  };
}

function statsGroups(connection: Connection, scope: string, ...numbers: number[]): StatsGroup[] {
  return connection
    .statement(
      `SELECT source, model, count(*) AS sessions, total(prompt_tokens) AS promptTokens,
         total(completion_tokens) AS completionTokens, total(total_tokens) AS totalTokens, total(cost) AS cost,
         total(duration_ms) AS durationMs, total(cache_read_tokens) AS cacheReadTokens,
         total(cache_write_tokens) AS cacheWriteTokens, total(reasoning_tokens) AS reasoningTokens
       FROM sessions WHERE ${scope} AND created_at > ${GONE} GROUP BY source, model`,
    )
    .all(...numbers) as unknown as StatsGroup[];
}
