import { ConfigError } from '@opensync/platform';
import type { KV } from '@nats-io/kv';
import type { LogConnection } from '../connection.ts';
import { orUnavailable } from '../unavailable.ts';
import { createOrGet } from './entries.ts';
import { fingerprintOf, newSecret, SECRET_ENTRY, secretEntrySchema, type SecretEntry } from './records.ts';

/**
 * The secret that keys are hashed with: the configured one, otherwise one that the first process generates and
 * stores.
 * @throws ConfigError if the stored keys were hashed with another secret; AppError UNAVAILABLE
 */
export async function agreeOnSecret(nc: LogConnection, bucket: KV, configured: string | undefined): Promise<string> {
  const proposed = configured ?? newSecret();
  const entry = secretEntryOf(proposed, { configured: configured !== undefined });
  const stored = secretEntrySchema.parse(await orUnavailable(nc, () => createOrGet(bucket, SECRET_ENTRY, entry)));
  const secret = configured ?? stored.secret;
  if (secret === undefined || fingerprintOf(secret) !== stored.fingerprint) {
    throw otherSecret();
  }
  return secret;
}

export function otherSecret(): ConfigError {
  return new ConfigError('OPENSYNC_KEY_SECRET: the stored API keys were hashed with another secret; set that secret');
}

/** A configured secret is not stored. */
export function secretEntryOf(secret: string, { configured }: { configured: boolean }): SecretEntry {
  return { fingerprint: fingerprintOf(secret), ...(!configured && { secret }) };
}
