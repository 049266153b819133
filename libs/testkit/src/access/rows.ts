import type { Role, Scope } from '@opensync/contracts';

/** Whose session a call names, or could show, seen by the caller. */
export const TARGETS = {
  own: 'own',
  trash: 'own, in the trash',
  shared: 'shared by another member',
  private: 'of another member',
  elsewhere: 'of another workspace',
} as const;
export type Target = keyof typeof TARGETS;
export const TARGET_NAMES = Object.keys(TARGETS) as Target[];

/**
 * What a call may do with a session. `yes`: shows or changes it. `nothing`: the answer is `2xx`, but neither shows nor
 * changes anything of it.
 */
export type Verdict = 'yes' | 'nothing' | 400 | 403 | 404;

/** What a call names: a session by either id, a write by its `Osk-Sequence`, words to search for, and content of the session. */
export interface Named {
  readonly session: string;
  readonly sequence: string;
  readonly words: string;
  /** A message of the session. */
  readonly message: string;
  /** The hash of an image of the session. */
  readonly sha256: string;
}

export interface Call {
  readonly path: string;
  readonly json?: object;
}

/**
 * One row of the access matrix: what each role may do with each kind of session. Without a key the answer is always `401`,
 * and with a key of another scope, or of another role, `403`.
 */
export interface AccessRow {
  /** What the call does; only if its route has several rows. */
  readonly does?: string;
  /** The least scope that is enough: `admin` includes `ingest` and `read`. */
  readonly scope: Scope;
  /** Scopes that are refused; by default all that do not include it. */
  readonly refused?: readonly Scope[];
  readonly roles: readonly Role[];
  /** Sessions that are left out do not matter to the call. */
  readonly sessions: Partial<Readonly<Record<Target, Verdict>>>;
  /** Different for owners and admins of the workspace. */
  readonly forAdmins?: Partial<Readonly<Record<Target, Verdict>>>;
  /** The call changes the session: each is made with a session of its own. */
  readonly changes?: true;
  /** The call names the session by the id that its plugin gave it; by default by ours. */
  readonly byExternalId?: true;
  /** How an answer shows a session: by a text of it (the default), by the id of its owner, or by its status alone. */
  readonly shownBy?: 'owner' | 'status';
  /** Another call than the one of the route. */
  readonly call?: (named: Named) => Call;
}

/** The rows of one route. */
export type AccessRows = readonly [AccessRow, ...AccessRow[]];

export const EVERY_ROLE: readonly Role[] = ['owner', 'admin', 'member', 'viewer', 'analyst'];
export const READERS: readonly Role[] = ['owner', 'admin', 'member', 'viewer'];
export const WRITERS: readonly Role[] = ['owner', 'admin', 'member'];

/** Reads a session that the call names. */
export const NAMED: AccessRow = {
  ...{ scope: 'read', roles: READERS },
  sessions: { own: 'yes', trash: 404, shared: 'yes', private: 404, elsewhere: 404 },
};

/** Reads how far a write has come, also one of a session that was deleted since. */
export const RECEIPT: AccessRow = { ...NAMED, sessions: { ...NAMED.sessions, trash: 'yes' }, shownBy: 'status' };

/** Reads what the caller may see of all sessions: lists, searches. */
export const FOUND: AccessRow = {
  ...{ scope: 'read', roles: READERS },
  sessions: { own: 'yes', trash: 'nothing', shared: 'yes', private: 'nothing', elsewhere: 'nothing' },
};

/** Sums over what the caller may see, which hold no text. */
export const FIGURES: AccessRow = { ...FOUND, roles: EVERY_ROLE };

/** Writes a session of a plugin: one of the caller, whatever the id. */
export const WRITTEN: AccessRow = {
  ...{ scope: 'ingest', roles: WRITERS, changes: true, byExternalId: true },
  sessions: { own: 'yes', trash: 'yes', shared: 'nothing', private: 'nothing', elsewhere: 'nothing' },
};

const own: AccessRow = {
  ...{ scope: 'ingest', refused: [], roles: WRITERS, byExternalId: true },
  sessions: { own: 'yes', trash: 'nothing', shared: 'nothing', private: 'nothing', elsewhere: 'nothing' },
};

/** Reads sessions of the caller alone, for plugins, whose keys may lack either scope. */
export const OWN: AccessRows = [own, { ...own, scope: 'read', roles: READERS }];

/** Changes a session of the caller. */
export const CHANGED: AccessRow = {
  ...{ scope: 'admin', roles: WRITERS, changes: true, shownBy: 'status' },
  sessions: { own: 'yes', trash: 404, shared: 403, private: 404, elsewhere: 404 },
};

/** Judges a session: admins also those that others share. */
export const JUDGED: AccessRow = { ...CHANGED, forAdmins: { shared: 'yes' } };

/** Deletes a session, or takes it back. */
export const DELETED: AccessRow = { ...CHANGED, sessions: { ...CHANGED.sessions, trash: 'yes' } };

/** Operates the server, for no key of a workspace's admins. */
export const OPERATES: AccessRow = { scope: 'operator', roles: ['owner', 'admin'], sessions: {} };

/** Is about the caller alone. */
export const ABOUT_THE_CALLER: AccessRow = { scope: 'read', roles: EVERY_ROLE, sessions: {} };

/** Changes the caller's own keys. */
export const KEYS: AccessRow = { scope: 'admin', roles: EVERY_ROLE, sessions: {} };

/** Sees who the members are. */
export const MEMBERS: AccessRow = { scope: 'read', roles: READERS, sessions: {} };

/** Changes who the members are. */
export const MANAGED: AccessRow = { scope: 'admin', roles: ['owner', 'admin'], sessions: {} };

/** The same of a member or an invitation that does not exist. */
export const NO_MEMBER: AccessRow = { ...MANAGED, sessions: { own: 404 } };

/** Lists what can be restored. */
export const TRASH: AccessRow = {
  ...{ scope: 'admin', roles: WRITERS },
  sessions: { own: 'nothing', trash: 'yes', shared: 'nothing', private: 'nothing', elsewhere: 'nothing' },
};

/** Is about no session, for any key. */
export const ABOUT_NO_SESSION: AccessRows = [
  { scope: 'ingest', refused: [], roles: WRITERS, sessions: {} },
  { scope: 'read', refused: [], roles: EVERY_ROLE, sessions: {} },
];
