import { recognizedSession, type Owner, type SessionState } from '@opensync/contracts';
import { sessionLabels } from '../../session-labels.ts';
import type { Connection } from '../../sqlite/serve.ts';

/**
 * A part that says that a tool failed: `facts` are JSON as this product writes it, so no value can contain this text.
 * Searching for it costs less than parsing, and the index has few rows.
 */
export const FAILED = `instr(facts, '"isError":true') > 0`;

/** Which sessions have errors follows from the parts that are stored already. */
export function markErrors(connection: Connection): void {
  const { database } = connection;
  database.exec(`CREATE INDEX parts_failed ON parts (owner, session_id) WHERE ${FAILED}`);
  const update = database.prepare('UPDATE sessions SET state = ?, labels = ? WHERE owner = ? AND id = ?');
  const failed = database.prepare(
    `SELECT owner, id, workspace_id AS workspaceId, user_id AS userId, state
     FROM (SELECT DISTINCT owner, session_id AS id FROM parts WHERE ${FAILED})
       JOIN sessions USING (owner, id) JOIN owners USING (owner)`,
  );
  for (const row of failed.all()) {
    const { owner, id, state, ...of } = row as unknown as Owner & { owner: number; id: string; state: string };
    const stored = JSON.parse(state) as SessionState;
    const marked = { ...stored, rollup: { ...stored.rollup, hasErrors: true as const } };
    update.run(JSON.stringify(marked), sessionLabels(recognizedSession({ ...marked, owner: of })), owner, id);
  }
}
