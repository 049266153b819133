import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import { connectLog, reconcileTopology, type LogConnection } from '@opensync/event-log';
import { KeyDirectory } from '@opensync/event-log/keys';
import { removeMember } from '@opensync/event-log/people';
import { createLogger } from '@opensync/platform';
import { assertDocumented } from '@opensync/platform/api-document';
import { createHttpApp } from '@opensync/platform/http';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, type TestNats } from '@opensync/testkit';
import { LOGIN_ROUTES } from '../api/login-routes.ts';
import { openLogin, type LoginSettings, type OpenLogin } from './open-login.ts';
import { LOGIN_TEST_SETTINGS } from '../testing/login-world.ts';
import { returnPathOf } from './return-path.ts';

@Module({})
class Root {}

const SETTINGS = LOGIN_TEST_SETTINGS;
const logger = createLogger('silent', 'test');
const HOST = 'localhost:3211';
const ORIGIN = `http://${HOST}`;

let server: TestNats;
let nc: LogConnection;
let keys: KeyDirectory;
let disposal: Disposal;
let login: OpenLogin;
let app: NestFastifyApplication;
const key: Record<'admin' | 'plugin' | 'ingest' | 'bob', string> = { admin: '', plugin: '', ingest: '', bob: '' };
beforeAll(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  keys = await KeyDirectory.open(nc);
  await keys.ready();
  const create = async (email: string, ...scopes: ('admin' | 'read' | 'ingest')[]) =>
    (await keys.create({ email, name: 'a key', scopes })).key;
  key.admin = await create('ada@example.com', 'admin');
  key.plugin = await create('ada@example.com', 'ingest', 'read');
  key.ingest = await create('ada@example.com', 'ingest');
  key.bob = await create('bob@example.com', 'admin');
  disposal = new Disposal(() => undefined);
  ({ login, app } = await start(SETTINGS));
  await login.directory.ready();
});
afterAll(async () => {
  await app.close();
  await disposal.run(5000);
  await keys.close();
  await nc.close();
  await server.stop();
});

async function start(settings: LoginSettings) {
  const login = await openLogin(settings, { nc, keys, disposal, logger });
  const app = await createHttpApp(
    { module: Root, imports: [login.module] },
    {
      settings: {
        OPENSYNC_BODY_LIMIT: 1_000_000,
        OPENSYNC_CORS_ORIGINS: settings.OPENSYNC_CORS_ORIGINS,
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
        OPENSYNC_WRONG_KEY_LIMIT: 3,
      },
      logger: createLogger('silent', 'test'),
      positions: keys.positions,
      authenticate: (token) => keys.authenticate(token),
      logins: login.gate,
      health: { ready: async () => ({}), live: async () => true },
    },
  );
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return { login, app };
}

// What an answer holds is what the tests are about.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Body = any;

/** A browser: it keeps the cookie, and sends it, an Origin and the CSRF token that it was told. */
class Browser {
  cookie: string | undefined;
  csrfToken: string | undefined;
  readonly #app: NestFastifyApplication;

  constructor(of = app) {
    this.#app = of;
  }

  async send(method: 'GET' | 'POST' | 'DELETE', url: string, body?: object, headers: Record<string, string> = {}) {
    const answer = await this.#app.inject({
      method,
      url,
      headers: {
        host: HOST,
        ...(this.cookie !== undefined && { cookie: this.cookie }),
        ...(method !== 'GET' && { origin: ORIGIN }),
        ...(this.csrfToken !== undefined && { 'x-csrf-token': this.csrfToken }),
        ...headers,
      },
      ...(body && { payload: body }),
    });
    const set = answer.headers['set-cookie'] as string | undefined;
    if (set !== undefined) this.cookie = /Max-Age=0;/.test(set) ? undefined : set.split(';')[0]!;
    const type = answer.headers['content-type'];
    const json = String(type).startsWith('application/json') ? answer.json<Record<string, never>>() : undefined;
    assertDocumented(LOGIN_ROUTES, { method, url, status: answer.statusCode, contentType: String(type), body: json });
    return { status: answer.statusCode, headers: answer.headers, set, text: answer.body, body: json as Body };
  }

  async logIn(token = key.admin) {
    const answer = await this.send('POST', '/auth/login/key', {}, { authorization: `Bearer ${token}` });
    this.csrfToken = answer.body.csrfToken;
    return answer;
  }

  async link(token: string) {
    const answer = await this.send('POST', '/auth/login/link', { token });
    this.csrfToken = answer.body.csrfToken;
    return answer;
  }

  async isLoggedIn() {
    return (await this.send('GET', '/auth/session')).status === 200;
  }
}

const owner = () => keys.list()[0]!.owner;

describe('a login with a key', () => {
  it('answers with a cookie, and who is logged in', async () => {
    const browser = new Browser();
    const { status, set, body } = await browser.logIn();
    expect(status).toBe(200);
    expect(set).toMatch(/^__Host-opensync=[\w-]{43}; Path=\/; Max-Age=86400; Secure; HttpOnly; SameSite=Lax$/);
    expect(body).toMatchObject({
      user: { id: owner().userId, email: 'ada@example.com' },
      workspace: { id: owner().workspaceId, name: 'default' },
      ...{ role: 'owner', scopes: ['admin'], login: { means: 'key' } },
    });
    expect((await browser.send('GET', '/auth/session')).body).toEqual(body);
  });

  it('begins a new login each time, and ends that of the same browser', async () => {
    const browser = new Browser();
    await browser.logIn();
    const former = browser.cookie;
    await browser.logIn();
    expect(browser.cookie).not.toBe(former);
    const thief = new Browser();
    thief.cookie = former;
    expect(await thief.isLoggedIn()).toBe(false);
    expect(await browser.isLoggedIn()).toBe(true);
  });

  it('never takes over a cookie that somebody else has set', async () => {
    const browser = new Browser();
    browser.cookie = `__Host-opensync=${'f'.repeat(43)}`;
    expect((await browser.logIn()).status).toBe(200);
    expect(browser.cookie).not.toContain('ffff');
  });

  it('may do no more than the key, and ends with it', async () => {
    const { key: token, record } = await keys.create({ email: 'ada@example.com', name: 'k', scopes: ['read'] });
    const browser = new Browser();
    expect((await browser.logIn(token)).body.scopes).toEqual(['read']);
    await keys.revoke(record.id);
    expect(await browser.isLoggedIn()).toBe(false);
  });

  it.each([
    ['another scope', () => key.ingest, 403],
    ['an unknown key', () => `osk_${'x'.repeat(43)}`, 401],
    ['no key', () => '', 401],
  ])('is refused with %s', async (_, token, status) => {
    const browser = new Browser();
    expect((await browser.logIn(token())).status).toBe(status);
    expect(browser.cookie).toBeUndefined();
  });

  it('is refused to pages of other origins and names', async () => {
    const authorization = `Bearer ${key.admin}`;
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { host: 'evil.example' }]) {
      const answer = await new Browser().send('POST', '/auth/login/key', {}, { authorization, ...headers } as never);
      expect([answer.status, answer.set]).toEqual([403, undefined]);
    }
  });
});

describe('a login with a link', () => {
  it('works once', async () => {
    const { token } = await login.directory.createLink(owner());
    const browser = new Browser();
    const { status, body } = await browser.link(token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: { email: 'ada@example.com' }, login: { means: 'link' }, scopes: ['admin'] });
    const other = new Browser();
    expect((await other.link(token)).status).toBe(401);
    expect([await browser.isLoggedIn(), await other.isLoggedIn()]).toEqual([true, false]);
  });

  it('is refused to pages of other origins, and is not used up by them', async () => {
    const { token } = await login.directory.createLink(owner());
    const answer = await new Browser().send('POST', '/auth/login/link', { token }, { origin: 'https://evil.example' });
    expect([answer.status, answer.set]).toEqual([403, undefined]);
    expect((await new Browser().link(token)).status).toBe(200);
  });

  it.each([{}, { token: '' }, { token: 'x'.repeat(101) }, { token: 1 }, { token: 'x', more: 1 }])(
    'is refused with %j',
    async (body) => {
      expect((await new Browser().send('POST', '/auth/login/link', body)).status).toBe(400);
    },
  );
});

describe('logging out', () => {
  it('ends the login for every copy of the cookie', async () => {
    const browser = new Browser();
    await browser.logIn();
    const copy = new Browser();
    copy.cookie = browser.cookie;
    const answer = await browser.send('POST', '/auth/logout', {});
    expect(answer.status).toBe(200);
    expect(answer.set).toMatch(/^__Host-opensync=; Path=\/; Max-Age=0;/);
    expect([await browser.isLoggedIn(), await copy.isLoggedIn()]).toEqual([false, false]);
  });

  it('needs the CSRF token, and an Origin of ours', async () => {
    const browser = new Browser();
    await browser.logIn();
    for (const headers of [{ 'x-csrf-token': 'x' }, { origin: 'https://evil.example' }]) {
      expect((await browser.send('POST', '/auth/logout', {}, headers as never)).status).toBe(403);
    }
    expect(await browser.isLoggedIn()).toBe(true);
  });

  it('is possible for other browsers of the same person, and for nobody else', async () => {
    const [here, there, bob] = [new Browser(), new Browser(), new Browser()];
    await here.logIn();
    const { id } = (await there.logIn()).body.login;
    await bob.logIn(key.bob);
    const { logins } = (await here.send('GET', '/auth/logins')).body;
    expect(logins.filter(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toHaveLength(1);
    expect(logins.map((one: { id: string }) => one.id)).toContain(id);
    expect((await bob.send('GET', '/auth/logins')).body.logins).toHaveLength(1);
    expect((await bob.send('DELETE', `/auth/logins/${id}`)).status).toBe(404);
    // A leaked key of a plugin, also as a login.
    const plugin = new Browser();
    await plugin.logIn(key.plugin);
    expect((await plugin.send('GET', '/auth/logins')).status).toBe(403);
    expect((await plugin.send('DELETE', `/auth/logins/${id}`)).status).toBe(403);
    expect(await there.isLoggedIn()).toBe(true);
    expect((await here.send('DELETE', `/auth/logins/${id}`)).status).toBe(200);
    expect([await here.isLoggedIn(), await there.isLoggedIn()]).toEqual([true, false]);
  });

  it('happens to a person who leaves the workspace', async () => {
    const { record } = await keys.create({ email: 'eve@example.com', name: 'k' });
    const browser = new Browser();
    await browser.link((await login.directory.createLink(record.owner)).token);
    expect(await browser.isLoggedIn()).toBe(true);
    await keys.people.change(removeMember('default', 'eve@example.com'));
    expect(await browser.isLoggedIn()).toBe(false);
  });
});

describe('the page', () => {
  it('runs only the script of this server, and is in no frame', async () => {
    const { headers, text } = await new Browser().send('GET', '/auth/login?return=/docs');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(text).toContain('data-next="/docs"');
    expect(text).not.toMatch(/<script(?! type="module" src="login\.js"><\/script>)|\son\w+=|\sstyle=/);
    const { headers: of, text: script } = await new Browser().send('GET', '/auth/login.js');
    expect(of['content-type']).toBe('text/javascript; charset=utf-8');
    expect(() => new Function(`return async () => {${script}}`)).not.toThrow();
    expect(script).not.toMatch(/innerHTML|insertAdjacent|document\.write|eval/);
  });

  it.each([
    ['/sessions/x?q=a#b', '/sessions/x?q=a#b'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['sessions', '/'],
    ['', '/'],
    ['/x/..//evil.example', '/'],
    ['/"><script>', '/%22%3E%3Cscript%3E'],
  ])('continues at a path of this server only: %j', (asked, path) => {
    expect(returnPathOf(asked, '/')).toBe(path);
    for (const odd of [undefined, ['/a', '/b'], 1]) expect(returnPathOf(odd, '/below/')).toBe('/below/');
  });
});

describe('pages of any origin that may call', () => {
  it('are refused beside an address to log in at', async () => {
    const settings = {
      ...SETTINGS,
      OPENSYNC_CORS_ORIGINS: 'https://a.example, *',
      OPENSYNC_LOGIN_URL: 'https://sync.example.com',
    };
    await expect(openLogin(settings, { nc, keys, disposal, logger })).rejects.toThrow(/^OPENSYNC_CORS_ORIGINS: \* /);
  });

  it('turn logins off', async () => {
    const open = await start({ ...SETTINGS, OPENSYNC_CORS_ORIGINS: '*' });
    try {
      const { token } = await login.directory.createLink(owner());
      for (const answer of [await new Browser(open.app).logIn(), await new Browser(open.app).link(token)]) {
        expect([answer.status, answer.set]).toEqual([403, undefined]);
        expect(answer.body.error.message).toContain('OPENSYNC_CORS_ORIGINS');
      }
      const browser = new Browser();
      await browser.logIn();
      const there = new Browser(open.app);
      there.cookie = browser.cookie;
      expect(await there.isLoggedIn()).toBe(false);
    } finally {
      await open.app.close();
    }
  });
});
