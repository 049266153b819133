import { DEFAULT_SCOPES, hasAsciiDomain } from '@opensync/contracts';
import { ConfigError, retrying, type Logger, type Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { LogConnection } from '../connection.ts';
import { KeyDirectory, type NewApiKey } from './key-directory.ts';
import { isExpired, newKey, type ApiKeyRecord } from './records.ts';

/** How long a keeper that starts at the same time may take to store the secret. */
const KEPT_WITHIN_MS = 60_000;
const POLL_MS = 250;
/** A shorter key could be guessed. */
const SHORTEST_NEW_KEY = 32;

/** The settings of a process that checks API keys. */
export const KEY_SETTINGS = [
  'OPENSYNC_KEY_SECRET',
  'OPENSYNC_BOOTSTRAP_KEY',
  'OPENSYNC_BOOTSTRAP_EMAIL',
] as const satisfies (keyof Settings)[];
export type KeySettings = Pick<Settings, (typeof KEY_SETTINGS)[number]> &
  Partial<Pick<Settings, 'OPENSYNC_LOG_KEEPER'>>;

/**
 * The complete key directory, closed at the end.
 * @throws ConfigError if the stored keys were hashed with another secret; AppError UNAVAILABLE
 */
export async function openKeys(nc: LogConnection, settings: KeySettings, disposal: Disposal): Promise<KeyDirectory> {
  const isReader = settings.OPENSYNC_LOG_KEEPER === 'other';
  const open = () => KeyDirectory.open(nc, { secret: settings.OPENSYNC_KEY_SECRET, isReader });
  const keys = await retrying(open, {
    firstPauseMs: POLL_MS,
    longestPauseMs: POLL_MS,
    withinMs: isReader ? KEPT_WITHIN_MS : 0,
    isRetried: (error) => isReader && !(error instanceof ConfigError),
  });
  disposal.defer('keys', () => keys.close());
  await keys.ready();
  return keys;
}

/** OPENSYNC_BOOTSTRAP_KEY, if it is set. */
export interface GivenKey {
  /** This run created it as the first key. */
  readonly isNew: boolean;
  /** It may do more than a plugin needs. */
  readonly isAdmin: boolean;
  /** Why it grants no access, as the rest of a sentence about it. */
  readonly problem?: string;
}

/**
 * Creates the given key as the first API key if there is none at all, and only then: a revoked key must not come back
 * at a restart. Logs a warning for a key that grants no access. Replicas that start at the same moment create it
 * once. Shorter keys of earlier versions stay valid. If another process keeps the log, it creates the key.
 * @throws ConfigError for a new key that is too short; AppError UNAVAILABLE
 */
export async function provideGivenKey(
  keys: KeyDirectory,
  settings: KeySettings,
  logger: Logger,
): Promise<GivenKey | undefined> {
  const { OPENSYNC_BOOTSTRAP_KEY: key } = settings;
  if (key === undefined) return undefined;
  if (keys.count() === 0) {
    if (settings.OPENSYNC_LOG_KEEPER === 'other') return { isNew: false, isAdmin: true };
    if (key.length < SHORTEST_NEW_KEY) throw tooShort();
    await keys.create({ ...firstOwner(settings), name: 'first key', scopes: ['admin'], key });
    return { isNew: true, isAdmin: true };
  }
  const record = keys.find(key);
  const problem = problemOf(record);
  const isAdmin = record?.scopes.includes('admin') ?? false;
  if (problem === undefined) return { isNew: false, isAdmin };
  logger.warn({ problem }, 'OPENSYNC_BOOTSTRAP_KEY gives no access');
  return { isNew: false, isAdmin, problem };
}

/** The random keys of an installation that was given none. */
export interface FirstKeys {
  /** Writes and reads. It lies in the configuration of plugins, so it can neither delete nor administer. */
  readonly plugin: string;
  readonly admin: string;
}

/**
 * Creates the first keys if there are none at all.
 * @param keep stores them before they are valid, because they cannot be shown again; if it resolves with false, none
 * are created
 * @throws AppError UNAVAILABLE
 */
export async function provideFirstKeys(
  keys: KeyDirectory,
  settings: KeySettings,
  keep: (made: FirstKeys) => Promise<boolean>,
): Promise<FirstKeys | undefined> {
  if (keys.count() > 0) return undefined;
  const first = firstOwner(settings);
  const made = { plugin: newKey(), admin: newKey() };
  if (!(await keep(made))) return undefined;
  // The admin's key makes the user an owner of the workspace.
  await keys.create({ ...first, name: 'admin', scopes: ['admin'], key: made.admin });
  await keys.create({ ...first, name: 'plugins', scopes: DEFAULT_SCOPES, key: made.plugin });
  return made;
}

/** For a process without a terminal and without a data folder, which creates no keys. @throws AppError UNAVAILABLE */
export function warnWithoutKeys(keys: KeyDirectory, logger: Logger): void {
  if (keys.count() > 0) return;
  logger.warn(
    {
      command: 'opensync keys create --user EMAIL --name NAME',
      compose: 'docker compose run --rm cli keys create --user EMAIL --name NAME',
    },
    'there is no API key yet, so every request is refused; the command creates one for plugins and prints it',
  );
}

/** @throws ConfigError */
function firstOwner({ OPENSYNC_BOOTSTRAP_EMAIL: email }: KeySettings): Pick<NewApiKey, 'email' | 'isFirst'> {
  if (hasAsciiDomain(email)) return { email, isFirst: true };
  throw new ConfigError(
    'OPENSYNC_BOOTSTRAP_EMAIL: the domain has characters outside ASCII; write its ASCII form, such as ada@xn--bcher-kva.example',
  );
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
