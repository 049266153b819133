import {
  hasAsciiDomain,
  NONE,
  normalEmail,
  ownerKey,
  type EventData,
  type EventType,
  type NewEvent,
  type Owner,
  type Role,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { People, User, Workspace } from './people.ts';

/** The events about people to write, before they have ids and times. */
export type PeopleDraft = Pick<NewEvent, 'type' | 'owner' | 'data'>;

/**
 * The events of each command, given the current state: pure, and none if nothing changes. Each may run again after
 * others have changed the state. Rejections are AppErrors whose message says what to change.
 */
export type Decision = (people: People) => PeopleDraft[];

/** With the id of a removed user, it is that user again. */
export function addUser(user: User & { readonly email: string }): Decision {
  return (people) => {
    const other = people.findUser(user.email);
    if (other?.userId === user.userId) return [];
    if (other) throw conflict(`there is a user ${other.email} already: ${other.userId}`);
    const same = people.user(user.userId);
    if (same) throw conflict(`${user.userId} is the id of another user: ${same.email ?? 'without an e-mail'}`);
    assertAsciiDomain(user.email);
    return [userPut(user)];
  };
}

export function changeUser(emailOrId: string, change: Partial<Pick<User, 'name' | 'email'>>): Decision {
  return (people) => {
    const user = userOf(people, emailOrId);
    const changed = { ...user, ...change };
    if (changed.name === user.name && changed.email === user.email) return [];
    const other = change.email === undefined ? undefined : people.findUser(change.email);
    if (other && other.userId !== user.userId) {
      throw conflict(`${change.email} is the e-mail of another user: ${other.userId}`);
    }
    if (change.email !== undefined) assertAsciiDomain(change.email);
    return [userPut(changed), ...roles(people, user)];
  };
}

/** Also ends all memberships of the user; of every user with an address, if there are several. */
export function removeUser(emailOrId: string): Decision {
  return (people) => {
    const users = usersOf(people, emailOrId);
    const memberships = users.flatMap(({ userId }) => people.membershipsOf(userId));
    for (const { workspaceId } of memberships) {
      assertOwnersRemain(people, workspaceId, new Set(users.map(({ userId }) => userId)));
    }
    return [
      ...memberships.map((member) => membershipRemoved(member)),
      ...users.map(({ userId }) => draft('dev.opensync.user.removed.v1', { workspaceId: NONE, userId }, { userId })),
    ];
  };
}

/** @param workspaceId of a new workspace */
export function addWorkspace({ workspaceId, name }: { workspaceId: string; name: string }): Decision {
  return (people) => {
    const other = people.findWorkspace(name);
    if (other?.workspaceId === workspaceId) return [];
    if (other) throw conflict(`there is a workspace ${name} already: ${other.workspaceId}`);
    return [workspacePut({ workspaceId, name })];
  };
}

export function renameWorkspace(nameOrId: string, name: string): Decision {
  return (people) => {
    const workspace = workspaceOf(people, nameOrId);
    if (workspace.name === name) return [];
    const other = people.findWorkspace(name);
    if (other && other.workspaceId !== workspace.workspaceId) {
      throw conflict(`another workspace has the name ${name}: ${other.workspaceId}`);
    }
    return [workspacePut({ workspaceId: workspace.workspaceId, name })];
  };
}

/** @param role default `member`, and `owner` for the first member */
export function addMember(nameOrId: string, emailOrId: string, role?: Role): Decision {
  return (people) => {
    const { workspaceId } = workspaceOf(people, nameOrId);
    const user = userOf(people, emailOrId, workspaceId);
    const owner = { workspaceId, userId: user.userId };
    assertReadable(people, owner);
    const present = people.roleOf(owner);
    if (present !== undefined && present === role) return [];
    if (present !== undefined) {
      throw conflict(`${user.email ?? user.userId} is a member of ${nameOrId} already, with the role ${present}`);
    }
    return [...named(people, user), membershipPut(owner, roleOfNew(people, workspaceId, role, nameOrId))];
  };
}

/** A new user as a member of a workspace: both, or nothing. */
export function addUserTo(nameOrId: string, user: Parameters<typeof addUser>[0], role?: Role): Decision {
  return (people) => {
    const { workspaceId } = workspaceOf(people, nameOrId);
    const said = addUser(user)(people);
    if (said.length === 0) return addMember(nameOrId, user.userId, role)(people);
    const owner = { workspaceId, userId: user.userId };
    assertReadable(people, owner);
    return [...said, membershipPut(owner, roleOfNew(people, workspaceId, role, nameOrId))];
  };
}

/** A new workspace with its owner: both, or nothing. */
export function addWorkspaceOf(emailOrId: string, workspace: Parameters<typeof addWorkspace>[0]): Decision {
  return (people) => {
    const user = userOf(people, emailOrId);
    const owner = { workspaceId: workspace.workspaceId, userId: user.userId };
    const said = addWorkspace(workspace)(people);
    return people.roleOf(owner) === 'owner' ? said : [...said, ...named(people, user), membershipPut(owner, 'owner')];
  };
}

/** The role of a new member. */
function roleOfNew(people: People, workspaceId: string, role: Role | undefined, name: string): Role {
  const isFirst = people.membersOf(workspaceId).length === 0;
  if (isFirst && role !== undefined && role !== 'owner') {
    throw conflict(`${name} has no members yet, and the first one must have the role owner`);
  }
  return role ?? (isFirst ? 'owner' : 'member');
}

export function setRole(nameOrId: string, emailOrId: string, role: Role): Decision {
  return (people) => {
    const { owner, user } = memberOf(people, nameOrId, emailOrId);
    if (people.roleOf(owner) === role) return [];
    if (role !== 'owner') assertOwnersRemain(people, owner.workspaceId, new Set([owner.userId]));
    const before = named(people, user).filter(({ owner: of }) => ownerKey(of) !== ownerKey(owner));
    return [...before, membershipPut(owner, role)];
  };
}

export function removeMember(nameOrId: string, emailOrId: string): Decision {
  return (people) => {
    const { owner } = memberOf(people, nameOrId, emailOrId);
    assertOwnersRemain(people, owner.workspaceId, new Set([owner.userId]));
    return [membershipRemoved(owner)];
  };
}

/** The ids for a user and a workspace if they are new. */
export interface NewIds {
  readonly userId: string;
  readonly workspaceId: string;
}

/**
 * Creates the user of an e-mail address and the workspace, if they are new, and the membership, so that the user may
 * have a key. The first member of a workspace becomes its owner. Creating a key does not bring back a user who was
 * removed from a workspace.
 */
export function provideMember(email: string, workspace: string, ids: NewIds): Decision {
  return (people) => {
    // An unknown id is a mistake, not a name.
    const found = workspace.startsWith('wsp_') ? workspaceOf(people, workspace) : people.findWorkspace(workspace);
    const workspaceId = found?.workspaceId ?? ids.workspaceId;
    const user = people.findUser(email, workspaceId) && userOf(people, email, workspaceId);
    const owner = { workspaceId, userId: user?.userId ?? ids.userId };
    assertReadable(people, owner);
    if (user && people.roleOf(owner) !== undefined) return named(people, user);
    if (people.wasRemoved(owner)) {
      const name = found?.name ?? workspace;
      const back = `opensync workspaces add-member ${name} ${email}`;
      throw conflict(`${email} was removed from the workspace ${name}; to add this user again: ${back}`);
    }
    const role = people.membersOf(workspaceId).length === 0 ? 'owner' : 'member';
    if (!user) assertAsciiDomain(email);
    return [
      ...(found ? [] : [workspacePut({ workspaceId, name: workspace })]),
      ...(user ? named(people, user) : [userPut({ userId: ids.userId, email })]),
      membershipPut(owner, role),
    ];
  };
}

/**
 * The user with an e-mail address or id. If several share an address, the only member of the workspace.
 * @throws AppError NOT_FOUND, and CONFLICT if several users match
 */
export function userOf(people: People, emailOrId: string, workspaceId?: string): User {
  const users = usersOf(people, emailOrId);
  if (users.length === 1) return users[0]!;
  const members =
    workspaceId === undefined ? [] : users.filter(({ userId }) => people.roleOf({ workspaceId, userId }) !== undefined);
  if (members.length === 1) return members[0]!;
  const ids = users.map(({ userId }) => userId).join(', ');
  throw conflict(`there are several users ${emailOrId}; name the one that you mean by its id: ${ids}`);
}

/** At least one. @throws AppError NOT_FOUND */
export function usersOf(people: People, emailOrId: string): User[] {
  const users = people.findUsers(emailOrId);
  if (users.length > 0) return users;
  throw new AppError('NOT_FOUND', `there is no user ${emailOrId}; see: opensync users list`);
}

export function workspaceOf(people: People, nameOrId: string): Workspace {
  const workspace = people.findWorkspace(nameOrId);
  if (workspace) return workspace;
  throw new AppError('NOT_FOUND', `there is no workspace ${nameOrId}; see: opensync workspaces list`);
}

export function memberOf(people: People, nameOrId: string, emailOrId: string): { owner: Owner; user: User } {
  const { workspaceId } = workspaceOf(people, nameOrId);
  const user = userOf(people, emailOrId, workspaceId);
  const owner = { workspaceId, userId: user.userId };
  assertReadable(people, owner);
  if (people.roleOf(owner) !== undefined) return { owner, user };
  const see = `opensync workspaces members ${nameOrId}`;
  throw new AppError('NOT_FOUND', `${emailOrId} is not a member of ${nameOrId}; see: ${see}`);
}

/** Of new addresses: two spellings of an international domain would be two users. */
function assertAsciiDomain(email: string): void {
  if (hasAsciiDomain(email)) return;
  throw new AppError(
    'INVALID_REQUEST',
    `the domain of ${email} has characters outside ASCII; write its ASCII form, such as ada@xn--bcher-kva.example`,
  );
}

/** Nobody could change a workspace without an owner. */
function assertOwnersRemain(people: People, workspaceId: string, without: ReadonlySet<string>): void {
  const owners = people.membersOf(workspaceId).filter((member) => member.role === 'owner');
  if (owners.length === 0 || owners.some(({ userId }) => !without.has(userId))) return;
  const name = people.workspaces().find((workspace) => workspace.workspaceId === workspaceId)?.name ?? workspaceId;
  const { userId } = owners[0]!;
  const email = people.user(userId)?.email ?? userId;
  const first = `opensync workspaces set-role ${name} USER owner`;
  throw conflict(`${email} is the last owner of the workspace ${name}; make another member an owner first: ${first}`);
}

/** Data that this version cannot read must not be replaced by what it knows. */
export function assertReadable(people: People, owner: Owner): void {
  if (!people.isUnreadable(owner)) return;
  throw conflict(`a newer version has written the membership of ${owner.userId}; use that version to change it`);
}

/** Writes, once, events about an owner that only API keys named so far, with the user's roles. */
function named(people: People, user: User): PeopleDraft[] {
  return [...(people.isNamedByEvents(user.userId) ? [] : [userPut(user)]), ...roles(people, user)];
}

/** The roles that a user has through API keys alone: from then on other keys do not change them. */
function roles(people: People, { userId }: User): PeopleDraft[] {
  return people
    .membershipsOf(userId)
    .filter((member) => !people.isMemberByEvents(member))
    .map((member) => membershipPut(member, member.role));
}

export function userPut(user: User): PeopleDraft {
  const data = { ...user, ...(user.email !== undefined && { email: normalEmail(user.email) }) };
  return draft('dev.opensync.user.put.v1', { workspaceId: NONE, userId: user.userId }, data);
}

export function workspacePut(data: { workspaceId: string; name: string }): PeopleDraft {
  return draft('dev.opensync.workspace.put.v1', { workspaceId: data.workspaceId, userId: NONE }, data);
}

export function membershipPut({ workspaceId, userId }: Owner, role: Role, managedBy?: string): PeopleDraft {
  const owner = { workspaceId, userId };
  const manager = managedBy === undefined ? {} : { managedBy };
  return draft('dev.opensync.membership.put.v1', owner, { ...owner, role, ...manager });
}

export function membershipRemoved({ workspaceId, userId }: Owner): PeopleDraft {
  const owner = { workspaceId, userId };
  return draft('dev.opensync.membership.removed.v1', owner, owner);
}

export function draft<Type extends EventType>(type: Type, owner: Owner, data: EventData[Type]): PeopleDraft {
  return { type, owner, data } as PeopleDraft;
}

export function conflict(message: string): AppError {
  return new AppError('CONFLICT', message);
}
