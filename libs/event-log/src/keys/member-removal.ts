import type { Role } from '@opensync/contracts';
import { addMember, addUserTo, removeMember, removeUser, userOf, usersOf, workspaceOf } from '../people/decisions.ts';
import type { User } from '../people/people.ts';
import type { KeyDirectory } from './key-directory.ts';

/** The removed users, and the number of their keys that were revoked. */
export interface MemberRemoval {
  readonly user: User;
  readonly revokedKeys: number;
}

/**
 * Ends a membership and revokes its keys, so that they do not come back with the user. Finishes an earlier removal
 * that was interrupted before all keys were revoked.
 * @throws AppError UNAVAILABLE, NOT_FOUND, and CONFLICT for the last owner of a workspace
 */
export async function removeMemberAndKeys(
  keys: KeyDirectory,
  workspace: string,
  emailOrId: string,
): Promise<MemberRemoval> {
  const people = keys.people.current();
  const { workspaceId } = workspaceOf(people, workspace);
  const user = userOf(people, emailOrId, workspaceId);
  const owner = { workspaceId, userId: user.userId };
  const isHalfDone = people.wasRemoved(owner) && keys.validKeysOf(owner).length > 0;
  if (!isHalfDone) await keys.people.change(removeMember(workspace, user.userId));
  return { user, revokedKeys: await keys.revokeAll(keys.validKeysOf(owner)) };
}

/** Which users were removed: several if they had one address. */
export interface UserRemoval {
  readonly users: readonly User[];
  readonly revokedKeys: number;
}

/**
 * Ends all memberships of a user, or of every user with an address, and removes the user's data; sessions stay.
 * @throws AppError UNAVAILABLE, NOT_FOUND, and CONFLICT for the last owner of a workspace
 */
export async function removeUserAndKeys(keys: KeyDirectory, emailOrId: string): Promise<UserRemoval> {
  const users = usersOf(keys.people.current(), emailOrId);
  await keys.people.change(removeUser(emailOrId));
  let revokedKeys = 0;
  for (const { userId } of users) revokedKeys += await keys.revokeAll(keys.validKeysOf({ userId }));
  return { users, revokedKeys };
}

/**
 * Creates a user as a member, without keys that an earlier membership may have left: both, or nothing.
 * @throws as removeMemberAndKeys
 */
export async function addUserWithoutKeys(
  keys: KeyDirectory,
  workspace: string,
  user: User & { readonly email: string },
  role?: Role,
): Promise<void> {
  const people = keys.people.current();
  const owner = { workspaceId: workspaceOf(people, workspace).workspaceId, userId: user.userId };
  // Rejected before anything is stored.
  addUserTo(workspace, user, role)(people);
  if (people.wasRemoved(owner)) await keys.revokeAll(keys.validKeysOf(owner));
  await keys.people.change(addUserTo(workspace, user, role));
}

/** Makes a user a member, without keys that an earlier membership may have left. @throws as removeMemberAndKeys */
export async function addMemberWithoutKeys(
  keys: KeyDirectory,
  workspace: string,
  emailOrId: string,
  role?: Role,
): Promise<User> {
  const people = keys.people.current();
  const { workspaceId } = workspaceOf(people, workspace);
  const user = userOf(people, emailOrId, workspaceId);
  const owner = { workspaceId, userId: user.userId };
  if (people.wasRemoved(owner)) await keys.revokeAll(keys.validKeysOf(owner));
  await keys.people.change(addMember(workspace, user.userId, role));
  return user;
}
