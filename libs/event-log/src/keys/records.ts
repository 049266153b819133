import { createHmac, randomBytes } from 'node:crypto';
import type { Scope } from '@opensync/contracts';
import { z } from 'zod';

const HINT_LENGTH = 5;

/** The stored record of an API key. The key itself is never stored. */
export const apiKeyRecordSchema = z.object({
  /** `key_…` */
  id: z.string(),
  /** What may be shown of the key, to distinguish keys: {@link hintOf}. Records of earlier versions have its first 12 characters. */
  prefix: z.string().transform((shown) => (shown.length > HINT_LENGTH ? `${shown.slice(4, 8)}…` : shown)),
  name: z.string(),
  email: z.string(),
  owner: z.object({ workspaceId: z.string(), userId: z.string() }),
  /** Those of a newer version are kept; they allow nothing here. */
  scopes: z.array(z.string().transform((scope) => scope as Scope)),
  /** Milliseconds since the epoch, like the other times. */
  createdAt: z.number(),
  /** Absent: never. */
  expiresAt: z.number().optional(),
  /** When it was used, give or take {@link USE_WRITTEN_EVERY_MS}. Absent: never, or requests are not logged. */
  usedAt: z.number().optional(),
  /** The key that replaced it at a rotation. */
  replacedBy: z.string().optional(),
  /** Absent: in use. */
  revokedAt: z.number().optional(),
  /**
   * Events name its owner. Absent for the first key and for keys of earlier versions, which name their owner
   * themselves.
   */
  isOwnerOnLog: z.literal(true).optional(),
  /** The log also has the revocation. */
  isRevocationOnLog: z.literal(true).optional(),
});
export type ApiKeyRecord = z.infer<typeof apiKeyRecordSchema>;

/** How often the use of a key is written, at most: each write reaches every gateway. */
export const USE_WRITTEN_EVERY_MS = 10 * 60_000;

/**
 * The record with the earlier revocation and expiry of both; the same object if nothing changes. Both logs then have
 * the events, so a revocation in one of them applies to both.
 */
export function restrict(record: ApiKeyRecord, other: ApiKeyRecord): ApiKeyRecord {
  const revokedAt = earlier(record.revokedAt, other.revokedAt);
  const expiresAt = earlier(record.expiresAt, other.expiresAt);
  const isRevocationOnLog = record.isRevocationOnLog ?? other.isRevocationOnLog;
  if (
    revokedAt === record.revokedAt &&
    expiresAt === record.expiresAt &&
    isRevocationOnLog === record.isRevocationOnLog
  ) {
    return record;
  }
  return {
    ...record,
    ...(revokedAt !== undefined && { revokedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(isRevocationOnLog && { isRevocationOnLog }),
  };
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

export function isExpired({ expiresAt }: ApiKeyRecord): boolean {
  return expiresAt !== undefined && expiresAt <= Date.now();
}

/** The bucket's own entry: which secret the keys are hashed with, and the secret itself if none was configured. */
export const secretEntrySchema = z.object({ fingerprint: z.string(), secret: z.string().optional() });
export type SecretEntry = z.infer<typeof secretEntrySchema>;

export const SECRET_ENTRY = 'secret';
const RECORD_PREFIX = 'key.';
const KEY_BYTES = 32;

/** `osk_` and 256 random bits. */
export function newKey(): string {
  return `osk_${randomBytes(KEY_BYTES).toString('base64url')}`;
}

/** Everything that is ever shown of a key again: its last four characters. */
export function hintOf(key: string): string {
  return `…${key.slice(-4)}`;
}

/** HMAC-SHA256, hexadecimal. Fast is right here: a random key of 256 bits cannot be guessed at any speed. */
export function hashOf(key: string, secret: string): string {
  return createHmac('sha256', secret).update(key).digest('hex');
}

/** Identifies a secret without revealing anything about it. */
export function fingerprintOf(secret: string): string {
  return hashOf('fingerprint', secret);
}

export function newSecret(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

/** The bucket entry of a key's record. */
export function entryOf(hash: string): string {
  return RECORD_PREFIX + hash;
}

/** The hash in an entry's name, or undefined for another kind of entry. */
export function hashOfEntry(entry: string): string | undefined {
  return entry.startsWith(RECORD_PREFIX) ? entry.slice(RECORD_PREFIX.length) : undefined;
}
