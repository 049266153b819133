import type { Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { LogConnection } from '../connection.ts';
import type { KeyDirectory } from '../keys/index.ts';
import { LoginDirectory, type LoginLimits } from './login-directory.ts';

const HOUR_MS = 60 * 60_000;

/** How long a login lasts. */
export const LOGIN_SETTINGS = [
  'OPENSYNC_LOGIN_HOURS',
  'OPENSYNC_LOGIN_IDLE_HOURS',
] as const satisfies (keyof Settings)[];
export type LoginSettings = Pick<Settings, (typeof LOGIN_SETTINGS)[number]>;

export function loginLimitsOf(settings: LoginSettings): LoginLimits {
  return {
    lifetimeMs: settings.OPENSYNC_LOGIN_HOURS * HOUR_MS,
    idleMs: settings.OPENSYNC_LOGIN_IDLE_HOURS * HOUR_MS,
  };
}

/** The directory of logins, closed at the end. It does not wait for them: requests with a key need none. @throws AppError UNAVAILABLE */
export async function openLogins(
  nc: LogConnection,
  keys: KeyDirectory,
  settings: LoginSettings,
  disposal: Disposal,
): Promise<LoginDirectory> {
  const logins = await LoginDirectory.open(nc, keys, { limits: loginLimitsOf(settings) });
  disposal.defer('logins', () => logins.close());
  return logins;
}
