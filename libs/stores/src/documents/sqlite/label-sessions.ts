import { recognizedSession, type Owner, type SessionState } from '@opensync/contracts';
import { NO_LABELS } from '../../labels.ts';
import { sessionLabels } from '../../session-labels.ts';
import type { Connection } from '../../sqlite/serve.ts';

const LABELLED_AT_ONCE = 500;

/** Labels follow from the states that are stored already. */
export function labelSessions(connection: Connection): void {
  const { database } = connection;
  database.exec(`ALTER TABLE sessions ADD COLUMN labels TEXT NOT NULL DEFAULT '${NO_LABELS}'`);
  const update = database.prepare('UPDATE sessions SET labels = ? WHERE rowid = ?');
  const sessions = database.prepare(
    `SELECT sessions.rowid AS row, workspace_id AS workspaceId, user_id AS userId, state
     FROM sessions JOIN owners USING (owner) WHERE sessions.rowid > ? ORDER BY sessions.rowid LIMIT ${LABELLED_AT_ONCE}`,
  );
  for (let last = 0; ;) {
    const page = sessions.all(last) as unknown as (Owner & { readonly row: number; readonly state: string })[];
    for (const { row, state, ...owner } of page) {
      const labels = sessionLabels(recognizedSession({ ...(JSON.parse(state) as SessionState), owner }));
      if (labels !== NO_LABELS) update.run(labels, row);
      last = row;
    }
    if (page.length < LABELLED_AT_ONCE) return;
  }
}
