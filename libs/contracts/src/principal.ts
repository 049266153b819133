import type { Owner, Reader } from './owner.ts';

/**
 * What an API key may do: `ingest` writes, `read` reads, `admin` both, and deletes, edits and publishes. `operator`
 * operates the server, which no other scope includes.
 */
export const SCOPES = ['ingest', 'read', 'admin', 'operator'] as const;
export type Scope = (typeof SCOPES)[number];

/** How long a key may operate the server at most, milliseconds. */
export const OPERATOR_KEY_MS = 30 * 24 * 60 * 60_000;

/** Default scopes of a key: what plugins need. */
export const DEFAULT_SCOPES: readonly Scope[] = ['ingest', 'read'];

/**
 * What a member may do in a workspace, independently of a key's scopes; {@link ACTIONS} defines what each role
 * allows.
 */
export const ROLES = ['owner', 'admin', 'member', 'viewer', 'analyst'] as const;
export type Role = (typeof ROLES)[number];

/** The member of a workspace that a request acts for, through one of their keys. */
export interface Principal extends Owner {
  readonly role: Role;
  readonly scopes: readonly Scope[];
  readonly keyId: string;
  /** What may be shown of the key. */
  readonly keyHint?: string;
  /** Of a person who is logged in with a cookie; `keyId` then is the same. */
  readonly loginId?: string;
  /** The key that this person logged in with: the login has its rights and ends with it. */
  readonly loginKeyId?: string;
}

/** The owner of everything that the caller writes and deletes. */
export function ownerOf({ workspaceId, userId }: Principal): Owner {
  return { workspaceId, userId };
}

/** What the caller may read: their own sessions, and those that other members share with the workspace. */
export function readerOf({ workspaceId, userId }: Owner): Reader {
  return { workspaceId, userId, sessions: 'visible' };
}

/**
 * The action of a route. The caller needs a key with the scope (`admin` includes `ingest` and `read`) and one of the roles.
 * This is the only table that decides access.
 */
export const ACTIONS = {
  /** Writes sessions of the caller. */
  ingest: { scope: 'ingest', roles: ['owner', 'admin', 'member'] },
  /** Reads the text of sessions, or anything that quotes or names them. */
  read: { scope: 'read', roles: ['owner', 'admin', 'member', 'viewer'] },
  /** Reads sums and series, which hold no text. */
  figures: { scope: 'read', roles: ROLES },
  /** Reads which requests the caller's keys have sent; no text either. */
  logs: { scope: 'read', roles: ROLES },
  /** The same of all members. */
  workspaceLogs: { scope: 'admin', roles: ['owner', 'admin'] },
  /** Logs in to the console with a key, asks who the caller is, logs out. */
  account: { scope: 'read', roles: ROLES },
  /** Creates, rotates and revokes the caller's own API keys, and connects logins. A leaked plugin key must not make others. */
  keys: { scope: 'admin', roles: ROLES },
  /** Erases everything of the caller in the workspace. A leaked plugin key must not be able to. */
  eraseMe: { scope: 'admin', roles: ROLES },
  /** Sees who the members of the workspace are. */
  members: { scope: 'read', roles: ['owner', 'admin', 'member', 'viewer'] },
  /** Invites and removes members, changes their roles, and revokes their keys. */
  manageMembers: { scope: 'admin', roles: ['owner', 'admin'] },
  /** Deletes sessions of the caller. A leaked plugin key must not be able to. */
  delete: { scope: 'admin', roles: ['owner', 'admin', 'member'] },
  /**
   * Edits, shares and publishes sessions of the caller. A plugin writes what it saw, and its key must not be able to show
   * that to others.
   */
  curate: { scope: 'admin', roles: ['owner', 'admin', 'member'] },
  /** Judges sessions that other members share, and revokes their public links. */
  review: { scope: 'admin', roles: ['owner', 'admin'] },
  /** Reads the metrics of the process, which are about all owners. */
  metrics: { scope: 'admin', roles: ['owner', 'admin'] },
  /**
   * Operates the server: reads what is stored of any workspace, replays and drops dead letters, rebuilds stores. Workspaces
   * must not see each other, so being an admin of one of them is not enough.
   */
  operate: { scope: 'operator', roles: ['owner', 'admin'] },
} as const satisfies Readonly<Record<string, { readonly scope: Scope; readonly roles: readonly Role[] }>>;
export type Action = keyof typeof ACTIONS;

/**
 * Why the caller may do none of the actions, as a sentence for the caller; undefined if at least one is allowed.
 * Pure.
 */
export function refusalOf({ scopes, role }: Principal, actions: readonly Action[]): string | undefined {
  const inScope = actions.filter((action) => includesScope(scopes, ACTIONS[action].scope));
  if (inScope.length === 0) {
    const needed = new Set(actions.map((action) => ACTIONS[action].scope));
    return `This API key lacks the scope ${[...needed].join(' or ')}`;
  }
  if (inScope.some((action) => (ACTIONS[action].roles as readonly Role[]).includes(role))) return undefined;
  return `Your role in this workspace is ${role}, which does not allow this; an owner of the workspace can change it`;
}

function includesScope(scopes: readonly Scope[], scope: Scope): boolean {
  return scopes.includes(scope) || (scope !== 'operator' && scopes.includes('admin'));
}
