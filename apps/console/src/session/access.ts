import type { Login } from '../api/types.ts';

type Role = Login['role'];
type Scope = Login['scopes'][number];
const ALL: readonly Role[] = ['owner', 'admin', 'member', 'viewer', 'analyst'];

/**
 * Who may do what, so that nothing is offered that would be refused. The server decides by a table of its own, and a test
 * compares the two.
 */
export const ACTIONS = {
  ingest: { scope: 'ingest', roles: ['owner', 'admin', 'member'] },
  read: { scope: 'read', roles: ['owner', 'admin', 'member', 'viewer'] },
  figures: { scope: 'read', roles: ALL },
  logs: { scope: 'read', roles: ALL },
  workspaceLogs: { scope: 'admin', roles: ['owner', 'admin'] },
  account: { scope: 'read', roles: ALL },
  keys: { scope: 'admin', roles: ALL },
  eraseMe: { scope: 'admin', roles: ALL },
  members: { scope: 'read', roles: ['owner', 'admin', 'member', 'viewer'] },
  manageMembers: { scope: 'admin', roles: ['owner', 'admin'] },
  delete: { scope: 'admin', roles: ['owner', 'admin', 'member'] },
  curate: { scope: 'admin', roles: ['owner', 'admin', 'member'] },
  review: { scope: 'admin', roles: ['owner', 'admin'] },
  metrics: { scope: 'admin', roles: ['owner', 'admin'] },
  operate: { scope: 'operator', roles: ['owner', 'admin'] },
} as const satisfies Readonly<Record<string, { readonly scope: Scope; readonly roles: readonly Role[] }>>;
export type Action = keyof typeof ACTIONS;

export function allows({ scopes, role }: Pick<Login, 'scopes' | 'role'>, action: Action): boolean {
  const { scope, roles } = ACTIONS[action];
  const isInScope = scopes.includes(scope) || (scope !== 'operator' && scopes.includes('admin'));
  return isInScope && (roles as readonly Role[]).includes(role);
}

/** Why not, as a sentence for the person. */
export function refusalOf({ role }: Pick<Login, 'role'>, action: Action): string {
  return (ACTIONS[action].roles as readonly Role[]).includes(role)
    ? 'The key that you logged in with does not allow this. Log in with another one, or with a link.'
    : `Your role in this workspace is ${role}, which does not allow this. An owner of the workspace can change it.`;
}
