import { FIGURE_MEMBERS, LEVELS, type FigureMember, type Owner, type PeriodRange } from '@opensync/contracts';
import { addOwner, findOwner, ownerNumber, sharedIn } from '../../sqlite/owners.ts';
import type { Connection } from '../../sqlite/serve.ts';
import type { FigureKey, FigureScope, SessionRef, SettledContribution } from '../figures-port.ts';
import { HAS } from './has.ts';
import { GONE } from './schema.ts';

/** The operations of figures on the threads. Figures cross as JSON, since neither thread looks into them. */

const USAGE_PAGE = 2000;
const NO_MARK = Object.freeze({ owner: 0, sessionId: '' });

/** Marks a session as due. To be called in the transaction that saves something of it. */
export function markDue(connection: Connection, owner: number, sessionId: string): void {
  connection
    .statement(
      `INSERT INTO figure_dues (owner, session_id, mark) VALUES (?, ?, hex(randomblob(8)))
       ON CONFLICT DO UPDATE SET mark = excluded.mark`,
    )
    .run(owner, sessionId);
}

export interface DueRow {
  readonly owner: number;
  readonly sessionId: string;
  readonly mark: string;
  readonly createdAt: number;
  readonly workspaceId: string;
  readonly userId: string;
}

export function dueFigures(
  connection: Connection,
  { after = NO_MARK, limit }: { after?: { owner: number; sessionId: string }; limit: number },
): DueRow[] {
  return connection
    .statement(
      `SELECT due.owner, session_id AS sessionId, mark, workspace_id AS workspaceId, user_id AS userId,
         coalesce(created_at, 0) AS createdAt
       FROM figure_dues AS due JOIN owners USING (owner) LEFT JOIN sessions ON sessions.owner = due.owner AND id = session_id
       WHERE (due.owner, session_id) > (?, ?) ORDER BY due.owner, session_id LIMIT ?`,
    )
    .all(after.owner, after.sessionId, limit) as unknown as DueRow[];
}

export function hasDueFigures(connection: Connection, owner: Owner): boolean {
  return (
    connection.statement('SELECT 1 FROM figure_dues WHERE owner = ? LIMIT 1').get(ownerNumber(connection, owner)) !==
    undefined
  );
}

/** Creation time, sequence, the amounts of RESPONSE_AMOUNTS, request id, model, provider. */
export type UsageRow = readonly [number, number, number, number, number, number, number, number, ...(string | null)[]];

export interface UsagePage {
  /** Of the first page. */
  readonly state?: string | undefined;
  readonly messages: readonly UsageRow[];
  readonly isLast: boolean;
}

export interface UsageQuery {
  readonly owner: Owner;
  readonly sessionId: string;
  readonly after?: readonly [createdAt: number, sequence: number];
}

/** A page of a session's messages, as figures need them: other reads get their turn between two pages. */
export function usagePage(connection: Connection, { owner: of, sessionId, after }: UsageQuery): UsagePage {
  const owner = ownerNumber(connection, of);
  const rows = connection
    .statement(
      `SELECT created_at AS createdAt, sequence, prompt_tokens AS a, completion_tokens AS b, cache_read_tokens AS c,
         cache_write_tokens AS d, reasoning_tokens AS e, cost AS f, request_id AS requestId,
         iif(has & ${HAS.model}, state ->> '$.fields.model', NULL) AS model,
         iif(has & ${HAS.provider}, state ->> '$.fields.provider', NULL) AS provider
       FROM messages WHERE owner = ? AND session_id = ? AND (created_at, sequence) > (?, ?)
       ORDER BY created_at, sequence LIMIT ${USAGE_PAGE}`,
    )
    .all(owner, sessionId, ...(after ?? [-1, -1]));
  const messages = rows.map((row) => Object.values(row) as unknown as UsageRow);
  const isLast = rows.length < USAGE_PAGE;
  if (after) return { messages, isLast };
  const session = connection
    .statement(`SELECT state FROM sessions WHERE owner = ? AND id = ? AND created_at > ${GONE}`)
    .get(owner, sessionId);
  return { state: session?.state as string | undefined, messages, isLast };
}

export interface ToolRow {
  readonly at: number;
  readonly type: string;
  readonly facts: string | null;
}

export function toolUses(connection: Connection, { owner, sessionId }: SessionRef): ToolRow[] {
  return connection
    .statement(
      `SELECT messages.created_at AS at, type, facts FROM parts
         JOIN messages ON messages.owner = parts.owner AND messages.id = message_id
       WHERE parts.owner = ? AND parts.session_id = ? AND retired = 0 AND type IN ('tool-call', 'tool-result')
       ORDER BY messages.created_at, messages.sequence, place`,
    )
    .all(ownerNumber(connection, owner), sessionId) as unknown as ToolRow[];
}

/** A contribution as it crosses. */
export interface ContributionRow {
  readonly revision: number;
  readonly shared: number;
  readonly pending: string;
  readonly figures: readonly (readonly [quarter: number, figures: string])[];
}
export interface SavedContributionRow extends SessionRef, ContributionRow {
  /** The sum of its figures' totals, as JSON. */
  readonly totals: string;
}

export function contributions(connection: Connection, sessions: readonly SessionRef[]): ContributionRow[] {
  return sessions.map(({ owner: of, sessionId }) => {
    const owner = ownerNumber(connection, of);
    const stored = storedContribution(connection, owner, sessionId);
    if (!stored) return { revision: 0, shared: 0, pending: '[]', figures: [] };
    const { quarters, ...contribution } = stored;
    const part = connection.statement(
      'SELECT figures FROM figure_parts WHERE owner = ? AND shared = ? AND quarter = ? AND session_id = ?',
    );
    const figures = (JSON.parse(quarters) as number[]).map((quarter): [number, string] => {
      return [quarter, part.get(owner, stored.shared, quarter, sessionId)!.figures as string];
    });
    return { ...contribution, figures };
  });
}

/** As JSON; null of a session that is not counted yet. One row each, however long a session lasted. */
export function sessionTotals(connection: Connection, sessions: readonly SessionRef[]): (string | null)[] {
  const totals = connection.statement('SELECT totals FROM figure_sessions WHERE owner = ? AND session_id = ?');
  return sessions.map(({ owner, sessionId }) => {
    return (totals.get(ownerNumber(connection, owner), sessionId)?.totals as string | null | undefined) ?? null;
  });
}

interface StoredContribution extends Omit<ContributionRow, 'figures'> {
  readonly quarters: string;
}

function storedContribution(connection: Connection, owner: number, sessionId: string): StoredContribution | undefined {
  const found = connection
    .statement('SELECT revision, shared, quarters, pending FROM figure_sessions WHERE owner = ? AND session_id = ?')
    .get(owner, sessionId);
  return found as StoredContribution | undefined;
}

export function saveContributions(connection: Connection, saved: readonly SavedContributionRow[]): string[] {
  const lost: string[] = [];
  for (const { owner: of, sessionId, revision, shared, pending, figures, totals } of saved) {
    const owner = findOwner(connection, of) ?? addOwner(connection, of);
    const stored = storedContribution(connection, owner, sessionId);
    if ((stored?.revision ?? 0) !== revision) {
      lost.push(sessionId);
      continue;
    }
    const remove = connection.statement(
      'DELETE FROM figure_parts WHERE owner = ? AND shared = ? AND quarter = ? AND session_id = ?',
    );
    const former = stored ? (JSON.parse(stored.quarters) as number[]) : [];
    for (const quarter of former) remove.run(owner, stored!.shared, quarter, sessionId);
    const insert = connection.statement('INSERT INTO figure_parts VALUES (?, ?, ?, ?, ?)');
    for (const [quarter, text] of figures) insert.run(owner, shared, quarter, sessionId, text);
    connection
      .statement('INSERT OR REPLACE INTO figure_sessions VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(
        owner,
        sessionId,
        revision + 1,
        shared,
        JSON.stringify(figures.map(([quarter]) => quarter)),
        pending,
        totals,
      );
  }
  return lost;
}

export function settleContributions(connection: Connection, settled: readonly SettledContribution[]): void {
  for (const { owner: of, sessionId, revision, mark } of settled) {
    const owner = ownerNumber(connection, of);
    if (revision !== undefined) {
      connection
        .statement(`UPDATE figure_sessions SET pending = '[]' WHERE owner = ? AND session_id = ? AND revision = ?`)
        .run(owner, sessionId, revision + 1);
    }
    connection
      .statement('DELETE FROM figure_dues WHERE owner = ? AND session_id = ? AND mark = ?')
      .run(owner, sessionId, mark);
  }
}

/** The partition of a scope, which for a whole workspace is that of what its members share. */
function ownerOfScope({ workspaceId, userId }: FigureScope): Owner {
  return userId === undefined ? sharedIn({ workspaceId }) : { workspaceId, userId };
}

function placeOf(connection: Connection, { scope, level, number }: FigureKey): [number, number, number, number] {
  return [ownerNumber(connection, ownerOfScope(scope)), scope.shared ? 1 : 0, LEVELS.indexOf(level), number];
}

export function figureRevisions(connection: Connection, keys: readonly FigureKey[]): number[] {
  const revision = connection.statement(
    'SELECT revision FROM figures WHERE owner = ? AND shared = ? AND level = ? AND number = ?',
  );
  return keys.map((key) => (revision.get(...placeOf(connection, key))?.revision as number | undefined) ?? 0);
}

/** Sums with their members as JSON, in the order of FIGURE_MEMBERS. */
export interface FigureRow extends FigureKey {
  readonly revision: number;
  readonly members: readonly string[];
}

export function saveFigures(connection: Connection, nodes: readonly FigureRow[]): number[] {
  const lost: number[] = [];
  for (const [at, { members, revision, ...key }] of nodes.entries()) {
    const scope = ownerOfScope(key.scope);
    if (findOwner(connection, scope) === undefined) addOwner(connection, scope);
    const place = placeOf(connection, key);
    const { changes } =
      revision === 0
        ? connection
            .statement(
              `INSERT INTO figures (owner, shared, level, number, revision, ${FIGURE_MEMBERS.join(', ')})
               VALUES (?, ?, ?, ?, 1, ${FIGURE_MEMBERS.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`,
            )
            .run(...place, ...members)
        : connection
            .statement(
              `UPDATE figures SET revision = revision + 1, ${FIGURE_MEMBERS.map((name) => `${name} = ?`).join(', ')}
               WHERE owner = ? AND shared = ? AND level = ? AND number = ? AND revision = ?`,
            )
            .run(...members, ...place, revision);
    if (changes === 0) lost.push(at);
  }
  return lost;
}

/** Contributions as whole JSON, sums as JSON by member. */
export interface FigurePartRow {
  readonly number: number;
  readonly figures?: string;
  readonly members?: readonly string[];
}

/** Parts of a session's quarter, and of a workspace's; those of longer periods are read as ranges. */
export function quarterParts(connection: Connection, { scope, number }: FigureKey): FigurePartRow[] {
  if (scope.userId !== undefined) {
    return connection
      .statement(
        `SELECT quarter AS number, figures FROM figure_parts WHERE owner = ? AND shared = ? AND quarter = ?
         ORDER BY session_id`,
      )
      .all(ownerNumber(connection, ownerOfScope(scope)), scope.shared ? 1 : 0, number) as unknown as FigurePartRow[];
  }
  return connection
    .statement(
      `SELECT number, ${FIGURE_MEMBERS.join(', ')} FROM owners CROSS JOIN figures USING (owner)
       WHERE workspace_id = ? AND user_id <> '' AND shared = 1 AND level = 0 AND number = ? ORDER BY user_id`,
    )
    .all(scope.workspaceId, number)
    .map(memberRow);
}

export interface RangeQuery {
  readonly scope: FigureScope;
  readonly range: PeriodRange;
  readonly members: readonly FigureMember[];
}

export function figureRanges(connection: Connection, queries: readonly RangeQuery[]): FigurePartRow[][] {
  return queries.map(({ scope, range: { level, from, to }, members }) =>
    connection
      .statement(
        `SELECT number, ${members.join(', ')} FROM figures
         WHERE owner = ? AND shared = ? AND level = ? AND number >= ? AND number < ? ORDER BY number`,
      )
      .all(ownerNumber(connection, ownerOfScope(scope)), scope.shared ? 1 : 0, LEVELS.indexOf(level), from, to)
      .map(memberRow),
  );
}

function memberRow({ number, ...members }: Record<string, unknown>): FigurePartRow {
  return { number: number as number, members: Object.values(members) as string[] };
}

export function figureMembers(connection: Connection, workspaceId: string): string[] {
  return connection
    .statement(
      `SELECT user_id AS userId FROM owners CROSS JOIN figures USING (owner)
       WHERE workspace_id = ? AND user_id <> '' AND shared = 1 AND level = ${LEVELS.indexOf('all')} ORDER BY user_id`,
    )
    .all(workspaceId)
    .map(({ userId }) => userId as string);
}

export function figureRating(connection: Connection): string | undefined {
  return connection.statement('SELECT digest FROM figure_rating').get()?.digest as string | undefined;
}

/** In one transaction. */
export function rateAgain(connection: Connection, digest: string): void {
  connection.statement('INSERT OR REPLACE INTO figure_rating VALUES (0, ?)').run(digest);
  connection.statement('INSERT OR REPLACE INTO figure_dues SELECT owner, id, hex(randomblob(8)) FROM sessions').run();
}
