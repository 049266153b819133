import { positionText, type StorePosition } from '../position/port.ts';
import type { Connection } from './connection.ts';

/** Made at every opening, beside the numbered migrations of a database: all of them have these. */
export const POSITION_TABLES = `
  CREATE TABLE IF NOT EXISTS log_position (one INTEGER PRIMARY KEY CHECK (one = 1), position TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS log_reach (one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL) STRICT;`;

export interface PositionChange {
  readonly next: StorePosition;
  readonly before: StorePosition | undefined;
}

/** Runs in the worker of every database. */
export const POSITION_OPERATIONS = {
  reads: {
    position(connection: Connection): StorePosition | undefined {
      const row = connection.statement('SELECT position FROM log_position').get();
      return row && (JSON.parse(row.position as string) as StorePosition);
    },
    reach(connection: Connection): number {
      return (connection.statement('SELECT sequence FROM log_reach').get()?.sequence as number | undefined) ?? 0;
    },
  },
  writes: {
    setPosition(connection: Connection, { next, before }: PositionChange): boolean {
      const { changes } = before
        ? connection
            .statement('UPDATE log_position SET position = ? WHERE position = ?')
            .run(positionText(next), positionText(before))
        : connection
            .statement('INSERT INTO log_position (one, position) VALUES (1, ?) ON CONFLICT DO NOTHING')
            .run(positionText(next));
      return changes === 1;
    },
  },
};

/** Within the transaction that saves what reaches so far. */
export function raiseReach(connection: Connection, sequence: number): void {
  connection
    .statement(
      `INSERT INTO log_reach (one, sequence) VALUES (1, ?)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence WHERE excluded.sequence > sequence`,
    )
    .run(sequence);
}
