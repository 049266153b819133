import { recognizedSession, type Owner, type SessionState } from '@opensync/contracts';
import { sessionLabels } from '../../session-labels.ts';
import type { Connection } from '../../sqlite/serve.ts';

/**
 * A part that says that a tool failed: `facts` are JSON as this product writes it, so no value can contain this text.
 * Searching for it costs less than parsing, and the index has few rows.
 */
export const FAILED = `instr(facts, '"isError":true') > 0`;

const MARKED_AT_ONCE = 500;

/** Which sessions have errors follows from the parts that are stored already. */
export function markErrors(connection: Connection): void {
  const { database } = connection;
  database.exec(`CREATE INDEX parts_failed ON parts (owner, session_id) WHERE ${FAILED}`);
  const update = database.prepare('UPDATE sessions SET state = ?, labels = ? WHERE owner = ? AND id = ?');
  const failed = database.prepare(
    `SELECT owner, id, workspace_id AS workspaceId, user_id AS userId, state
     FROM (SELECT DISTINCT owner, session_id AS id FROM parts WHERE ${FAILED} AND (owner, session_id) > (?, ?))
       JOIN sessions USING (owner, id) JOIN owners USING (owner) ORDER BY owner, id LIMIT ${MARKED_AT_ONCE}`,
  );
  for (let last: readonly [number, string] = [0, '']; ;) {
    const page = failed.all(...last) as unknown as (Owner & { owner: number; id: string; state: string })[];
    for (const { owner, id, state, ...of } of page) {
      const stored = JSON.parse(state) as SessionState;
      const marked = { ...stored, rollup: { ...stored.rollup, hasErrors: true as const } };
      update.run(JSON.stringify(marked), sessionLabels(recognizedSession({ ...marked, owner: of })), owner, id);
      last = [owner, id];
    }
    if (page.length < MARKED_AT_ONCE) return;
  }
}
