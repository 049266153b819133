import type { DynamicModule } from '@nestjs/common';
import type { LogConnection } from '@opensync/event-log';
import { KeyServiceClient } from '@opensync/event-log/key-service';
import type { KeyDirectory } from '@opensync/event-log/keys';
import { LOGIN_SETTINGS as LIMIT_SETTINGS, openLogins, type LoginDirectory } from '@opensync/event-log/logins';
import { ConfigError, type Logger, type Settings } from '@opensync/platform';
import type { Authenticate, Logins } from '@opensync/platform/http';
import type { Disposal } from '@opensync/platform/service';
import { loginModule } from './login.module.ts';
import { OpenIdProvider } from './providers/openid.ts';
import { ProviderSessions } from './providers/sessions.ts';
import { principalOfToken } from './workos/access-tokens.ts';
import { WorkosDirectory } from './workos/directory.ts';
import { WorkosProvider } from './workos/workos.ts';

export const LOGIN_SETTINGS = [
  ...LIMIT_SETTINGS,
  'OPENSYNC_LOGIN_URL',
  'OPENSYNC_BASE_PATH',
  'OPENSYNC_CORS_ORIGINS',
  'OIDC_ISSUER',
  'OIDC_CLIENT_ID',
  'OIDC_CLIENT_SECRET',
  'WORKOS_API_KEY',
  'WORKOS_CLIENT_ID',
  'WORKOS_WEBHOOK_SECRET',
  'WORKOS_API_URL',
] as const satisfies (keyof Settings)[];
export type LoginSettings = Pick<Settings, (typeof LOGIN_SETTINGS)[number]>;

export interface OpenLogin {
  /** The routes under `/auth`. */
  readonly module: DynamicModule;
  /** For requests with a cookie; undefined if nobody can log in. */
  readonly gate: Logins | undefined;
  /** For requests with an access token of a provider; undefined if none is accepted. */
  readonly accessTokens: Authenticate | undefined;
  readonly directory: LoginDirectory;
  readonly sessions: ProviderSessions;
}

/**
 * Logins of people with a cookie, and where they log in.
 * @throws ConfigError if the settings allow any origin to call and name an address to log in at, or name a provider only in part;
 * AppError UNAVAILABLE
 */
export async function openLogin(
  settings: LoginSettings,
  { nc, keys, disposal, logger }: { nc: LogConnection; keys: KeyDirectory; disposal: Disposal; logger: Logger },
): Promise<OpenLogin> {
  const problem = problemOf(settings);
  const { oidc, workos } = providersOf(settings);
  const directory = await openLogins(nc, keys, settings, disposal);
  const providers = [oidc ?? [], workos ?? []].flat();
  const key = () => keys.derivedSecret('login sessions');
  const sessions = new ProviderSessions({ logins: directory, providers, key, logger });
  sessions.start();
  disposal.defer('logins at providers', () => sessions.stop());
  const keyService = new KeyServiceClient(nc);
  const { OPENSYNC_LOGIN_URL: origin, OPENSYNC_BASE_PATH: basePath, WORKOS_WEBHOOK_SECRET: webhookSecret } = settings;
  const common = { keys, logins: directory, keyService };
  return {
    module: loginModule({
      ...{ ...common, providers, sessions, origin, basePath, problem, logger },
      workos: workos && { directory: new WorkosDirectory(workos, common), webhookSecret },
    }),
    gate:
      problem === undefined
        ? { origin, authenticate: (token, options) => directory.authenticate(token, options) }
        : undefined,
    accessTokens: workos && ((token) => principalOfToken(token, { provider: workos, keys, logins: directory })),
    directory,
    sessions,
  };
}

/** @throws ConfigError */
function providersOf(settings: LoginSettings): {
  readonly oidc: OpenIdProvider | undefined;
  readonly workos: WorkosProvider | undefined;
} {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = settings;
  const { WORKOS_API_KEY: apiKey, WORKOS_CLIENT_ID: workosClient, WORKOS_API_URL: apiUrl } = settings;
  if ((issuer === undefined) !== (clientId === undefined)) {
    throw new ConfigError('OIDC_CLIENT_ID: set it together with OIDC_ISSUER, or neither of them');
  }
  if ((apiKey === undefined) !== (workosClient === undefined)) {
    throw new ConfigError('WORKOS_CLIENT_ID: set it together with WORKOS_API_KEY, or neither of them');
  }
  return {
    oidc:
      issuer !== undefined && clientId !== undefined
        ? new OpenIdProvider({ issuer, clientId, clientSecret })
        : undefined,
    workos:
      apiKey !== undefined && workosClient !== undefined
        ? new WorkosProvider({ apiKey, clientId: workosClient, apiUrl })
        : undefined,
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
