import { newUserId, workspaceIdOf, type Principal, type Role } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { connectIdentity, DEFAULT_WORKSPACE, provideIdentity, usualOwnerOf } from '../people/index.ts';
import { assertAddressed, findInvitation, useInvitation, type Directories } from './members.ts';
import type { KeyServiceCommand, Result } from './protocol.ts';

/** What a first login without an invitation makes of a person. */
export type JoiningRole = Exclude<Role, 'owner' | 'admin'>;

type Command<Name extends KeyServiceCommand['command']> = Extract<KeyServiceCommand, { command: Name }>;

/**
 * Resolves a person from an identity provider to a user, and to the workspace to log in to: that of their invitation, or the first one that
 * they are a member of. A first login makes a user if an invitation or the settings of this process allow it. An invitation with an
 * address needs the same one from the provider, verified.
 * @throws AppError
 */
export async function identify(
  directories: Directories,
  { identity, invitation, workspaceId: wanted }: Command<'identify'>,
  join?: JoiningRole,
): Promise<Result<'identify'>> {
  const { keys, logins } = directories;
  const { issuer, subject, email, name } = identity;
  const people = keys.people.current();
  const known = people.findIdentity({ issuer, subject });
  const invited = invitation === undefined ? undefined : findInvitation(directories, invitation);
  if (invited) assertAddressed(invited, email);
  const asked = known && wanted !== undefined ? { workspaceId: wanted, userId: known.userId } : undefined;
  if (!invited && asked && people.roleOf(asked) !== undefined) return { owner: asked };
  const usual = known && usualOwnerOf(people, known.userId);
  if (!invited && usual) return { owner: usual };
  const workspaceId = invited?.workspaceId ?? workspaceIdOf(DEFAULT_WORKSPACE);
  const role = invited?.role ?? roleOfJoining(join, known !== undefined);
  const userId = known?.userId ?? newUserId();
  const owner = { workspaceId, userId };
  const decide = provideIdentity({ userId, identity: { issuer, subject }, email, name }, workspaceId, role);
  // Rejected before the invitation is used up.
  decide(people);
  if (people.roleOf(owner) === undefined) {
    if (invitation !== undefined) await useInvitation(directories, invitation);
    if (people.wasRemoved(owner)) {
      await keys.revokeAll(keys.validKeysOf(owner));
      await logins.forget(owner);
    }
    await keys.people.change(decide);
  }
  // Somebody with the same identity may have been first.
  const { userId: stored } = keys.people.people.findIdentity({ issuer, subject })!;
  return { owner: { workspaceId, userId: stored } };
}

/** @throws AppError */
export async function connect(
  { keys }: Directories,
  { userId }: Principal,
  { identity: { issuer, subject } }: Command<'connect'>,
): Promise<Result<'connect'>> {
  await keys.people.change(connectIdentity(userId, { issuer, subject }));
  return {};
}

/** A user who was removed from every workspace does not come back on their own. */
function roleOfJoining(join: JoiningRole | undefined, isKnown: boolean): Role {
  if (join !== undefined && !isKnown) return join;
  throw new AppError('FORBIDDEN', 'You are not a member of a workspace here; ask an admin for an invitation');
}
