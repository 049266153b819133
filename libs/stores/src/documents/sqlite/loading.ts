// What the projection loads before it folds, on a database thread.
import type { Owner, ResponseAmount } from '@opensync/contracts';
import { ownerNumber } from '../../sqlite/owners.ts';
import type { Connection } from '../../sqlite/serve.ts';
import type { RollupRow } from '../rollup-rows.ts';
import { FAILED } from './mark-errors.ts';
import { HAS, NAMES, type NamedBy } from './has.ts';

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

export function load(connection: Connection, ids: Ids) {
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
  const failed = hasErrors(connection, owner, sessionId) && { hasErrors: true };
  return { ...counted, ...Object.fromEntries([...amounts, ...names]), ...failed } as RollupRow;
}

/** Whether a tool of the session failed. Found along the index. */
function hasErrors(connection: Connection, owner: number, sessionId: string): boolean {
  const statement = `SELECT 1 FROM parts WHERE owner = ? AND session_id = ? AND ${FAILED} LIMIT 1`;
  return connection.statement(statement).get(owner, sessionId) !== undefined;
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
