import { ConfigError, type Logger, type Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { LogConnection } from '../connection.ts';
import { KeyDirectory, type NewApiKey } from './key-directory.ts';
import { isExpired, type ApiKeyRecord } from './records.ts';

const FIRST_KEY_NAME = 'first key';
/** Shorter ones could be guessed. */
const SHORTEST_NEW_KEY = 32;

/** The settings of a process that checks API keys. */
export const KEY_SETTINGS = [
  'OPENSYNC_KEY_SECRET',
  'OPENSYNC_BOOTSTRAP_KEY',
  'OPENSYNC_BOOTSTRAP_EMAIL',
] as const satisfies (keyof Settings)[];
export type KeySettings = Pick<Settings, (typeof KEY_SETTINGS)[number]>;

/**
 * The keys, complete, and closed at the end.
 * @throws ConfigError when the stored keys were hashed with another secret; AppError UNAVAILABLE
 */
export async function openKeys(nc: LogConnection, settings: KeySettings, disposal: Disposal): Promise<KeyDirectory> {
  const keys = await KeyDirectory.open(nc, { secret: settings.OPENSYNC_KEY_SECRET });
  disposal.defer('keys', () => keys.close());
  await keys.ready();
  return keys;
}

/** OPENSYNC_BOOTSTRAP_KEY, where one was given. */
export interface GivenKey {
  /** This run made it the first key. */
  readonly isNew: boolean;
  /** Why it lets nobody in, as the rest of a sentence about it. */
  readonly problem?: string;
}

/**
 * Makes the given key the first API key where there is none at all, and only then: a revoked key must not come back at a
 * restart. The log warns of one that lets nobody in. Replicas that start at the same moment make it once. An earlier version took
 * shorter ones, which stay valid.
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
  logger.warn(`OPENSYNC_BOOTSTRAP_KEY gives no access: it ${problem}`);
  return { isNew: false, problem };
}

/**
 * A random key where there is none at all; it is nowhere else.
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
