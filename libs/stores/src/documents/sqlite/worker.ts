import type { Owner, Reader, ResponseAmount } from '@opensync/contracts';
import { addOwner, findOwner, ownerNumber, sharedIn } from '../../sqlite/owners.ts';
import { raiseReach } from '../../sqlite/position.ts';
import { serveDatabase, type Connection, type DatabaseDefinition } from '../../sqlite/serve.ts';
import { listCondition } from '../../sqlite/session-filter.ts';
import type {
  DocumentStore,
  MessageKey,
  MessagePlace,
  Removal,
  SavedDocuments,
  SessionQuery,
  TrashedSession,
  TrashQuery,
} from '../port.ts';
import type { RollupRow } from '../rollup-rows.ts';
import {
  contributions,
  dueFigures,
  figureMembers,
  figureRanges,
  figureRating,
  figureRevisions,
  hasDueFigures,
  markDue,
  quarterParts,
  rateAgain,
  saveContributions,
  saveFigures,
  settleContributions,
  toolUses,
  usagePage,
} from './figures.ts';
import { HAS, NAMES, type NamedBy } from './has.ts';
import { messageOutlines, toolParts } from './outlines.ts';
import { excerpts, messageKeys, messagesWithMedia, messageSummaries, wholeMessages } from './messages.ts';
import type { MessageRow, PartRow, Rows, SessionRow } from './rows.ts';
import { GONE, MIGRATIONS } from './schema.ts';
import type { StatsGroup } from '../stats.ts';

interface Ids {
  readonly owner: Owner;
  readonly sessions: readonly string[];
  readonly messages: readonly string[];
  readonly rollups: readonly string[];
}

interface StoredRow {
  readonly id: string;
  readonly revision: number;
  readonly state: string;
}

const definition = {
  migrations: MIGRATIONS,
  writes: { save, removeBefore, saveContributions, settleContributions, saveFigures, rateAgain },
  reads: {
    load,
    hasBefore,
    goneSessions,
    trashed,
    published,
    sessions,
    sessionsById,
    messageKeys,
    messageOutlines,
    toolParts,
    messageSummaries,
    wholeMessages,
    messagesWithMedia,
    excerpts,
    stats,
    counts,
    dueFigures,
    hasDueFigures,
    usagePage,
    toolUses,
    contributions,
    figureRevisions,
    quarterParts,
    figureRanges,
    figureMembers,
    figureRating,
  },
} satisfies DatabaseDefinition;
export type DocumentsDatabase = typeof definition;

/** The ids of the sessions and messages whose revision differs from the stored one. */
function save(connection: Connection, rows: Rows & Pick<SavedDocuments, 'reach'>): string[] {
  const numberOf = (owner: Owner) => findOwner(connection, owner) ?? addOwner(connection, owner);
  const owners = rows.owners.map(numberOf);
  const lost: string[] = [];
  for (const row of rows.sessions) {
    const shared = row.at(-1) === 1 ? numberOf(sharedIn(rows.owners[row[0]]!)) : null;
    if (saveSession(connection, owners[row[0]]!, row, shared)) markDue(connection, owners[row[0]]!, row[1]);
    else lost.push(row[1]);
  }
  for (const row of rows.messages) if (!saveMessage(connection, owners[row[0]]!, row)) lost.push(row[1]);
  for (const row of rows.parts) savePart(connection, owners[row[0]]!, row);
  for (const [owner, id] of rows.settle) settle(connection, owners[owner]!, id);
  for (const [owner, id] of rows.touched) markDue(connection, owners[owner]!, id);
  if (rows.reach !== undefined) raiseReach(connection, rows.reach);
  return lost;
}

function saveSession(
  connection: Connection,
  owner: number,
  [, id, revision, ...row]: SessionRow,
  shared: number | null,
): boolean {
  const columns = [...row.slice(0, -1), shared];
  const { changes } =
    revision === 0
      ? connection
          .statement(
            `INSERT INTO sessions (owner, id, revision, created_at, updated_at, source, model, project_name, project_path,
               prompt_tokens, completion_tokens, total_tokens, cost, duration_ms, cache_read_tokens, cache_write_tokens,
               reasoning_tokens, state, trashed_at, public_hash, in_review, labels, shared)
             VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          )
          .run(owner, id, ...columns)
      : connection
          .statement(
            `UPDATE sessions SET revision = revision + 1, created_at = ?, updated_at = ?, source = ?, model = ?,
               project_name = ?, project_path = ?, prompt_tokens = ?, completion_tokens = ?, total_tokens = ?, cost = ?,
               duration_ms = ?, cache_read_tokens = ?, cache_write_tokens = ?, reasoning_tokens = ?, state = ?, trashed_at = ?,
               public_hash = ?, in_review = ?, labels = ?, shared = ?
             WHERE owner = ? AND id = ? AND revision = ?`,
          )
          .run(...columns, owner, id, revision);
  return changes === 1;
}

function saveMessage(connection: Connection, owner: number, [, id, revision, ...columns]: MessageRow): boolean {
  const { changes } =
    revision === 0
      ? connection
          .statement(
            `INSERT INTO messages (owner, id, revision, session_id, created_at, sequence,
               prompt_tokens, completion_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost, tool_calls,
               facts_version, request_id, has, outline, state, text)
             VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, iif(?, NULL, ?)) ON CONFLICT DO NOTHING`,
          )
          .run(owner, id, ...columns)
      : connection
          .statement(
            `UPDATE messages SET revision = revision + 1, session_id = ?, created_at = ?, sequence = ?,
               prompt_tokens = ?, completion_tokens = ?, cache_read_tokens = ?, cache_write_tokens = ?,
               reasoning_tokens = ?, cost = ?, tool_calls = ?, facts_version = ?, request_id = ?, has = ?,
               outline = ?, state = ?, text = iif(?, text, ?)
             WHERE owner = ? AND id = ? AND revision = ?`,
          )
          .run(...columns, owner, id, revision);
  return changes === 1;
}

function savePart(connection: Connection, owner: number, [, ...columns]: PartRow): void {
  connection
    .statement(
      `INSERT INTO parts (owner, message_id, id, session_id, place, sequence, retired, type, bytes, ref, content,
         extra_ref, extra, media, unknown, facts, call)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET session_id = excluded.session_id, place = excluded.place, sequence = excluded.sequence,
         retired = excluded.retired, type = excluded.type, bytes = excluded.bytes, ref = excluded.ref,
         content = excluded.content, extra_ref = excluded.extra_ref, extra = excluded.extra, media = excluded.media,
         unknown = excluded.unknown, facts = excluded.facts, call = excluded.call
       WHERE (excluded.sequence, excluded.retired) > (sequence, retired)`,
    )
    .run(owner, ...columns);
}

function settle(connection: Connection, owner: number, messageId: string): void {
  connection
    .statement(
      `UPDATE parts SET retired = 1, bytes = 0, ref = NULL, content = NULL, extra_ref = NULL, extra = NULL, media = NULL,
         unknown = NULL, facts = NULL, call = NULL
       WHERE owner = ?1 AND message_id = ?2 AND retired = 0 AND sequence <=
         (SELECT state ->> '$.sequences.partCount' FROM messages WHERE owner = ?1 AND id = ?2)`,
    )
    .run(owner, messageId);
}

/** One page of a removal: other writes get their turn between two pages. */
interface RemovalPage extends Required<Removal> {
  readonly owner: Owner;
  readonly sessionId: string;
  readonly sequence: number;
  /** The place of the last message of the previous page. */
  readonly after: MessagePlace;
}

export interface RemovedPage {
  readonly mixed: readonly string[];
  /** Absent: it was the last page. */
  readonly last?: MessagePlace;
}

const REMOVED_AT_ONCE = 1000;

function removeBefore(
  connection: Connection,
  { owner: of, sessionId, sequence, after, messageIds, mixedIds }: RemovalPage,
): RemovedPage {
  const owner = ownerNumber(connection, of);
  const page = connection
    .statement(
      `SELECT id, created_at AS createdAt, sequence, state ->> '$.span.lastSequence' AS lastSequence FROM messages
       WHERE owner = ? AND session_id = ? AND (created_at, sequence) > (?, ?) ORDER BY created_at, sequence LIMIT ?`,
    )
    .all(owner, sessionId, after.createdAt, after.sequence, REMOVED_AT_ONCE) as unknown as (MessageKey & {
    lastSequence: number;
  })[];
  const removeParts = connection.statement(
    'DELETE FROM parts WHERE owner = ? AND message_id = ? AND session_id = ? AND sequence < ?',
  );
  for (const id of new Set([...page.map((message) => message.id), ...messageIds])) {
    removeParts.run(owner, id, sessionId, sequence);
  }
  const removeMessage = connection.statement('DELETE FROM messages WHERE owner = ? AND id = ?');
  const removed = new Set(mixedIds);
  const mixed: string[] = [];
  // The sequence of a message is that of its first event.
  for (const { id, sequence: first, lastSequence } of page) {
    if (first >= sequence) continue;
    if (lastSequence < sequence || removed.has(id)) removeMessage.run(owner, id);
    else mixed.push(id);
  }
  const last = page.at(-1);
  return { mixed, ...(last && page.length === REMOVED_AT_ONCE && { last }) };
}

function hasBefore(
  connection: Connection,
  { owner: of, sessionId, sequence }: { owner: Owner; sessionId: string; sequence: number },
): boolean {
  const owner = ownerNumber(connection, of);
  const { found } = connection
    .statement(
      `SELECT EXISTS (SELECT 1 FROM messages WHERE owner = ?1 AND session_id = ?2 AND sequence < ?3)
         OR EXISTS (
           SELECT 1 FROM messages JOIN parts ON parts.owner = messages.owner AND parts.message_id = messages.id
           WHERE messages.owner = ?1 AND messages.session_id = ?2 AND parts.session_id = ?2 AND parts.sequence < ?3
         ) AS found`,
    )
    .get(owner, sessionId, sequence) as { found: number };
  return found === 1;
}

function goneSessions(
  connection: Connection,
  { owner, query: { after = '', limit } }: { owner: Owner; query: Parameters<DocumentStore['goneSessions']>[1] },
): string[] {
  return connection
    .statement(`SELECT id FROM sessions WHERE owner = ? AND created_at = ${GONE} AND id > ? ORDER BY id LIMIT ?`)
    .all(ownerNumber(connection, owner), after, limit)
    .map(({ id }) => id as string);
}

function trashed(connection: Connection, { before, limit, after }: TrashQuery): TrashedSession[] {
  const rows = connection
    .statement(
      `SELECT workspace_id AS workspaceId, user_id AS userId, id, trashed_at AS trashedAt
       FROM sessions JOIN owners ON owners.owner = sessions.owner
       WHERE trashed_at < ? AND (trashed_at, id) > (?, ?) ORDER BY trashed_at, id LIMIT ?`,
    )
    .all(before, after?.trashedAt ?? -1, after?.id ?? '', limit);
  return rows.map(({ workspaceId, userId, id, trashedAt }) => ({
    owner: { workspaceId: workspaceId as string, userId: userId as string },
    id: id as string,
    trashedAt: trashedAt as number,
  }));
}

function published(connection: Connection, hash: string): (Owner & { readonly state: string }) | undefined {
  return connection
    .statement(
      `SELECT workspace_id AS workspaceId, user_id AS userId, state
       FROM sessions JOIN owners ON owners.owner = sessions.owner WHERE public_hash = ?`,
    )
    .get(hash) as (Owner & { readonly state: string }) | undefined;
}

function load(connection: Connection, ids: Ids) {
  const owner = ownerNumber(connection, ids.owner);
  const session = connection.statement('SELECT id, revision, state FROM sessions WHERE owner = ? AND id = ?');
  const message = connection.statement('SELECT id, revision, state FROM messages WHERE owner = ? AND id = ?');
  const stored = (statement: typeof session, wanted: readonly string[]) =>
    wanted.flatMap((id) => (statement.get(owner, id) as StoredRow | undefined) ?? []);
  return {
    sessions: stored(session, ids.sessions),
    messages: stored(message, ids.messages),
    rollups: ids.rollups.map((id): [string, RollupRow] => [id, rollup(connection, owner, id)]),
  };
}

const RESPONSE_COLUMNS: { readonly [K in ResponseAmount]: string } = {
  promptTokens: 'prompt_tokens',
  completionTokens: 'completion_tokens',
  cacheReadTokens: 'cache_read_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  reasoningTokens: 'reasoning_tokens',
  cost: 'cost',
};
const RESPONSE_AMOUNTS = Object.entries(RESPONSE_COLUMNS) as [ResponseAmount, string][];
/** Messages without a request id: each is a separate response. */
const AMOUNTS = RESPONSE_AMOUNTS.map(([name, column]) => `total(iif(request_id IS NULL, ${column}, 0)) AS ${name}`);
const HIGHEST_AMOUNTS = RESPONSE_AMOUNTS.map(([name, column]) => `max(${column}) AS ${name}`);
const SUMMED_AMOUNTS = RESPONSE_AMOUNTS.map(([name]) => `total(${name}) AS ${name}`);

/** Where a message's state has a name. A prompt is read from the whole state, by code that knows the fold's types. */
const NAME_SOURCES: { readonly [Name in NamedBy]: string } = {
  prompt: 'state',
  model: `state ->> '$.fields.model'`,
  provider: `state ->> '$.fields.provider'`,
};

/** As contracts' `rollupOf`, but with the state of the message that has the first prompt. */
function rollup(connection: Connection, owner: number, sessionId: string): RollupRow {
  const { repeatable, named, ...counted } = connection
    .statement(
      `SELECT count(*) AS messageCount, min(created_at) AS firstActivityAt, max(created_at) AS lastActivityAt,
         ${AMOUNTS.join(', ')}, total(tool_calls) AS toolCallCount, total(facts_version) AS version,
         count(request_id) AS repeatable, max(has & ${HAS.prompt}) + max(has & ${HAS.model}) + max(has & ${HAS.provider}) AS named
       FROM messages WHERE owner = ? AND session_id = ?`,
    )
    .get(owner, sessionId) as unknown as Omit<RollupRow, NamedBy> & {
    readonly repeatable: number;
    readonly named: number;
  };
  const responses = repeatable > 0 ? responseAmounts(connection, owner, sessionId) : undefined;
  const amounts = RESPONSE_AMOUNTS.map(([name]) => [name, counted[name] + (responses?.[name] ?? 0)]);
  const names = NAMES.map((name) => [name, named & HAS[name] ? firstName(connection, owner, sessionId, name) : null]);
  return { ...counted, ...Object.fromEntries([...amounts, ...names]) } as RollupRow;
}

/** Of messages with a request id: each response once. */
function responseAmounts(connection: Connection, owner: number, sessionId: string): Record<ResponseAmount, number> {
  return connection
    .statement(
      `SELECT ${SUMMED_AMOUNTS.join(', ')} FROM (
         SELECT ${HIGHEST_AMOUNTS.join(', ')} FROM messages
         WHERE owner = ? AND session_id = ? AND request_id IS NOT NULL GROUP BY request_id)`,
    )
    .get(owner, sessionId) as unknown as Record<ResponseAmount, number>;
}

/** The value of the first message that has this name. Found along the index. */
function firstName(connection: Connection, owner: number, sessionId: string, name: NamedBy): string {
  const first = connection
    .statement(
      `SELECT ${NAME_SOURCES[name]} AS name FROM messages
       WHERE owner = ? AND session_id = ? AND has & ${HAS[name]} ORDER BY created_at, sequence LIMIT 1`,
    )
    .get(owner, sessionId) as { readonly name: string };
  return first.name;
}

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

function sessionsById(
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

/** The states of a page of sessions, with the owner of each; without `users` all belong to the reader. */
export interface SeenStates {
  readonly states: readonly string[];
  readonly users?: readonly string[];
}

interface ListedSession extends SeenSession {
  readonly value: number;
}

function sessions(connection: Connection, { reader, query }: { reader: Reader; query: SessionQuery }): SeenStates {
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

function stats(connection: Connection, reader: Reader): { groups: StatsGroup[]; messages: number } {
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

function counts(connection: Connection) {
  return connection
    .statement(
      `SELECT sqlite_version() AS version, (SELECT count(*) FROM sessions WHERE created_at > ${GONE}) AS sessions,
         (SELECT count(*) FROM messages) AS messages`,
    )
    .get() as { version: string; sessions: number; messages: number };
}

serveDatabase(definition);
