import type { Owner, Role } from '@opensync/contracts';
import { hasAsciiDomain } from '@opensync/contracts';
import { assertReadable, membershipPut, membershipRemoved, userPut, workspacePut, type Decision } from './decisions.ts';
import type { Identity, People, User } from './people.ts';

/** A person as a directory outside has them. */
export interface SynchronizedPerson {
  /** If they are new here. */
  readonly userId: string;
  readonly identity: Identity;
  /** Only an address that the directory has verified. */
  readonly email?: string | undefined;
  readonly name?: string | undefined;
}

export interface SynchronizedMembership {
  readonly workspaceId: string;
  /** Of the workspace. */
  readonly name: string;
  readonly role: Role;
}

/**
 * Makes a person's user and memberships those of a directory, which is right about its own: their other memberships stay, and so
 * does a workspace that has lost its last owner. A person who is nowhere a member, and not known, becomes no user.
 */
export function synchronizePerson(person: SynchronizedPerson, wanted: readonly SynchronizedMembership[]): Decision {
  return (people) => {
    const { issuer } = person.identity;
    const known = people.findIdentity(person.identity);
    if (!known && wanted.length === 0) return [];
    const userId = known?.userId ?? person.userId;
    const user = userOfDirectory(people, person, known);
    const said = known && isSameUser(known, user) ? [] : [userPut(user)];
    for (const { workspaceId, name, role } of wanted) {
      assertReadable(people, { workspaceId, userId });
      const workspace = people.workspaces().find((one) => one.workspaceId === workspaceId);
      const free = freeName(people, workspaceId, name);
      if (workspace?.name === undefined) said.push(workspacePut({ workspaceId, name: free }));
      const isThere = people.roleOf({ workspaceId, userId }) === role;
      if (!isThere || people.managerOf({ workspaceId, userId }) !== issuer) {
        said.push(membershipPut({ workspaceId, userId }, role, issuer));
      }
    }
    return [...said, ...endedMemberships(people, { userId, issuer }, wanted).map((owner) => membershipRemoved(owner))];
  };
}

/** The memberships that a directory gave to a user and has no more. */
export function endedMemberships(
  people: People,
  { userId, issuer }: { readonly userId: string; readonly issuer: string },
  wanted: readonly Pick<SynchronizedMembership, 'workspaceId'>[],
): Owner[] {
  return people
    .membershipsOf(userId)
    .filter((member) => people.managerOf(member) === issuer)
    .filter(({ workspaceId }) => !wanted.some((one) => one.workspaceId === workspaceId));
}

/** An address that is another user's already is left out: it must lead to nobody else. */
function userOfDirectory(people: People, { userId, identity, email, name }: SynchronizedPerson, known?: User): User {
  const others = email === undefined ? [] : people.findUsers(email).filter((one) => one.userId !== known?.userId);
  const isUsable = email !== undefined && hasAsciiDomain(email) && others.length === 0;
  return {
    ...(known ?? { userId, identities: [identity] }),
    ...(isUsable && { email }),
    ...(name !== undefined && name !== '' && { name }),
  };
}

function isSameUser(one: User, other: User): boolean {
  return one.email === other.email && one.name === other.name;
}

/** Names of workspaces are unique here, and none looks like an id. */
function freeName(people: People, workspaceId: string, name: string): string {
  const isTaken = people.workspaces().some((one) => one.name === name && one.workspaceId !== workspaceId);
  return isTaken || name.startsWith('wsp_') ? `${name} (${workspaceId.slice(-6)})` : name;
}
