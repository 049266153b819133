import type { DynamicModule } from '@nestjs/common';
import type { LogConnection } from '@opensync/event-log';
import type { KeyDirectory } from '@opensync/event-log/keys';
import { LOGIN_SETTINGS as LIMIT_SETTINGS, openLogins, type LoginDirectory } from '@opensync/event-log/logins';
import { ConfigError, type Settings } from '@opensync/platform';
import type { Logins } from '@opensync/platform/http';
import type { Disposal } from '@opensync/platform/service';
import { loginModule } from './login.module.ts';

export const LOGIN_SETTINGS = [
  ...LIMIT_SETTINGS,
  'OPENSYNC_LOGIN_URL',
  'OPENSYNC_CORS_ORIGINS',
] as const satisfies (keyof Settings)[];
export type LoginSettings = Pick<Settings, (typeof LOGIN_SETTINGS)[number]>;

export interface OpenLogin {
  /** The routes under `/auth`. */
  readonly module: DynamicModule;
  /** For requests with a cookie; undefined if nobody can log in. */
  readonly gate: Logins | undefined;
  readonly directory: LoginDirectory;
}

/**
 * Logins of people with a cookie.
 * @throws ConfigError if the settings allow any origin to call and name an address to log in at; AppError UNAVAILABLE
 */
export async function openLogin(
  settings: LoginSettings,
  { nc, keys, disposal }: { nc: LogConnection; keys: KeyDirectory; disposal: Disposal },
): Promise<OpenLogin> {
  const problem = problemOf(settings);
  const directory = await openLogins(nc, keys, settings, disposal);
  const origin = settings.OPENSYNC_LOGIN_URL;
  return {
    module: loginModule({ keys, logins: directory, origin, problem }),
    gate:
      problem === undefined
        ? { origin, authenticate: (token, options) => directory.authenticate(token, options) }
        : undefined,
    directory,
  };
}

/** @throws ConfigError */
function problemOf({
  OPENSYNC_CORS_ORIGINS: origins = '',
  OPENSYNC_LOGIN_URL: url,
}: LoginSettings): string | undefined {
  if (!origins.split(',').some((origin) => origin.trim() === '*')) return undefined;
  const change = 'name the origins that may call with a key, or leave OPENSYNC_CORS_ORIGINS unset';
  if (url !== undefined) {
    throw new ConfigError(
      `OPENSYNC_CORS_ORIGINS: * is not possible together with OPENSYNC_LOGIN_URL, under which people log in; ${change}`,
    );
  }
  return `Nobody can log in with a cookie while OPENSYNC_CORS_ORIGINS is *; ${change}`;
}
