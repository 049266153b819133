import type { Answer } from '../../api/client.ts';

export type Member = Answer<'/api/members'>['members'][number];
export type Invitation = Answer<'/api/invitations'>['invitations'][number];
export type Role = Member['role'];

/** What each role may do, in a line; docs/access.md has all of it. */
export const ROLES: readonly { readonly role: Role; readonly about: string }[] = [
  { role: 'owner', about: 'everything; owners make other owners' },
  { role: 'admin', about: 'manages members, keys and shared sessions' },
  { role: 'member', about: 'sends sessions, and reads what is shared' },
  { role: 'viewer', about: 'reads what is shared' },
  { role: 'analyst', about: 'sees figures, and no text' },
];

/** The roles that somebody may give to another person: only owners make owners. Pure. */
export function rolesToGive(of: Role): readonly Role[] {
  const all = ROLES.map(({ role }) => role);
  return of === 'owner' ? all : of === 'admin' ? all.filter((role) => role !== 'owner') : [];
}

/** Whether somebody may change or remove this member: of an owner only owners may. Pure. */
export function mayChange(of: Role, { role }: Pick<Member, 'role'>): boolean {
  return of === 'owner' || (of === 'admin' && role !== 'owner');
}

/** What a person is called here. Pure. */
export function nameOf({ id, email, name }: { readonly id: string; readonly email?: string; readonly name?: string }) {
  return name ?? email ?? id;
}

/** What an invited person opens. The token is in the fragment, which reaches no server. Pure. */
export function invitationLink(server: string, { url, token }: { readonly url?: string; readonly token: string }) {
  return url ?? `${server}/auth/login#invitation=${token}`;
}
