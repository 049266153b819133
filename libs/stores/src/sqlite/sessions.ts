import type { Connection } from './connection.ts';

/** The sessions that an index has rows of: a small integer for each, by which their rows are found together. */
export const SESSIONS_TABLE = `
  CREATE TABLE sessions (
    session INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    UNIQUE (owner, id)
  ) STRICT;`;

/** The session's number, or undefined if nothing of it is stored. */
export function findSession(connection: Connection, owner: number, id: string): number | undefined {
  const found = connection.statement('SELECT session FROM sessions WHERE owner = ? AND id = ?').get(owner, id);
  return found?.session as number | undefined;
}

/** The session's number; a new session gets one. */
export function provideSession(connection: Connection, owner: number, id: string): number {
  const found = findSession(connection, owner, id);
  if (found !== undefined) return found;
  return Number(connection.statement('INSERT INTO sessions (owner, id) VALUES (?, ?)').run(owner, id).lastInsertRowid);
}
