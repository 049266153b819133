import { hash, randomBytes } from 'node:crypto';
import type { Owner } from './owner.ts';

/** Crockford base32: no I, L, O or U, so that an id survives being read aloud or retyped. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_CHARACTERS = 26;
/** The two characters of each value of 10 bits. */
const PAIRS = Array.from({ length: 1024 }, (_, bits) => `${ALPHABET[bits >> 5]}${ALPHABET[bits & 31]}`);

/**
 * `<prefix>_` and the first 26 Crockford base32 characters (130 bits) of SHA-256 over the JSON array
 * of `components`. JSON keeps the boundaries: `['a','bc']` and `['ab','c']` differ.
 */
function deriveId(prefix: string, ...components: readonly (string | number)[]): string {
  // Each event has two or more ids. In one call, as text with a character for each byte: a hash object or a buffer would cost
  // more than the hash.
  const digest = hash('sha256', JSON.stringify(components), 'binary');
  let id = `${prefix}_`;
  let value = 0;
  let bits = 0;
  for (let at = 0, left = ID_CHARACTERS; left > 0;) {
    value = (value << 8) | digest.charCodeAt(at++);
    bits += 8;
    if (bits < 10) continue;
    bits -= 10;
    id += PAIRS[value >>> bits];
    value &= (1 << bits) - 1;
    left -= 2;
  }
  return id;
}

/** `<prefix>_` and 130 random bits, for ids that cannot be derived. */
function randomId(prefix: string): string {
  // 32 divides 256: each character is as likely as any other.
  return `${prefix}_${Array.from(randomBytes(ID_CHARACTERS), (byte) => ALPHABET[byte & 31]).join('')}`;
}

/** The form of ids with one of these prefixes. */
export function idPattern(...prefixes: readonly [string, ...string[]]): RegExp {
  return new RegExp(`^(?:${prefixes.join('|')})_[${ALPHABET}]{${ID_CHARACTERS}}$`);
}

/** `key_…` of an API key. */
export function newKeyId(): string {
  return randomId('key');
}

/** `lgn_…` of a login. It is shown to its person, and gives no access. */
export function newLoginId(): string {
  return randomId('lgn');
}

/** `inv_…` of an invitation. It is shown to those who manage members, and gives no access. */
export function newInvitationId(): string {
  return randomId('inv');
}

/** `ers_…` of an erasure. It is not guessable: the certificate is shown to anybody who has it. */
export function newErasureId(): string {
  return randomId('ers');
}

/** `usr_…` of a user: it reveals nothing about the user, and stays when the e-mail address changes. */
export function newUserId(): string {
  return randomId('usr');
}

/** `wsp_…` of a workspace that can be renamed. */
export function newWorkspaceId(): string {
  return randomId('wsp');
}

/** `wsp_…` of the workspace of an organization that an identity provider has: every gateway knows it without asking. */
export function workspaceIdOfOrganization(issuer: string, organization: string): string {
  return deriveId('wsp', 'organization', issuer, organization);
}

/** `wsp_…` of the workspace `default`, and of workspaces from when ids were derived from names. */
export function workspaceIdOf(name: string): string {
  return deriveId('wsp', name);
}

/** `usr_…` of users from when ids were derived from the e-mail address, within a workspace; ignores case. */
export function userIdOf(workspaceId: string, email: string): string {
  return deriveId('usr', workspaceId, email.trim().toLowerCase());
}

/** `ses_…`: derived from the owner, so two owners can use the same external id. */
export function sessionIdOf(owner: Owner, externalId: string): string {
  return deriveId('ses', owner.workspaceId, owner.userId, externalId);
}

/** `msg_…` of a message's external id within its session. */
export function messageIdOf(sessionId: string, externalId: string): string {
  return deriveId('msg', sessionId, externalId);
}

/** `prt_…` of the part at `order` (0-based) of a message. */
export function partIdOf(messageId: string, order: number): string {
  return deriveId('prt', messageId, order);
}
