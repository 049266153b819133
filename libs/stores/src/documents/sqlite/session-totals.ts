import { addAmounts, noAmounts } from '@opensync/contracts';
import type { Connection } from '../../sqlite/serve.ts';

const SUMMED_AT_ONCE = 500;

interface SessionRow {
  readonly owner: number;
  readonly sessionId: string;
  readonly shared: number;
  /** A JSON array of numbers. */
  readonly quarters: string;
}

/** What each session adds up to follows from what it contributes, quarter by quarter. */
export function addSessionTotals(connection: Connection): void {
  const { database } = connection;
  database.exec('ALTER TABLE figure_sessions ADD COLUMN totals TEXT');
  const update = database.prepare('UPDATE figure_sessions SET totals = ? WHERE owner = ? AND session_id = ?');
  const parts = database.prepare(
    `SELECT figures -> '$.totals' AS totals FROM figure_parts WHERE owner = ? AND shared = ? AND quarter = ? AND session_id = ?`,
  );
  const sessions = database.prepare(
    `SELECT owner, session_id AS sessionId, shared, quarters FROM figure_sessions
     WHERE (owner, session_id) > (?, ?) ORDER BY owner, session_id LIMIT ${SUMMED_AT_ONCE}`,
  );
  for (let last: readonly [number, string] = [0, '']; ;) {
    const page = sessions.all(...last) as unknown as SessionRow[];
    for (const { owner, sessionId, shared, quarters } of page) {
      const sum = noAmounts();
      for (const quarter of JSON.parse(quarters) as number[]) {
        const part = parts.get(owner, shared, quarter, sessionId);
        if (part) addAmounts(sum, JSON.parse(part.totals as string) as number[]);
      }
      update.run(JSON.stringify(sum), owner, sessionId);
      last = [owner, sessionId];
    }
    if (page.length < SUMMED_AT_ONCE) return;
  }
}
