import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

const TOKEN_BYTES = 32;

const ownerSchema = z.object({ workspaceId: z.string(), userId: z.string() });

/** How a person showed who they are. */
export const LOGIN_MEANS = ['key', 'link', 'oidc', 'workos'] as const;
export type LoginMeans = (typeof LOGIN_MEANS)[number];

/** The stored record of a login. The token of its cookie is never stored. Times are milliseconds since the epoch. */
export const loginRecordSchema = z.object({
  /** `lgn_…` */
  id: z.string(),
  owner: ownerSchema,
  /** One of {@link LOGIN_MEANS}, or one of a newer version. */
  means: z.string(),
  /** The key that logged in: the login may do what the key may do, for as long as the key is valid. */
  keyId: z.string().optional(),
  createdAt: z.number(),
  /** When it ends, however much it is used. */
  endsAt: z.number(),
  /** When it was used, give or take {@link TOUCHED_EVERY}. */
  usedAt: z.number(),
});
export type LoginRecord = z.infer<typeof loginRecordSchema>;

/** The stored record of a link that logs in once. */
export const linkRecordSchema = z.object({
  owner: ownerSchema,
  expiresAt: z.number(),
});
export type LinkRecord = z.infer<typeof linkRecordSchema>;

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

/** What an entry of the bucket is about; undefined for one of a newer version. */
export function hashOfEntry(entry: string): { readonly kind: 'login' | 'link'; readonly hash: string } | undefined {
  if (entry.startsWith(LOGIN_PREFIX)) return { kind: 'login', hash: entry.slice(LOGIN_PREFIX.length) };
  if (entry.startsWith(LINK_PREFIX)) return { kind: 'link', hash: entry.slice(LINK_PREFIX.length) };
  return undefined;
}
