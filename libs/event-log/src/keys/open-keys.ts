import type { NatsConnection } from '@nats-io/transport-node';
import type { Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { KeyDirectory } from './key-directory.ts';

/** The settings of whoever checks API keys. */
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
export async function openKeys(nc: NatsConnection, settings: KeySettings, disposal: Disposal): Promise<KeyDirectory> {
  const keys = await KeyDirectory.open(nc, { secret: settings.OPENSYNC_KEY_SECRET });
  disposal.defer('keys', () => keys.close());
  await keys.ready();
  return keys;
}

/** The key that a first run made; `given` where it came from OPENSYNC_BOOTSTRAP_KEY and need not be shown. */
export interface FirstKey {
  readonly key: string;
  readonly given: boolean;
}

/**
 * Makes the first API key where there is none at all, and only then: a revoked key must not come back at a restart.
 * Replicas that start at the same moment with a given key make it once.
 */
export async function provideFirstKey(keys: KeyDirectory, settings: KeySettings): Promise<FirstKey | undefined> {
  if (keys.count() > 0) return undefined;
  const { OPENSYNC_BOOTSTRAP_KEY: given, OPENSYNC_BOOTSTRAP_EMAIL: email } = settings;
  const { key } = await keys.create({ email, name: 'first key', scopes: ['admin'], ...(given && { key: given }) });
  return { key, given: given !== undefined };
}

/** As provideFirstKey where a key is given: a service has nobody to show a random one to. */
export async function provideGivenKey(keys: KeyDirectory, settings: KeySettings): Promise<void> {
  if (settings.OPENSYNC_BOOTSTRAP_KEY !== undefined) await provideFirstKey(keys, settings);
}
