import type { Owner } from '@opensync/contracts';
import { addOwner, findOwner, ownerNumber, sharedIn } from '../../sqlite/owners.ts';
import { raiseReach } from '../../sqlite/position.ts';
import { serveDatabase, type Connection, type DatabaseDefinition } from '../../sqlite/serve.ts';
import type {
  DocumentStore,
  MessageKey,
  MessagePlace,
  Removal,
  SavedDocuments,
  TrashedSession,
  TrashQuery,
} from '../port.ts';
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
  sessionTotals,
  saveFigures,
  settleContributions,
  toolUses,
  usagePage,
} from './figures.ts';
import { load } from './loading.ts';
import { messageOutlines, toolParts } from './outlines.ts';
import { excerpts, messageKeys, messagesWithMedia, messageSummaries, wholeMessages } from './messages.ts';
import { sessions, startedBy, sessionsById, stats, visibleIds } from './sessions.ts';
import type { MessageRow, PartRow, Rows, SessionRow } from './rows.ts';
import { GONE, MIGRATIONS } from './schema.ts';

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
    startedBy,
    sessionsById,
    visibleIds,
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
    sessionTotals,
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
               reasoning_tokens, state, trashed_at, public_hash, in_review, labels, parent, shared)
             VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          )
          .run(owner, id, ...columns)
      : connection
          .statement(
            `UPDATE sessions SET revision = revision + 1, created_at = ?, updated_at = ?, source = ?, model = ?,
               project_name = ?, project_path = ?, prompt_tokens = ?, completion_tokens = ?, total_tokens = ?, cost = ?,
               duration_ms = ?, cache_read_tokens = ?, cache_write_tokens = ?, reasoning_tokens = ?, state = ?, trashed_at = ?,
               public_hash = ?, in_review = ?, labels = ?, parent = ?, shared = ?
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

function trashed(connection: Connection, { owner, before, limit, after }: TrashQuery): TrashedSession[] {
  const rows = connection
    .statement(
      `SELECT workspace_id AS workspaceId, user_id AS userId, id, trashed_at AS trashedAt
       FROM sessions JOIN owners ON owners.owner = sessions.owner
       WHERE trashed_at < ? AND (trashed_at, id) > (?, ?) ${owner ? 'AND workspace_id = ? AND user_id = ?' : ''}
       ORDER BY trashed_at, id LIMIT ?`,
    )
    .all(before, after?.trashedAt ?? -1, after?.id ?? '', ...(owner ? [owner.workspaceId, owner.userId] : []), limit);
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
function counts(connection: Connection) {
  return connection
    .statement(
      `SELECT sqlite_version() AS version, (SELECT count(*) FROM sessions WHERE created_at > ${GONE}) AS sessions,
         (SELECT count(*) FROM messages) AS messages`,
    )
    .get() as { version: string; sessions: number; messages: number };
}

serveDatabase(definition);
