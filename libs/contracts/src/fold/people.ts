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

const ASCII = /^[\0-\x7f]*$/;
const BLANKS_AROUND = /^[ \t\r\n]+|[ \t\r\n]+$/g;

/**
 * An e-mail address as it is stored: in NFKC, so that it does not matter how a keyboard composes an accent. An address
 * with a character that NFKC turns into ASCII, such as the Kelvin sign or a full-width letter, stays as it is: it would
 * become the address of somebody else.
 */
export function normalEmail(email: string): string {
  const written = email.replace(BLANKS_AROUND, '');
  return [...written].some(becomesAscii) ? written : written.normalize('NFKC');
}

function becomesAscii(character: string): boolean {
  return !ASCII.test(character) && /[\0-\x7f]/.test(character.normalize('NFKC'));
}

/**
 * The form in which two e-mail addresses of the same mailbox are equal. Only ASCII letters fold: what other alphabets
 * make of upper case depends on the language, and `K` in lower case is an ASCII `k` even for the Kelvin sign.
 */
export function comparableEmail(email: string): string {
  return normalEmail(email).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Whether the domain can be compared: an international one has an ASCII form of its own, `xn--…`. */
export function hasAsciiDomain(email: string): boolean {
  return ASCII.test(email.slice(email.lastIndexOf('@')));
}

/**
 * Whether ids that are derived from the address ({@link userIdOf}) are those of another, ASCII address: they ignore the
 * case of all alphabets.
 */
export function sharesDerivedIds(email: string): boolean {
  return !ASCII.test(email.trim()) && ASCII.test(email.trim().toLowerCase());
}
