import { createHash, randomBytes } from 'node:crypto';
import { ROLES } from '@opensync/contracts';
import { z } from 'zod';

const TOKEN_BYTES = 32;

const ownerSchema = z.object({ workspaceId: z.string(), userId: z.string() });

/** How a person showed who they are. */
export type LoginMeans = 'key' | 'link' | 'invitation' | 'oidc' | 'workos';

/** What is kept of the login at an identity provider that a login here came from. */
const storedProviderSchema = z.object({
  /** One of {@link LoginMeans}. */
  id: z.string(),
  issuer: z.string(),
  subject: z.string(),
  /** The provider's id of the login there. */
  session: z.string().optional(),
  /** The provider's refresh token, encrypted, to check that login later. Absent: it cannot be checked. */
  sealed: z.string().optional(),
  /** When to ask next. */
  checkAt: z.number().optional(),
  /** Since when the provider does not answer. */
  failingSince: z.number().optional(),
});
export type StoredProvider = z.infer<typeof storedProviderSchema>;

/** The stored record of a login. The token of its cookie is never stored. Times are milliseconds since the epoch. */
export const loginRecordSchema = z.object({
  /** `lgn_…` */
  id: z.string(),
  owner: ownerSchema,
  /** One of {@link LoginMeans}, or one of a newer version. */
  means: z.string(),
  /** The key that logged in: the login may do what the key may do, for as long as the key is valid. */
  keyId: z.string().optional(),
  /** Until when it may also operate the server: the link that began it came from someone with access to it. */
  operatorUntil: z.number().optional(),
  createdAt: z.number(),
  /** When it ends, however much it is used. */
  endsAt: z.number(),
  /** When it was used, give or take {@link TOUCHED_EVERY_MS}. */
  usedAt: z.number(),
  provider: storedProviderSchema.optional(),
});
export type LoginRecord = z.infer<typeof loginRecordSchema>;

/** A record as the bucket has it. */
export interface Stored<Record> {
  readonly record: Record;
  /** Of the bucket, to replace exactly this version. */
  readonly revision: number;
}

/** The stored record of a link that logs in once. */
export const linkRecordSchema = z.object({
  owner: ownerSchema,
  /** The login may operate the server for a while. */
  isOperator: z.literal(true).optional(),
  expiresAt: z.number(),
});
export type LinkRecord = z.infer<typeof linkRecordSchema>;

/** The stored record of an invitation. Its token is never stored. Times are milliseconds since the epoch. */
export const invitationSchema = z.object({
  /** `inv_…` */
  id: z.string(),
  workspaceId: z.string(),
  role: z.enum(ROLES),
  /** Whom it is meant for: a note for people. The token is what counts. */
  email: z.string().optional(),
  /** The member who invited. The invitation is worth as much as they may do when it is accepted. */
  invitedBy: z.string(),
  createdAt: z.number(),
  expiresAt: z.number(),
});
export type Invitation = z.infer<typeof invitationSchema>;

/** Something that may happen once, such as the end of a login that was begun. */
export const onceSchema = z.object({ expiresAt: z.number() });
export type Once = z.infer<typeof onceSchema>;

const ONCE_PREFIX = 'once.';
const INVITATION_PREFIX = 'invitation.';
const LOGIN_PREFIX = 'login.';
const LINK_PREFIX = 'link.';

/** 256 random bits. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** SHA-256, hexadecimal. A random token of 256 bits needs neither a slow hash nor a secret. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function loginEntry(hash: string): string {
  return LOGIN_PREFIX + hash;
}

export function linkEntry(hash: string): string {
  return LINK_PREFIX + hash;
}

export function invitationEntry(hash: string): string {
  return INVITATION_PREFIX + hash;
}

export function onceEntry(hash: string): string {
  return ONCE_PREFIX + hash;
}

export type EntryKind = 'login' | 'link' | 'invitation' | 'once';

/** What an entry of the bucket is about; undefined for one of a newer version. */
export function hashOfEntry(entry: string): { readonly kind: EntryKind; readonly hash: string } | undefined {
  if (entry.startsWith(INVITATION_PREFIX)) return { kind: 'invitation', hash: entry.slice(INVITATION_PREFIX.length) };
  if (entry.startsWith(ONCE_PREFIX)) return { kind: 'once', hash: entry.slice(ONCE_PREFIX.length) };
  if (entry.startsWith(LOGIN_PREFIX)) return { kind: 'login', hash: entry.slice(LOGIN_PREFIX.length) };
  if (entry.startsWith(LINK_PREFIX)) return { kind: 'link', hash: entry.slice(LINK_PREFIX.length) };
  return undefined;
}
