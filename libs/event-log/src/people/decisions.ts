import { NONE, type EventData, type EventType, type NewEvent, type Owner, type Role } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { People, User, Workspace } from './people.ts';

/** What is to be said about people: an event before it has an id and a time. */
export type PeopleDraft = Pick<NewEvent, 'type' | 'owner' | 'data'>;

/**
 * What each command says, given what is known: pure, and nothing where all is so already. Each may run again after others
 * have said something meanwhile. Refusals are AppErrors whose message says what to change.
 */
export type Decision = (people: People) => PeopleDraft[];

/** With the id of a user who was removed, it is that user again. */
export function addUser(user: User & { readonly email: string }): Decision {
  return (people) => {
    const other = people.findUser(user.email);
    if (other?.userId === user.userId) return [];
    if (other) throw conflict(`there is a user ${other.email} already: ${other.userId}`);
    const same = people.user(user.userId);
    if (same) throw conflict(`${user.userId} is the id of another user: ${same.email ?? 'without an e-mail'}`);
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
    return [userPut(changed)];
  };
}

/** Ends all memberships of the user, too. */
export function removeUser(emailOrId: string): Decision {
  return (people) => {
    const { userId } = userOf(people, emailOrId);
    const memberships = people.membershipsOf(userId);
    for (const member of memberships) assertOwnerRemains(people, member, undefined);
    return [
      ...memberships.map((member) => membershipRemoved(member)),
      draft('dev.opensync.user.removed.v1', { workspaceId: NONE, userId }, { userId }),
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
    const present = people.roleOf(owner);
    if (present !== undefined && present === role) return [];
    if (present !== undefined) {
      throw conflict(`${user.email ?? user.userId} is a member of ${nameOrId} already, with the role ${present}`);
    }
    const isFirst = people.membersOf(workspaceId).length === 0;
    if (isFirst && role !== undefined && role !== 'owner') {
      throw conflict(`${nameOrId} has no members yet, and the first one must have the role owner`);
    }
    return [...named(people, user), membershipPut(owner, role ?? (isFirst ? 'owner' : 'member'))];
  };
}

export function setRole(nameOrId: string, emailOrId: string, role: Role): Decision {
  return (people) => {
    const { owner, user } = memberOf(people, nameOrId, emailOrId);
    if (people.roleOf(owner) === role) return [];
    assertOwnerRemains(people, owner, role);
    return [...named(people, user), membershipPut(owner, role)];
  };
}

export function removeMember(nameOrId: string, emailOrId: string): Decision {
  return (people) => {
    const { owner } = memberOf(people, nameOrId, emailOrId);
    assertOwnerRemains(people, owner, undefined);
    return [membershipRemoved(owner)];
  };
}

/** The ids that a user and a workspace get if they are new. */
export interface NewIds {
  readonly userId: string;
  readonly workspaceId: string;
}

/**
 * Makes the user of an e-mail address and the workspace, if they are new, and the user a member, who may then have a key. The first
 * member of a workspace becomes its owner. Someone who was removed from a workspace does not come back by a key.
 */
export function provideMember(email: string, workspace: string, ids: NewIds): Decision {
  return (people) => {
    // An id that nobody has is a mistake, not a name.
    const found = workspace.startsWith('wsp_') ? workspaceOf(people, workspace) : people.findWorkspace(workspace);
    const workspaceId = found?.workspaceId ?? ids.workspaceId;
    const user = people.findUser(email, workspaceId);
    const owner = { workspaceId, userId: user?.userId ?? ids.userId };
    const present = people.roleOf(owner);
    if (user && present !== undefined) {
      const isSaid = people.isMemberByEvents(owner);
      return [...named(people, user), ...(isSaid ? [] : [membershipPut(owner, present)])];
    }
    if (people.wasRemoved(owner)) {
      const back = `opensync workspaces add-member ${workspace} ${email}`;
      throw conflict(`${email} was removed from the workspace ${workspace}; to add this user again: ${back}`);
    }
    const role = people.membersOf(workspaceId).length === 0 ? 'owner' : 'member';
    return [
      ...(found ? [] : [workspacePut({ workspaceId, name: workspace })]),
      ...(user ? named(people, user) : [userPut({ userId: ids.userId, email })]),
      membershipPut(owner, role),
    ];
  };
}

export function userOf(people: People, emailOrId: string, workspaceId?: string): User {
  const user = people.findUser(emailOrId, workspaceId);
  if (user) return user;
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
  if (people.roleOf(owner) !== undefined) return { owner, user };
  const see = `opensync workspaces members ${nameOrId}`;
  throw new AppError('NOT_FOUND', `${emailOrId} is not a member of ${nameOrId}; see: ${see}`);
}

/** A workspace without an owner would have nobody who may change it. */
function assertOwnerRemains(people: People, { workspaceId, userId }: Owner, role: Role | undefined): void {
  const owners = people.membersOf(workspaceId).filter((member) => member.role === 'owner');
  if (role === 'owner' || owners.length !== 1 || owners[0]!.userId !== userId) return;
  const name = people.workspaces().find((workspace) => workspace.workspaceId === workspaceId)?.name ?? workspaceId;
  const email = people.user(userId)?.email ?? userId;
  const first = `opensync workspaces set-role ${name} USER owner`;
  throw conflict(`${email} is the last owner of the workspace ${name}; make another member an owner first: ${first}`);
}

/** Says once, in an event, who an owner is that only API keys named until now. */
function named(people: People, user: User): PeopleDraft[] {
  return people.isNamedByEvents(user.userId) ? [] : [userPut(user)];
}

function userPut(user: User): PeopleDraft {
  const email = user.email?.normalize('NFKC').trim();
  const data = { ...user, ...(email !== undefined && { email }) };
  return draft('dev.opensync.user.put.v1', { workspaceId: NONE, userId: user.userId }, data);
}

function workspacePut(data: { workspaceId: string; name: string }): PeopleDraft {
  return draft('dev.opensync.workspace.put.v1', { workspaceId: data.workspaceId, userId: NONE }, data);
}

function membershipPut({ workspaceId, userId }: Owner, role: Role): PeopleDraft {
  const owner = { workspaceId, userId };
  return draft('dev.opensync.membership.put.v1', owner, { ...owner, role });
}

function membershipRemoved({ workspaceId, userId }: Owner): PeopleDraft {
  const owner = { workspaceId, userId };
  return draft('dev.opensync.membership.removed.v1', owner, owner);
}

export function draft<Type extends EventType>(type: Type, owner: Owner, data: EventData[Type]): PeopleDraft {
  return { type, owner, data } as PeopleDraft;
}

function conflict(message: string): AppError {
  return new AppError('CONFLICT', message);
}
