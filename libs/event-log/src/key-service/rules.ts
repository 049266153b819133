import { ACTIONS, type Principal, type Role, type Scope } from '@opensync/contracts';
import { AppError } from '@opensync/platform';

/** Scopes that a key can get over HTTP. Keys that operate the server are made on the server. */
export const PERSONAL_SCOPES = ['ingest', 'read', 'admin'] as const satisfies readonly Scope[];

/**
 * Refuses scopes that the caller does not have: a key must not be able to make a stronger one. Pure.
 * @throws AppError FORBIDDEN
 */
export function assertOwnScopes({ scopes }: Pick<Principal, 'scopes'>, wanted: readonly Scope[]): void {
  if (wanted.includes('operator')) {
    throw new AppError('FORBIDDEN', 'Keys with the scope operator are made on the server only: opensync keys create');
  }
  const missing = wanted.filter((scope) => !scopes.includes('admin') && !scopes.includes(scope));
  if (missing.length === 0) return;
  throw new AppError('FORBIDDEN', `You cannot give a key the scope ${missing.join(' or ')}, which you do not have`);
}

/**
 * Refuses to give or take a role that is above the caller's: only owners make, change and remove owners. Pure.
 * @param roles the role that a member has, and the one that they get
 * @throws AppError FORBIDDEN
 */
export function assertMayAssign({ role }: Pick<Principal, 'role'>, roles: readonly (Role | undefined)[]): void {
  if (role === 'owner' || !roles.includes('owner')) return;
  throw new AppError('FORBIDDEN', 'Only an owner of the workspace can invite, change or remove an owner');
}

/**
 * Refuses a key, and a login that came from one: what lasts longer than the key, and reaches further than its workspace, is for
 * a person who has shown who they are. Otherwise somebody who found a key could log in as that person from then on. Pure.
 * @throws AppError FORBIDDEN
 */
export function assertPerson({ loginId, loginKeyId }: Pick<Principal, 'loginId' | 'loginKeyId'>): void {
  if (loginId !== undefined && loginKeyId === undefined) return;
  throw new AppError(
    'FORBIDDEN',
    'A key, and a login with one, may not do this: log in with a link (opensync users login-link), or at a provider',
  );
}

/** Whether a member with this role may invite. */
export function mayInvite(role: Role | undefined): boolean {
  return role !== undefined && (ACTIONS.manageMembers.roles as readonly Role[]).includes(role);
}
