import type { Owner, Role } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { addMember, addUserTo, removeMember, removeUser, userOf, usersOf, workspaceOf } from '../people/decisions.ts';
import type { People, User } from '../people/people.ts';
import type { KeyDirectory } from './key-directory.ts';

/** The removed users, and the number of their keys that were revoked. */
export interface MemberRemoval {
  readonly user: User;
  readonly revokedKeys: number;
}

/** What logs people in. Without it only keys are revoked, as in tests of keys. */
export interface LoginEnds {
  forget(person: Pick<Owner, 'userId'> & Partial<Owner>): Promise<void>;
}

/**
 * Ends a membership and revokes its keys, so that they do not come back with the user. Finishes an earlier removal
 * that was interrupted before all keys were revoked.
 * @param check throws if the removal is not allowed, judged by the state in which it happens
 * @throws AppError UNAVAILABLE, NOT_FOUND, and CONFLICT for the last owner of a workspace
 */
export async function removeMemberAndKeys(
  keys: KeyDirectory,
  workspace: string,
  emailOrId: string,
  logins?: LoginEnds,
  check: (people: People) => void = () => undefined,
): Promise<MemberRemoval> {
  const people = keys.people.current();
  const { workspaceId } = workspaceOf(people, workspace);
  const user = userOf(people, emailOrId, workspaceId);
  const owner = { workspaceId, userId: user.userId };
  const isHalfDone = people.wasRemoved(owner) && keys.validKeysOf(owner).length > 0;
  check(people);
  if (!isHalfDone) {
    await keys.people.change((current) => {
      check(current);
      return removeMember(workspace, user.userId)(current);
    });
  }
  await logins?.forget(owner);
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
export async function removeUserAndKeys(
  keys: KeyDirectory,
  emailOrId: string,
  logins?: LoginEnds,
): Promise<UserRemoval> {
  const users = usersOf(keys.people.current(), emailOrId);
  await keys.people.change(removeUser(emailOrId));
  let revokedKeys = 0;
  for (const { userId } of users) await logins?.forget({ userId });
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
  logins?: LoginEnds,
): Promise<void> {
  const people = keys.people.current();
  const owner = { workspaceId: workspaceOf(people, workspace).workspaceId, userId: user.userId };
  // Rejected before anything is stored.
  addUserTo(workspace, user, role)(people);
  await forgetFormer(keys, owner, logins);
  await keys.people.change(addUserTo(workspace, user, role));
}

/** Makes a user a member, without keys that an earlier membership may have left. @throws as removeMemberAndKeys */
export async function addMemberWithoutKeys(
  keys: KeyDirectory,
  workspace: string,
  emailOrId: string,
  role?: Role,
  logins?: LoginEnds,
): Promise<User> {
  const people = keys.people.current();
  const { workspaceId } = workspaceOf(people, workspace);
  const user = userOf(people, emailOrId, workspaceId);
  const owner = { workspaceId, userId: user.userId };
  await forgetFormer(keys, owner, logins);
  await keys.people.change(addMember(workspace, user.userId, role));
  return user;
}

/** What an earlier membership has left must not come back with a new one. */
async function forgetFormer(keys: KeyDirectory, owner: Owner, logins: LoginEnds | undefined): Promise<void> {
  if (!keys.people.current().wasRemoved(owner)) return;
  if (await keys.erasures.isErasing(owner)) {
    throw new AppError(
      'CONFLICT',
      'This user is being erased; add them again when that is done, in about half an hour',
    );
  }
  await keys.revokeAll(keys.validKeysOf(owner));
  await logins?.forget(owner);
}
