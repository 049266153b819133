import { hash, randomBytes } from 'node:crypto';
import type { Owner } from './owner.ts';

/** Crockford base32: no I, L, O or U, so that an id survives being read aloud or retyped. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_CHARACTERS = 26;

/**
 * `<prefix>_` and the first 26 Crockford base32 characters (130 bits) of SHA-256 over the JSON array
 * of `components`. JSON keeps the boundaries: `['a','bc']` and `['ab','c']` differ.
 */
function deriveId(prefix: string, ...components: readonly (string | number)[]): string {
  // In one call: each event has two or more ids, and a hash object would cost as much as the rest.
  const digest = hash('sha256', JSON.stringify(components), 'buffer');
  let id = '';
  let bits = 0;
  let value = 0;
  for (const byte of digest) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5 && id.length < ID_CHARACTERS) {
      bits -= 5;
      id += ALPHABET[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
    if (id.length === ID_CHARACTERS) break;
  }
  return `${prefix}_${id}`;
}

/** `<prefix>_` and 130 random bits, for ids that cannot be derived. */
function randomId(prefix: string): string {
  // 32 divides 256: each character is as likely as any other.
  return `${prefix}_${Array.from(randomBytes(ID_CHARACTERS), (byte) => ALPHABET[byte & 31]).join('')}`;
}

/** `key_…` of an API key. */
export function newKeyId(): string {
  return randomId('key');
}

/** `lgn_…` of a login. It is shown to its person, and gives no access. */
export function newLoginId(): string {
  return randomId('lgn');
}

/** `usr_…` of a user: it reveals nothing about the user, and stays when the e-mail address changes. */
export function newUserId(): string {
  return randomId('usr');
}

/** `wsp_…` of a workspace that can be renamed. */
export function newWorkspaceId(): string {
  return randomId('wsp');
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
