import { comparableEmail, newInvitationId, newUserId, type Owner, type Principal } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { addMemberWithoutKeys, addUserWithoutKeys, removeMemberAndKeys, type KeyDirectory } from '../keys/index.ts';
import type { Invitation } from '../logins/records.ts';
import type { LoginDirectory } from '../logins/index.ts';
import { setRole, type People } from '../people/index.ts';
import type { KeyServiceCommand, Result } from './protocol.ts';
import { assertMayAssign, mayInvite } from './rules.ts';

type Command<Name extends KeyServiceCommand['command']> = Extract<KeyServiceCommand, { command: Name }>;
export interface Directories {
  readonly keys: KeyDirectory;
  readonly logins: LoginDirectory;
}

/** Invitations of a workspace that nobody has accepted yet. */
const MOST_INVITATIONS = 200;
export const LONGEST_INVITATION_MS = 30 * 24 * 60 * 60_000;

/** @throws AppError */
export async function changeRole(
  { keys }: Directories,
  caller: Principal,
  { userId, role }: Command<'set-role'>,
): Promise<Result<'set-role'>> {
  assertMayAssign(caller, [roleOfMember(keys, caller, userId), role]);
  await keys.people.change((people) => {
    assertOwnDecision(people, caller, userId);
    // Others may have made this member an owner meanwhile.
    assertMayAssign(caller, [people.roleOf({ workspaceId: caller.workspaceId, userId })]);
    return setRole(caller.workspaceId, userId, role)(people);
  });
  return { role };
}

/** @throws AppError */
export async function removeMember(
  { keys, logins }: Directories,
  caller: Principal,
  { userId }: Command<'remove-member'>,
): Promise<Result<'remove-member'>> {
  assertMayAssign(caller, [roleOfMember(keys, caller, userId)]);
  const { workspaceId } = caller;
  const { revokedKeys } = await removeMemberAndKeys(keys, workspaceId, userId, logins, (people) => {
    assertOwnDecision(people, caller, userId);
    // Others may have made this member an owner meanwhile.
    assertMayAssign(caller, [people.roleOf({ workspaceId, userId })]);
  });
  return { revokedKeys };
}

/**
 * @param inviter a member who may invite, with whom the invitation ends
 * @throws AppError CONFLICT, FORBIDDEN, UNAVAILABLE
 */
export async function invite(
  { logins }: Pick<Directories, 'logins'>,
  inviter: Owner & Pick<Principal, 'role'>,
  { role, email, expiresAt }: Pick<Command<'invite'>, 'role' | 'email' | 'expiresAt'>,
): Promise<Result<'invite'>> {
  assertMayAssign(inviter, [role]);
  const { workspaceId, userId } = inviter;
  const { invitations } = logins;
  if (invitations.list().filter((one) => one.workspaceId === workspaceId).length >= MOST_INVITATIONS) {
    throw new AppError('CONFLICT', `${MOST_INVITATIONS} invitations are open already; withdraw some of them`);
  }
  const now = Date.now();
  const invitation: Invitation = {
    ...{ id: newInvitationId(), workspaceId, role, invitedBy: userId, createdAt: now },
    expiresAt: Math.min(expiresAt, now + LONGEST_INVITATION_MS),
    ...(email !== undefined && { email }),
  };
  return { token: await invitations.create(invitation), invitation };
}

/** @throws AppError NOT_FOUND, UNAVAILABLE */
export async function withdraw(
  { logins }: Pick<Directories, 'logins'>,
  { workspaceId }: Pick<Owner, 'workspaceId'>,
  { invitationId }: Pick<Command<'withdraw'>, 'invitationId'>,
): Promise<Result<'withdraw'>> {
  const matches = (one: Invitation) => one.id === invitationId && one.workspaceId === workspaceId;
  if ((await logins.invitations.remove(matches)) > 0) return {};
  throw new AppError('NOT_FOUND', 'There is no such invitation; it may have been accepted');
}

/** A user who is logged in becomes a member of another workspace; the one whose address the invitation has. @throws AppError */
export async function join(
  directories: Directories,
  { userId }: Principal,
  { token }: Command<'join'>,
): Promise<Result<'join'>> {
  const invitation = findInvitation(directories, token);
  const { workspaceId } = invitation;
  const owner = { workspaceId, userId };
  if (directories.keys.people.roleFor(owner) !== undefined) {
    throw new AppError('CONFLICT', 'You are a member of this workspace already');
  }
  assertAddressed(invitation, directories.keys.people.current().user(userId)?.email);
  const { role } = await useInvitation(directories, token);
  await addMemberWithoutKeys(directories.keys, workspaceId, userId, role, directories.logins);
  return { owner };
}

/**
 * Someone who is no user yet becomes one. An invitation for the address of a user is for that user alone, who has to log in first:
 * an invitation shows nothing about who holds it. @throws AppError
 */
export async function signUp(directories: Directories, { token }: Command<'sign-up'>): Promise<Result<'sign-up'>> {
  const { keys, logins } = directories;
  const { workspaceId, email } = findInvitation(directories, token);
  if (email === undefined) {
    throw new AppError('CONFLICT', 'This invitation has no address: log in, then open it again');
  }
  if (keys.people.current().findUsers(email).length > 0) {
    throw new AppError('CONFLICT', 'This invitation is for an existing user: log in, then open it again');
  }
  const { role } = await useInvitation(directories, token);
  const userId = newUserId();
  await addUserWithoutKeys(keys, workspaceId, { userId, email }, role, logins);
  return { owner: { workspaceId, userId } };
}

/**
 * An invitation with an address is for its holder alone: another person who gets the link cannot use it.
 * @param email of who accepts; at a provider only one that it has verified @throws AppError FORBIDDEN
 */
export function assertAddressed({ email: wanted }: Invitation, email: string | undefined): void {
  if (wanted === undefined || (email !== undefined && comparableEmail(email) === comparableEmail(wanted))) return;
  throw new AppError(
    'FORBIDDEN',
    'This invitation is for another address than yours, or your address is not verified; ask for an invitation without one',
  );
}

/** The invitation of a token, which stays usable. @throws AppError NOT_FOUND */
export function findInvitation({ keys, logins }: Directories, token: string): Invitation {
  return assertWorth(keys, logins.invitations.find(token));
}

/** The invitation of a token, which is used up. @throws AppError NOT_FOUND */
export async function useInvitation({ keys, logins }: Directories, token: string): Promise<Invitation> {
  return assertWorth(keys, await logins.invitations.use(token));
}

/** The member who invited may have lost the right to. */
function assertWorth(keys: KeyDirectory, invitation: Invitation | undefined): Invitation {
  const inviter: Owner | undefined = invitation && {
    workspaceId: invitation.workspaceId,
    userId: invitation.invitedBy,
  };
  const role = inviter && keys.people.roleFor(inviter);
  const isWorth = mayInvite(role) && (role === 'owner' || invitation?.role !== 'owner');
  if (invitation && isWorth) return invitation;
  throw new AppError('NOT_FOUND', 'This invitation was used already, withdrawn, or has expired; ask for another one');
}

/** The next change of an external directory would undo a change made here. */
function assertOwnDecision(people: People, { workspaceId }: Principal, userId: string): void {
  if (people.managerOf({ workspaceId, userId }) === undefined) return;
  throw new AppError('CONFLICT', 'The identity provider manages this membership; change it there');
}

function roleOfMember(keys: KeyDirectory, { workspaceId }: Principal, userId: string) {
  const role = keys.people.roleFor({ workspaceId, userId });
  if (role !== undefined) return role;
  throw new AppError('NOT_FOUND', 'The workspace has no such member');
}
