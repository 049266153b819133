import { hasAsciiDomain, type Role } from '@opensync/contracts';
import { assertReadable, conflict, membershipPut, userOf, userPut, type Decision } from './decisions.ts';
import type { Identity, People, User } from './people.ts';

/** Ids of one user at providers. */
const MOST_IDENTITIES = 10;

/** A person who logs in for the first time. */
export interface NewPerson {
  readonly userId: string;
  readonly identity: Identity;
  /** Only an address that the provider has verified. */
  readonly email?: string | undefined;
  readonly name?: string | undefined;
}

/**
 * The user of an identity as a member of a workspace; creates what is missing. An address never leads to an existing user:
 * otherwise a person who can set addresses at the provider could become anybody.
 */
export function provideIdentity(person: NewPerson, workspaceId: string, role: Role): Decision {
  return (people) => {
    const known = people.findIdentity(person.identity);
    const userId = known?.userId ?? person.userId;
    assertReadable(people, { workspaceId, userId });
    const isMember = people.roleOf({ workspaceId, userId }) !== undefined;
    const said = known ? [] : [userPut(newUser(people, person))];
    return isMember ? said : [...said, membershipPut({ workspaceId, userId }, role)];
  };
}

function newUser(people: People, { userId, identity, email, name }: NewPerson): User {
  const usable = email !== undefined && hasAsciiDomain(email) ? email : undefined;
  if (usable !== undefined && people.findUsers(usable).length > 0) {
    throw conflict(
      `There is a user with the address ${usable} already: log in as that user in another way, then connect this login`,
    );
  }
  return {
    ...{ userId, identities: [identity] },
    ...(usable !== undefined && { email: usable }),
    ...(name !== undefined && name !== '' && { name }),
  };
}

/** A user can also log in with this identity from here on. */
export function connectIdentity(userId: string, identity: Identity): Decision {
  return (people) => {
    const user = userOf(people, userId);
    const other = people.findIdentity(identity);
    if (other?.userId === userId) return [];
    if (other) throw conflict('This login belongs to another user');
    const identities = user.identities ?? [];
    if (identities.length >= MOST_IDENTITIES) throw conflict(`A user has at most ${MOST_IDENTITIES} connected logins`);
    return [userPut({ ...user, identities: [...identities, identity] }), ...rolesOf(people, user)];
  };
}

/** The roles that a user has through API keys alone: once an event is about the user, keys do not give any. */
function rolesOf(people: People, { userId }: User) {
  return people
    .membershipsOf(userId)
    .filter((member) => !people.isMemberByEvents(member))
    .map((member) => membershipPut(member, member.role));
}
