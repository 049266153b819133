import type { MembershipPut, UserPut, WorkspacePut } from '../events/schemas.ts';

/** The latest event about a user, workspace or membership; an event with a lower sequence changes nothing. */
interface Said {
  readonly sequence: number;
}

export type UserState = Said & UserPut & { readonly removed?: true };
export type WorkspaceState = Said & WorkspacePut;
/** Without a role: no longer a member. */
export type MembershipState = Said & Omit<MembershipPut, 'role'> & Partial<Pick<MembershipPut, 'role'>>;

/** The later of the known event and a new one. Pure; each event holds all facts, so the order does not matter. */
export function later<State extends Said>(known: State | undefined, said: State): State {
  return known && known.sequence >= said.sequence ? known : said;
}

/** The normal form in which two e-mail addresses of the same mailbox are equal. */
export function comparableEmail(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase();
}
