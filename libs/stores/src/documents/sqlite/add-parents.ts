import type { Connection } from '../../sqlite/serve.ts';

/** `parent` is the external id of the session whose agent started this one. Few sessions have it, and the others cost nothing. */
export function addParents({ database }: Connection): void {
  database.exec(`
    ALTER TABLE sessions ADD COLUMN parent TEXT;
    UPDATE sessions SET parent = state ->> '$.fields.parentExternalId'
      WHERE state ->> '$.fields.parentExternalId' IS NOT NULL;
    CREATE INDEX sessions_by_parent ON sessions (owner, parent, created_at, id) WHERE parent IS NOT NULL;`);
}
