import type { Owner, SessionRollup } from '@opensync/contracts';
import { addOwner, findOwner } from '../sqlite/owners.ts';
import { serveDatabase, type Connection, type DatabaseDefinition } from '../sqlite/serve.ts';
import { filterCondition } from '../sqlite/session-filter.ts';
import type { MessageQuery, SessionQuery } from './port.ts';
import type { MessageRow, PartRow, Rows, SessionRow } from './sqlite.rows.ts';
import { MIGRATIONS } from './sqlite.schema.ts';
import type { StatsGroup } from './stats.ts';

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
  writes: { save },
  reads: { load, sessions, messages, stats, counts },
} satisfies DatabaseDefinition;
export type DocumentsDatabase = typeof definition;

/** The ids of the sessions and messages whose revision is not the stored one. */
function save(connection: Connection, rows: Rows): string[] {
  const owners = rows.owners.map((owner) => findOwner(connection, owner) ?? addOwner(connection, owner));
  const lost: string[] = [];
  for (const row of rows.sessions) if (!saveSession(connection, owners[row[0]]!, row)) lost.push(row[1]);
  for (const row of rows.messages) if (!saveMessage(connection, owners[row[0]]!, row)) lost.push(row[1]);
  for (const row of rows.parts) savePart(connection, owners[row[0]]!, row);
  return lost;
}

function saveSession(connection: Connection, owner: number, [, id, revision, ...columns]: SessionRow): boolean {
  const { changes } =
    revision === 0
      ? connection
          .statement(
            `INSERT INTO sessions (owner, id, revision, created_at, updated_at, source, model, project_name, project_path,
               prompt_tokens, completion_tokens, total_tokens, cost, duration_ms, state)
             VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          )
          .run(owner, id, ...columns)
      : connection
          .statement(
            `UPDATE sessions SET revision = revision + 1, created_at = ?, updated_at = ?, source = ?, model = ?,
               project_name = ?, project_path = ?, prompt_tokens = ?, completion_tokens = ?, total_tokens = ?, cost = ?,
               duration_ms = ?, state = ?
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
               prompt_tokens, completion_tokens, cost, state)
             VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          )
          .run(owner, id, ...columns)
      : connection
          .statement(
            `UPDATE messages SET revision = revision + 1, session_id = ?, created_at = ?, sequence = ?,
               prompt_tokens = ?, completion_tokens = ?, cost = ?, state = ?
             WHERE owner = ? AND id = ? AND revision = ?`,
          )
          .run(...columns, owner, id, revision);
  return changes === 1;
}

function savePart(connection: Connection, owner: number, [, ...columns]: PartRow): void {
  connection
    .statement(
      `INSERT INTO parts (owner, message_id, id, sequence, retired, state) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence, retired = excluded.retired, state = excluded.state
       WHERE (excluded.sequence, excluded.retired) > (sequence, retired)`,
    )
    .run(owner, ...columns);
}

function load(connection: Connection, ids: Ids) {
  const owner = numberOf(connection, ids.owner);
  const session = connection.statement('SELECT id, revision, state FROM sessions WHERE owner = ? AND id = ?');
  const message = connection.statement('SELECT id, revision, state FROM messages WHERE owner = ? AND id = ?');
  return {
    sessions: ids.sessions.flatMap((id) => (session.get(owner, id) as StoredRow | undefined) ?? []),
    messages: ids.messages.flatMap((id) => {
      const stored = message.get(owner, id) as StoredRow | undefined;
      const parts = partsOf(connection, owner, id);
      return stored || parts.length > 0 ? [{ id, revision: 0, state: undefined, ...stored, parts }] : [];
    }),
    rollups: ids.rollups.map((id): [string, SessionRollup] => [id, rollup(connection, owner, id)]),
  };
}

function rollup(connection: Connection, owner: number, sessionId: string): SessionRollup {
  return connection
    .statement(
      `SELECT count(*) AS messageCount, min(created_at) AS firstActivityAt, max(created_at) AS lastActivityAt,
         total(prompt_tokens) AS promptTokens, total(completion_tokens) AS completionTokens, total(cost) AS cost
       FROM messages WHERE owner = ? AND session_id = ?`,
    )
    .get(owner, sessionId) as unknown as SessionRollup;
}

function partsOf(connection: Connection, owner: number, messageId: string): string[] {
  return connection
    .statement('SELECT state FROM parts WHERE owner = ? AND message_id = ?')
    .all(owner, messageId)
    .map(({ state }) => state as string);
}

function sessions(connection: Connection, { owner, query }: { owner: Owner; query: SessionQuery }): string[] {
  const { after, sort, order, limit } = query;
  const column = sort === 'createdAt' ? 'created_at' : 'updated_at';
  const [direction, beyond] = order === 'asc' ? ['ASC', '>'] : ['DESC', '<'];
  const filter = filterCondition(query);
  const continued = after ? `AND (${column}, id) ${beyond} (?, ?)` : '';
  return connection
    .statement(
      `SELECT state FROM sessions WHERE owner = ? AND ${filter.sql} ${continued}
       ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`,
    )
    .all(numberOf(connection, owner), ...filter.values, ...(after ? [after.value, after.id] : []), limit)
    .map(({ state }) => state as string);
}

function messages(
  connection: Connection,
  { owner: of, sessionId, query }: { owner: Owner; sessionId: string; query: MessageQuery },
) {
  const owner = numberOf(connection, of);
  const { createdAt, sequence } = query.after ?? { createdAt: -1, sequence: -1 };
  return connection
    .statement(
      `SELECT id, state FROM messages WHERE owner = ? AND session_id = ? AND (created_at, sequence) > (?, ?)
       ORDER BY created_at, sequence LIMIT ?`,
    )
    .all(owner, sessionId, createdAt, sequence, query.limit)
    .map(({ id, state }) => ({ state: state as string, parts: partsOf(connection, owner, id as string) }));
}

function stats(connection: Connection, of: Owner): { groups: StatsGroup[]; messages: number } {
  const owner = numberOf(connection, of);
  const groups = connection
    .statement(
      `SELECT source, model, count(*) AS sessions, total(prompt_tokens) AS promptTokens,
         total(completion_tokens) AS completionTokens, total(total_tokens) AS totalTokens, total(cost) AS cost,
         total(duration_ms) AS durationMs
       FROM sessions WHERE owner = ? GROUP BY source, model`,
    )
    .all(owner) as unknown as StatsGroup[];
  const { messages } = connection.statement('SELECT count(*) AS messages FROM messages WHERE owner = ?').get(owner)!;
  return { groups, messages: messages as number };
}

function counts(connection: Connection) {
  return connection
    .statement(
      `SELECT sqlite_version() AS version, (SELECT count(*) FROM sessions) AS sessions,
         (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM parts) AS parts`,
    )
    .get() as { version: string; sessions: number; messages: number; parts: number };
}

/** The owner's number; where nothing of theirs is stored, one that no row has. */
function numberOf(connection: Connection, owner: Owner): number {
  return findOwner(connection, owner) ?? 0;
}

serveDatabase(definition);
