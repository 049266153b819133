import { createHash, randomBytes } from 'node:crypto';

/** 192 random bits: nobody guesses one. */
const SECRET_BYTES = 24;
const SLUG = /^[\w-]{32}$/;

/** The secret of a new link. It is shown once; the log and the stores keep its hash. */
export function newSlug(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** The hash that finds a link; undefined for a malformed secret. Without a salt, because the secret is random. */
export function hashOfSlug(slug: string): string | undefined {
  return SLUG.test(slug) ? createHash('sha256').update(slug).digest('base64url') : undefined;
}
