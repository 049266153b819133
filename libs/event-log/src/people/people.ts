import {
  comparableEmail,
  evolve,
  NONE,
  ownerKey,
  touchedBy,
  workspaceIdOf,
  type MembershipState,
  type Owner,
  type Role,
  type StoredEvent,
  type UserPut,
  type UserState,
  type WorkspaceState,
} from '@opensync/contracts';

export type User = UserPut;
/** A person at an identity provider. */
export type Identity = NonNullable<UserPut['identities']>[number];
export interface Workspace {
  readonly workspaceId: string;
  /** Absent for workspaces from when only their id was stored. */
  readonly name: string | undefined;
}
export interface Member extends Owner {
  readonly role: Role;
}

/** An owner that only API keys name: from before there were users, or the owner of the first key. */
export interface FormerOwner {
  readonly owner: Owner;
  readonly email: string;
  /** One of the owner's valid keys has the scope `admin`. */
  readonly isAdmin: boolean;
}

export const DEFAULT_WORKSPACE = 'default';
const DEFAULT_WORKSPACE_ID = workspaceIdOf(DEFAULT_WORKSPACE);

/** Where a user logs in who names no workspace: the one that every installation starts with, or their first one. */
export function usualOwnerOf(people: Pick<People, 'membershipsOf'>, userId: string): Owner | undefined {
  const memberships = people.membershipsOf(userId);
  const usual = memberships.find(({ workspaceId }) => workspaceId === DEFAULT_WORKSPACE_ID) ?? memberships[0];
  return usual && { workspaceId: usual.workspaceId, userId };
}

/** The names and addresses of the members of a workspace, to be recognized in texts. */
export function namesOfMembers(people: Pick<People, 'membersOf' | 'user'>, workspaceId: string): string[] {
  return people.membersOf(workspaceId).flatMap(({ userId }) => {
    const { name, email } = people.user(userId) ?? {};
    return [name, email, email?.split('@')[0]].filter((known) => known !== undefined);
  });
}

/**
 * Everybody who is known: users, workspaces and memberships from events, and owners that only API keys name. Such an
 * owner is a user and a member of the workspace as long as no event says otherwise.
 */
export class People {
  readonly #users = new Map<string, UserState>();
  /** User ids, by {@link identityKey}. */
  readonly #identities = new Map<string, string>();
  readonly #workspaces = new Map<string, WorkspaceState>();
  readonly #memberships = new Map<string, MembershipState>();
  /** The sequence of the last event on an owner's subject that this version cannot read, by ownerKey. */
  readonly #unreadable = new Map<string, number>();
  readonly #former: () => ReadonlyMap<string, FormerOwner>;
  #index: FormerIndex | undefined;
  #sequence = 0;

  /** @param former by {@link ownerKey} */
  constructor(former: () => ReadonlyMap<string, FormerOwner> = () => new Map()) {
    this.#former = former;
  }

  /** The highest sequence of the known events about people, including those that this version cannot read. */
  get sequence(): number {
    return this.#sequence;
  }

  saw(sequence: number): void {
    this.#sequence = Math.max(this.#sequence, sequence);
  }

  /** The last event on the subject of a user, workspace or membership cannot be read by this version. */
  sawUnreadable(subject: Owner, sequence: number): void {
    const key = ownerKey(subject);
    this.#unreadable.set(key, Math.max(this.#unreadable.get(key) ?? 0, sequence));
    this.saw(sequence);
  }

  /** Events may come in any order, and repeatedly. */
  apply(event: StoredEvent): void {
    const { user, workspace, membership } = touchedBy(event);
    if (user !== undefined) this.#putUser(user, evolve('user', this.#users.get(user), event));
    if (workspace !== undefined) {
      put(this.#workspaces, workspace, evolve('workspace', this.#workspaces.get(workspace), event));
    }
    if (membership !== undefined) {
      put(this.#memberships, membership, evolve('membership', this.#memberships.get(membership), event));
    }
    this.saw(event.sequence);
  }

  /** Whether an event of a newer version, which this one cannot read, decides about an owner's membership. */
  isUnreadable(owner: Owner): boolean {
    // As ever, unless versions are mixed; every request asks.
    if (this.#unreadable.size === 0) return false;
    const said = this.#memberships.get(ownerKey(owner));
    if (this.#unreadableSince(owner) > (said?.sequence ?? 0)) return true;
    const subjectOfUser = { workspaceId: NONE, userId: owner.userId };
    return !said && this.#unreadableSince(subjectOfUser) > (this.#users.get(owner.userId)?.sequence ?? 0);
  }

  #unreadableSince(subject: Owner): number {
    return this.#unreadable.get(ownerKey(subject)) ?? 0;
  }

  /** The role of a member; undefined if the owner is not a member of the workspace, or {@link isUnreadable}. */
  roleOf(owner: Owner): Role | undefined {
    if (this.isUnreadable(owner)) return undefined;
    const key = ownerKey(owner);
    const said = this.#memberships.get(key);
    if (said) return said.role;
    const former = this.#former().get(key);
    if (!former || this.#users.get(owner.userId)?.removed) return undefined;
    return former.isAdmin ? 'owner' : 'member';
  }

  /** The identity provider that decides about a membership; undefined: the workspace itself. */
  managerOf(owner: Owner): string | undefined {
    const said = this.#memberships.get(ownerKey(owner));
    return said?.role === undefined ? undefined : said.managedBy;
  }

  /** Whether an event says so, not only the owner's keys. */
  isMemberByEvents(owner: Owner): boolean {
    return this.#memberships.get(ownerKey(owner))?.role !== undefined;
  }

  /** Whether an event ended the owner's membership. */
  wasRemoved(owner: Owner): boolean {
    const said = this.#memberships.get(ownerKey(owner));
    return said !== undefined && said.role === undefined;
  }

  /** Whether any event about a user exists, including a removal. */
  knows(userId: string): boolean {
    return this.#users.has(userId) || this.#formerUsers().has(userId);
  }

  /** Whether an event identifies a user. */
  isNamedByEvents(userId: string): boolean {
    return this.#users.has(userId);
  }

  user(userId: string): User | undefined {
    const said = this.#users.get(userId);
    if (said) return said.removed ? undefined : withoutSequence(said);
    const former = this.#formerUsers().get(userId);
    return former && { userId, email: former.email };
  }

  /** The user whom an identity provider knows by this id. Addresses do not matter. */
  findIdentity(identity: Identity): User | undefined {
    const userId = this.#identities.get(identityKey(identity));
    return userId === undefined ? undefined : this.user(userId);
  }

  #putUser(userId: string, state: UserState | undefined): void {
    for (const identity of this.#users.get(userId)?.identities ?? []) {
      const key = identityKey(identity);
      if (this.#identities.get(key) === userId) this.#identities.delete(key);
    }
    put(this.#users, userId, state);
    if (state?.removed) return;
    for (const identity of state?.identities ?? []) this.#identities.set(identityKey(identity), userId);
  }

  /** By e-mail address, users without one last. */
  users(): User[] {
    const ids = new Set([...this.#users.keys(), ...this.#formerUsers().keys()]);
    return [...ids]
      .flatMap((id) => this.user(id) ?? [])
      .sort((a, b) => compare(a.email ?? '\uffff', b.email ?? '\uffff') || compare(a.userId, b.userId));
  }

  /**
   * The user with an id, or every user with an e-mail address: one, except for owners from before there were users
   * and after an import.
   */
  findUsers(emailOrId: string): User[] {
    if (!emailOrId.includes('@')) return [this.user(emailOrId) ?? []].flat();
    const wanted = comparableEmail(emailOrId);
    return this.users().filter(({ email }) => email !== undefined && comparableEmail(email) === wanted);
  }

  /**
   * The user with an e-mail address or id. Owners from before there were users have one id in each workspace: a
   * member of the workspace is preferred, otherwise the first one.
   */
  findUser(emailOrId: string, workspaceId?: string): User | undefined {
    const found = this.findUsers(emailOrId);
    const isMember = ({ userId }: User) => workspaceId !== undefined && this.roleOf({ workspaceId, userId });
    return found.find(isMember) ?? found[0];
  }

  /** By name, workspaces without one last. `default` always exists. */
  workspaces(): Workspace[] {
    const ids = new Set([
      DEFAULT_WORKSPACE_ID,
      ...this.#workspaces.keys(),
      ...[...this.#memberships.values()].map(({ workspaceId }) => workspaceId),
      ...this.#formerOwners().map(({ owner }) => owner.workspaceId),
    ]);
    return [...ids]
      .map((workspaceId) => ({ workspaceId, name: this.#nameOf(workspaceId) }))
      .sort((a, b) => compare(a.name ?? '\uffff', b.name ?? '\uffff') || compare(a.workspaceId, b.workspaceId));
  }

  /** The workspace with an id or name. Ids come first: a name that looks like one must not lead to another workspace. */
  findWorkspace(nameOrId: string): Workspace | undefined {
    const all = this.workspaces();
    return (
      all.find(({ workspaceId }) => workspaceId === nameOrId) ??
      all.find(({ name }) => name === nameOrId) ??
      // Earlier versions derived the id of a workspace from its name and did not store the name.
      all.find(({ workspaceId, name }) => name === undefined && workspaceId === workspaceIdOf(nameOrId))
    );
  }

  /** Of all workspaces. */
  members(): Member[] {
    return this.#members();
  }

  membersOf(workspaceId: string): Member[] {
    return this.#members().filter((member) => member.workspaceId === workspaceId);
  }

  membershipsOf(userId: string): Member[] {
    return this.#members().filter((member) => member.userId === userId);
  }

  #members(): Member[] {
    const owners = new Map<string, Owner>([
      ...this.#formerOwners().map(({ owner }): [string, Owner] => [ownerKey(owner), owner]),
      ...this.#memberships,
    ]);
    const sorted = [...owners].sort(([a], [b]) => compare(a, b));
    return sorted.flatMap(([, { workspaceId, userId }]) => {
      const role = this.roleOf({ workspaceId, userId });
      return role === undefined ? [] : [{ workspaceId, userId, role }];
    });
  }

  #nameOf(workspaceId: string): string | undefined {
    const said = this.#workspaces.get(workspaceId)?.name;
    return said ?? (workspaceId === DEFAULT_WORKSPACE_ID ? DEFAULT_WORKSPACE : undefined);
  }

  #formerOwners(): FormerOwner[] {
    return [...this.#former().values()];
  }

  /** The first former owner of each user. */
  #formerUsers(): ReadonlyMap<string, FormerOwner> {
    const owners = this.#former();
    if (this.#index?.owners !== owners) {
      const users = new Map<string, FormerOwner>();
      for (const one of owners.values()) if (!users.has(one.owner.userId)) users.set(one.owner.userId, one);
      this.#index = { owners, users };
    }
    return this.#index.users;
  }
}

interface FormerIndex {
  /** The map it was computed from: each change creates a new map. */
  readonly owners: ReadonlyMap<string, FormerOwner>;
  readonly users: ReadonlyMap<string, FormerOwner>;
}

function identityKey({ issuer, subject }: Identity): string {
  return JSON.stringify([issuer, subject]);
}

function withoutSequence({ sequence: _, removed: __, ...user }: UserState): User {
  return user;
}

function put<State>(states: Map<string, State>, id: string, state: State | undefined): void {
  if (state !== undefined) states.set(id, state);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
