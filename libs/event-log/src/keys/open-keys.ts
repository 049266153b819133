import { ConfigError, type Logger, type Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { LogConnection } from '../connection.ts';
import { KeyDirectory, type NewApiKey } from './key-directory.ts';
import { isExpired, type ApiKeyRecord } from './records.ts';

const FIRST_KEY_NAME = 'first key';
/** A shorter key could be guessed. */
const SHORTEST_NEW_KEY = 32;

/** The settings of a process that checks API keys. */
export const KEY_SETTINGS = [
  'OPENSYNC_KEY_SECRET',
  'OPENSYNC_BOOTSTRAP_KEY',
  'OPENSYNC_BOOTSTRAP_EMAIL',
] as const satisfies (keyof Settings)[];
export type KeySettings = Pick<Settings, (typeof KEY_SETTINGS)[number]>;

/**
 * The complete key directory, closed at the end.
 * @throws ConfigError if the stored keys were hashed with another secret; AppError UNAVAILABLE
 */
export async function openKeys(nc: LogConnection, settings: KeySettings, disposal: Disposal): Promise<KeyDirectory> {
  const keys = await KeyDirectory.open(nc, { secret: settings.OPENSYNC_KEY_SECRET });
  disposal.defer('keys', () => keys.close());
  await keys.ready();
  return keys;
}

/** OPENSYNC_BOOTSTRAP_KEY, if it is set. */
export interface GivenKey {
  /** This run created it as the first key. */
  readonly isNew: boolean;
  /** Why it grants no access, as the rest of a sentence about it. */
  readonly problem?: string;
}

/**
 * Creates the given key as the first API key if there is none at all, and only then: a revoked key must not come back
 * at a restart. Logs a warning for a key that grants no access. Replicas that start at the same moment create it
 * once. Shorter keys of earlier versions stay valid.
 * @throws ConfigError for a new key that is too short; AppError UNAVAILABLE
 */
export async function provideGivenKey(
  keys: KeyDirectory,
  settings: KeySettings,
  logger: Logger,
): Promise<GivenKey | undefined> {
  const { OPENSYNC_BOOTSTRAP_KEY: key, OPENSYNC_BOOTSTRAP_EMAIL: email } = settings;
  if (key === undefined) return undefined;
  if (keys.count() === 0) {
    if (key.length < SHORTEST_NEW_KEY) throw tooShort();
    await keys.create({ ...firstKeyFor(email), key });
    return { isNew: true };
  }
  const problem = problemOf(keys.find(key));
  if (problem === undefined) return { isNew: false };
  logger.warn({ problem }, 'OPENSYNC_BOOTSTRAP_KEY gives no access');
  return { isNew: false, problem };
}

/**
 * Creates a random key if there is none at all; the key is only in the return value.
 * @throws AppError UNAVAILABLE
 */
export async function provideFirstKey(keys: KeyDirectory, settings: KeySettings): Promise<string | undefined> {
  if (keys.count() > 0) return undefined;
  const email = settings.OPENSYNC_BOOTSTRAP_EMAIL;
  return (await keys.create(firstKeyFor(email))).key;
}

function firstKeyFor(email: string): NewApiKey {
  return { email, isFirst: true, name: FIRST_KEY_NAME, scopes: ['admin'] };
}

function tooShort(): ConfigError {
  return new ConfigError(
    `OPENSYNC_BOOTSTRAP_KEY: the value is shorter than ${SHORTEST_NEW_KEY} characters, so it could be guessed; ` +
      'generate a key with: echo "osk_$(openssl rand -hex 32)"',
  );
}

function problemOf(record: ApiKeyRecord | undefined): string | undefined {
  if (!record) return 'does not match any API key, and it becomes a key only while there are none';
  if (record.revokedAt !== undefined) return 'was revoked';
  return isExpired(record) ? 'has expired' : undefined;
}
