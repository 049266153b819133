import type { Owner } from '@opensync/contracts';
import type { Connection } from './connection.ts';

/**
 * An owner is a small integer here, the first column of every key, so a row of another owner cannot be reached. The
 * rows that members of a workspace share are in a partition with its own number, that of the workspace with an empty
 * user.
 */
export const OWNERS_TABLE = `
  CREATE TABLE owners (
    owner INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    UNIQUE (workspace_id, user_id)
  ) STRICT;`;

/** The owner's number, or undefined if nothing of theirs is stored. */
export function findOwner(connection: Connection, { workspaceId, userId }: Owner): number | undefined {
  const found = connection
    .statement('SELECT owner FROM owners WHERE workspace_id = ? AND user_id = ?')
    .get(workspaceId, userId);
  return found?.owner as number | undefined;
}

/** Gives a new owner a number. To be called once {@link findOwner} found none. */
export function addOwner(connection: Connection, { workspaceId, userId }: Owner): number {
  const { lastInsertRowid } = connection
    .statement('INSERT INTO owners (workspace_id, user_id) VALUES (?, ?)')
    .run(workspaceId, userId);
  return Number(lastInsertRowid);
}

/** The owner's number; one that no row has if nothing of theirs is stored. */
export function ownerNumber(connection: Connection, owner: Owner): number {
  return findOwner(connection, owner) ?? 0;
}

/** The owner of the sessions that members of a workspace share, as a partition. No user has this id. */
export function sharedIn({ workspaceId }: Pick<Owner, 'workspaceId'>): Owner {
  return { workspaceId, userId: '' };
}
