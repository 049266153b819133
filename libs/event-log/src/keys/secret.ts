import { ConfigError } from '@opensync/platform';
import { jetstreamManager } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { isCopied } from '../bucket-watch.ts';
import type { LogConnection } from '../connection.ts';
import { KEY_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { createOrGet } from './entries.ts';
import { fingerprintOf, newSecret, SECRET_ENTRY, secretEntrySchema, type SecretEntry } from './records.ts';

/**
 * The secret that keys are hashed with: the configured one, otherwise one that the first process generates and
 * stores.
 * @param isReader whether another process stores what is missing
 * @throws ConfigError if the stored keys were hashed with another secret; AppError UNAVAILABLE
 */
export async function agreeOnSecret(
  nc: LogConnection,
  bucket: KV,
  configured: string | undefined,
  isReader = false,
): Promise<string> {
  const proposed = configured ?? newSecret();
  const entry = secretEntryOf(proposed, { configured: configured !== undefined });
  const stored = secretEntrySchema.parse(await orUnavailable(nc, () => storedSecret(nc, bucket, entry, isReader)));
  const secret = configured ?? stored.secret;
  if (secret === undefined || fingerprintOf(secret) !== stored.fingerprint) {
    throw otherSecret();
  }
  return secret;
}

/**
 * The bucket's entry. If there is none, it becomes the given one, unless another process stores it.
 * @throws Error if there is something else in its place
 */
export async function storedSecret(
  nc: LogConnection,
  bucket: KV,
  entry: SecretEntry,
  isReader: boolean,
): Promise<unknown> {
  const { streams } = await jetstreamManager(nc, { checkAPI: false });
  const stored = await streams.getMessage(`KV_${KEY_BUCKET}`, { last_by_subj: `$KV.${KEY_BUCKET}.${SECRET_ENTRY}` });
  const header = (name: string) => stored?.header.get(name) || undefined;
  if (stored && isCopied(header)) throw new Error('the secret of the API keys was overwritten');
  if (stored && header('KV-Operation') === undefined) return stored.json();
  if (isReader) throw new Error('the keeper has not stored the secret of the API keys yet');
  return createOrGet(bucket, SECRET_ENTRY, entry);
}

export function otherSecret(): ConfigError {
  return new ConfigError('OPENSYNC_KEY_SECRET: the stored API keys were hashed with another secret; set that secret');
}

/** A configured secret is not stored. */
export function secretEntryOf(secret: string, { configured }: { configured: boolean }): SecretEntry {
  return { fingerprint: fingerprintOf(secret), ...(!configured && { secret }) };
}
