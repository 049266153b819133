import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Scope } from '@opensync/contracts';
import { connectLog, reconcileTopology, type LogConnection } from '@opensync/event-log';
import { serveKeyService } from '@opensync/event-log/key-service';
import { KeyDirectory } from '@opensync/event-log/keys';
import { LoginDirectory } from '@opensync/event-log/logins';
import { createLogger, type Settings } from '@opensync/platform';
import { createHttpApp } from '@opensync/platform/http';
import { Disposal } from '@opensync/platform/service';
import { startTestNats } from '@opensync/testkit';
import { ACCOUNT_ROUTES } from '../api/account-routes.ts';
import { LOGIN_ROUTES } from '../api/login-routes.ts';
import { openLogin, type LoginSettings, type OpenLogin } from '../login/open-login.ts';
import { Browser } from './browser.ts';

@Module({})
class Root {}

const HOUR_MS = 60 * 60_000;
export const LOGIN_TEST_SETTINGS: LoginSettings = {
  ...{ OPENSYNC_LOGIN_HOURS: 24, OPENSYNC_LOGIN_IDLE_HOURS: 1 },
  OPENSYNC_BASE_PATH: '/',
  WORKOS_API_URL: 'https://api.workos.com',
};

/** A log, a keeper, and gateways that people log in at. */
export class LoginWorld {
  readonly nc: LogConnection;
  /** Those of the keeper, which writes. */
  readonly keys: KeyDirectory;
  readonly logins: LoginDirectory;
  /** The settings of the keeper, which a test may change. */
  readonly keeper: { OPENSYNC_LOGIN_JOIN: Settings['OPENSYNC_LOGIN_JOIN'] } = { OPENSYNC_LOGIN_JOIN: 'invited' };
  readonly disposal = new Disposal(() => undefined);
  readonly #stop: () => Promise<void>;

  static async start(): Promise<LoginWorld> {
    const server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'keeper' });
    await reconcileTopology(nc, { replicas: 1 });
    const keys = await KeyDirectory.open(nc);
    const limits = { idleMs: HOUR_MS, lifetimeMs: 24 * HOUR_MS };
    const logins = await LoginDirectory.open(nc, keys, { limits });
    await Promise.all([keys.ready(), logins.ready()]);
    const world = new LoginWorld({ nc, keys, logins, stop: () => server.stop() });
    serveKeyService(nc, { keys, logins }, world.keeper, createLogger('silent', 'keeper'));
    return world;
  }

  private constructor(of: {
    nc: LogConnection;
    keys: KeyDirectory;
    logins: LoginDirectory;
    stop: () => Promise<void>;
  }) {
    ({ nc: this.nc, keys: this.keys, logins: this.logins, stop: this.#stop } = of);
  }

  /** A gateway with copies of its own. */
  async gateway(settings: Partial<LoginSettings> = {}): Promise<Gateway> {
    const { nc, disposal } = this;
    const keys = await KeyDirectory.open(nc);
    // At once: a gateway with wrong settings is not opened, and its copy would keep the process alive.
    disposal.defer('keys of a gateway', () => keys.close());
    await keys.ready();
    const logger = createLogger('silent', 'gateway');
    const login = await openLogin({ ...LOGIN_TEST_SETTINGS, ...settings }, { nc, keys, disposal, logger });
    await login.directory.ready();
    const app = await appOf(login, keys, settings.OPENSYNC_CORS_ORIGINS);
    disposal.defer('gateway', () => app.close());
    return { app, login, keys, browser: () => new Browser(app, [...LOGIN_ROUTES, ...ACCOUNT_ROUTES]) };
  }

  async key(email: string, scopes: readonly Scope[], workspace?: string) {
    return this.keys.create({ email, name: 'a key', scopes, ...(workspace !== undefined && { workspace }) });
  }

  async stop(): Promise<void> {
    await this.disposal.run(5_000);
    await this.logins.close();
    await this.keys.close();
    await this.nc.close();
    await this.#stop();
  }
}

export interface Gateway {
  readonly app: NestFastifyApplication;
  readonly login: OpenLogin;
  readonly keys: KeyDirectory;
  readonly browser: () => Browser;
}

async function appOf(login: OpenLogin, keys: KeyDirectory, origins: string | undefined) {
  const app = await createHttpApp(
    { module: Root, imports: [login.module] },
    {
      settings: {
        OPENSYNC_BODY_LIMIT: 1_000_000,
        OPENSYNC_CORS_ORIGINS: origins,
        OPENSYNC_DAILY_BYTES: 0,
        OPENSYNC_DAILY_EVENTS: 0,
        OPENSYNC_DAILY_REQUESTS: 0,
        OPENSYNC_HEADERS_SECONDS: 10,
        OPENSYNC_INGEST_RATE_LIMIT: 0,
        OPENSYNC_KEYLESS_LIMIT: 0,
        OPENSYNC_MAX_CONNECTIONS: 1000,
        OPENSYNC_ADDRESS_CONNECTIONS: 1000,
        OPENSYNC_READ_RATE_LIMIT: 0,
        OPENSYNC_SHED_FROM: 256,
        OPENSYNC_TRUSTED_PROXIES: '',
        OPENSYNC_WRONG_KEY_LIMIT: 0,
      },
      logger: createLogger('silent', 'test'),
      positions: keys.positions,
      authenticate: (token) => keys.authenticate(token),
      logins: login.gate,
      accessTokens: login.accessTokens,
      health: { ready: async () => ({}), live: async () => true },
    },
  );
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}
