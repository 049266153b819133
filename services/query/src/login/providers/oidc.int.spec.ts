import type { Owner } from '@opensync/contracts';
import { KeyServiceClient } from '@opensync/event-log/key-service';
import { CHECK_PERIOD_MS } from '@opensync/event-log/logins';
import { waitFor } from '@opensync/testkit';
import type { Browser } from '../../testing/browser.ts';
import { LoginWorld, type Gateway } from '../../testing/login-world.ts';
import { TestOidc } from '../../testing/oidc-provider.ts';

const REDIRECT_URI = 'http://localhost:3211/auth/callback/oidc';
/** Of a server that a proxy publishes below a path. */
const REDIRECT_URI_BELOW = 'http://localhost:3211/below/auth/callback/oidc';

let world: LoginWorld;
let oidc: TestOidc;
let gateway: Gateway;
/** Another one. */
let open: Gateway;
let below: Gateway;
let key = '';
let owner: Owner;
beforeAll(async () => {
  world = await LoginWorld.start();
  oidc = await TestOidc.start([REDIRECT_URI, REDIRECT_URI_BELOW]);
  const ada = await world.key('ada@example.com', ['admin']);
  ({ key } = ada);
  owner = ada.record.owner;
  const settings = {
    OIDC_ISSUER: oidc.issuer,
    OIDC_CLIENT_ID: TestOidc.CLIENT.id,
    OIDC_CLIENT_SECRET: TestOidc.CLIENT.secret,
  };
  gateway = await world.gateway(settings);
  open = await world.gateway(settings);
  below = await world.gateway({ ...settings, OPENSYNC_BASE_PATH: '/below/' });
});
afterAll(async () => {
  await oidc.stop();
  await world.stop();
});

/** As far as the provider, and back to the address that it sends the browser to. */
async function begin(browser: Browser, more: object = {}): Promise<string> {
  const { status, body } = await browser.send('POST', '/auth/login/provider', { provider: 'oidc', ...more });
  expect(status).toBe(200);
  const back = await oidc.visit(body.url);
  expect(back.split('?')[0]).toBe(REDIRECT_URI);
  return back.slice(back.indexOf('/auth/'));
}
const logIn = async (browser: Browser, more: object = {}) => browser.send('GET', await begin(browser, more));
const whereTo = ({ status, headers }: Awaited<ReturnType<Browser['send']>>) => [status, headers.location];
async function logInByLink(browser: Browser): Promise<void> {
  const { token } = await gateway.login.directory.createLink(owner);
  expect((await browser.send('POST', '/auth/login/link', { token })).status).toBe(200);
}
const session = async (browser: Browser) => (await browser.send('GET', '/auth/session')).body;

describe('a first login at an OpenID provider', () => {
  it('makes nobody a user who has no invitation', async () => {
    oidc.person = { sub: 'stranger', email: 'stranger@example.com', email_verified: true };
    const browser = gateway.browser();
    expect(whereTo(await logIn(browser))).toEqual([303, '/auth/login?problem=uninvited']);
    // Only the keeper decides: a gateway that was taken over would make somebody an owner.
    const identity = { issuer: oidc.issuer, subject: 'stranger' };
    const asked = { command: 'identify', identity, join: 'owner' } as const;
    await expect(new KeyServiceClient(world.nc).ask(asked)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect([...browser.cookies]).toEqual([]);
    expect((await browser.send('GET', '/auth/login?problem=uninvited')).text).toContain(
      'Ask an admin for an invitation',
    );
  });

  it('accepts an invitation, once', async () => {
    const owner = world.keys.list()[0]!.owner;
    const now = Date.now();
    const token = await world.logins.invitations.create({
      ...{ id: 'inv_1', workspaceId: owner.workspaceId, role: 'member', invitedBy: owner.userId },
      ...{ createdAt: now, expiresAt: now + 60_000 },
    });
    oidc.person = { sub: 'grace', email: 'grace@example.com', email_verified: true, name: 'Grace Hopper' };
    const browser = gateway.browser();
    expect(whereTo(await logIn(browser, { invitation: token, return: '/sessions?q=a' }))).toEqual([
      303,
      '/sessions?q=a',
    ]);
    expect(await session(browser)).toMatchObject({
      user: { email: 'grace@example.com', name: 'Grace Hopper' },
      ...{ role: 'member', scopes: ['admin'], login: { means: 'oidc' } },
    });
    oidc.person = { sub: 'second', email: 'second@example.com', email_verified: true };
    expect(whereTo(await logIn(gateway.browser(), { invitation: token }))).toEqual([
      303,
      '/auth/login?problem=invitation',
    ]);
  });

  it('accepts an invitation that has an address only with that address, verified', async () => {
    const owner = world.keys.list()[0]!.owner;
    const now = Date.now();
    const token = await world.logins.invitations.create({
      ...{ id: 'inv_2', workspaceId: owner.workspaceId, role: 'member', invitedBy: owner.userId },
      ...{ email: 'Hedy@Example.com', createdAt: now, expiresAt: now + 60_000 },
    });
    const refused = [303, '/auth/login?problem=address'];
    for (const person of [
      { email: 'eve@example.com', email_verified: true },
      { email: 'hedy@example.com', email_verified: false },
      { email: 'hedy@example.com' },
      {},
    ]) {
      oidc.person = { sub: 'eve', ...person };
      expect(whereTo(await logIn(gateway.browser(), { invitation: token }))).toEqual(refused);
    }
    // Not with the link alone, either.
    const unknown = gateway.browser();
    const signUp = await unknown.send('POST', '/auth/login/invitation', { token });
    expect([signUp.status, signUp.body.error.code, await unknown.isLoggedIn()]).toEqual([409, 'CONFLICT', false]);
    oidc.person = { sub: 'hedy', email: 'hedy@example.com', email_verified: true };
    const browser = gateway.browser();
    expect(whereTo(await logIn(browser, { invitation: token }))).toEqual([303, '/']);
    expect(await session(browser)).toMatchObject({ user: { email: 'hedy@example.com' }, role: 'member' });
  });

  it('makes a user where the settings of the keeper say so, whom the provider’s id finds again and no address does', async () => {
    world.keeper.OPENSYNC_LOGIN_JOIN = 'viewer';
    oidc.person = { sub: 'linus', email: 'linus@example.com', email_verified: true };
    const [first, second, other] = [open.browser(), gateway.browser(), open.browser()];
    expect(whereTo(await logIn(first, { return: '//evil.example' }))).toEqual([303, '/']);
    const { user, role } = await session(first);
    expect(role).toBe('viewer');
    // The address changes; the person stays.
    oidc.person = { sub: 'linus', email: 'torvalds@example.com', email_verified: true };
    await logIn(second);
    expect((await session(second)).user.id).toBe(user.id);
    oidc.person = { sub: 'impostor', email: 'linus@example.com', email_verified: true };
    expect(whereTo(await logIn(other))).toEqual([303, '/auth/login?problem=taken']);
    expect(await other.isLoggedIn()).toBe(false);
  });

  it('takes no address that the provider has not verified', async () => {
    oidc.person = { sub: 'mallory', email: 'ada@example.com', email_verified: false, name: 'Mallory' };
    const browser = open.browser();
    await logIn(browser);
    expect((await session(browser)).user).toEqual({ id: expect.stringMatching(/^usr_/), name: 'Mallory' });
  });
});

describe('connecting a login', () => {
  it('lets a user who is logged in log in at the provider, too', async () => {
    oidc.person = { sub: 'ada-at-provider', email: 'ada@example.com', email_verified: true };
    const browser = gateway.browser();
    await logInByLink(browser);
    const { user } = await session(browser);
    const begun = await browser.send('POST', '/auth/connect', { provider: 'oidc', return: '/profile' });
    const back = await oidc.visit(begun.body.url);
    expect(whereTo(await browser.send('GET', back.slice(back.indexOf('/auth/'))))).toEqual([303, '/profile']);
    const other = gateway.browser();
    await waitFor(async () => (await logIn(other)).headers.location === '/');
    expect(await session(other)).toMatchObject({ user, role: 'owner' });
  });

  it('is refused without a login, with a key, and to whom the login no longer belongs', async () => {
    expect((await gateway.browser().send('POST', '/auth/connect', { provider: 'oidc' })).status).toBe(401);
    const authorization = `Bearer ${key}`;
    expect(
      (await gateway.browser().send('POST', '/auth/connect', { provider: 'oidc' }, { authorization })).status,
    ).toBe(403);
    oidc.person = { sub: 'somebody-else' };
    const browser = gateway.browser();
    // A key that was found, and may expire, would be its user from then on.
    await browser.logIn(key);
    expect((await browser.send('POST', '/auth/connect', { provider: 'oidc' })).status).toBe(403);
    await logInByLink(browser);
    const begun = await browser.send('POST', '/auth/connect', { provider: 'oidc' });
    const back = await oidc.visit(begun.body.url);
    await browser.send('POST', '/auth/logout', {});
    expect(whereTo(await browser.send('GET', back.slice(back.indexOf('/auth/'))))).toEqual([
      303,
      '/auth/login?problem=refused',
    ]);
  });
});

describe('the way back from the provider', () => {
  beforeEach(() => {
    oidc.person = { sub: 'linus' };
  });

  it('works in the browser that began, and once', async () => {
    const browser = open.browser();
    const back = await begin(browser);
    const thief = open.browser();
    expect(whereTo(await thief.send('GET', back))).toEqual([303, '/auth/login?problem=refused']);
    const copy = browser.copy();
    expect(whereTo(await browser.send('GET', back))).toEqual([303, '/']);
    expect(whereTo(await copy.send('GET', back))).toEqual([303, '/auth/login?problem=refused']);
    expect(await copy.isLoggedIn()).toBe(false);
  });

  it.each([
    ['another state', (back: string) => back.replace(/state=[^&]+/, 'state=x')],
    ['no state', (back: string) => back.replace(/state=[^&]+/, '')],
    ['another code', (back: string) => back.replace(/code=[^&]+/, 'code=x')],
    ['another issuer', (back: string) => back.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil.example')],
    ['an error of the provider', () => '/auth/callback/oidc?error=access_denied&state=x'],
    ['nothing', () => '/auth/callback/oidc'],
    ['another provider', (back: string) => back.replace('/oidc', '/workos')],
  ])('leads to no login with %s', async (_, change) => {
    const browser = open.browser();
    const { status, headers } = await browser.send('GET', change(await begin(browser)));
    expect([status, headers.location]).toEqual([
      303,
      expect.stringMatching(/^\/auth\/login\?problem=(refused|invitation)$/),
    ]);
    expect(await browser.isLoggedIn()).toBe(false);
  });

  it('does not follow a flow of another person: the code belongs to its verifier', async () => {
    const [mine, theirs] = [open.browser(), open.browser()];
    const [myBack, theirBack] = [await begin(mine), await begin(theirs)];
    const code = /code=([^&]+)/.exec(theirBack)![1]!;
    expect(whereTo(await mine.send('GET', myBack.replace(/code=[^&]+/, `code=${code}`)))).toEqual([
      303,
      '/auth/login?problem=refused',
    ]);
  });

  it('is a name of this server only', async () => {
    const browser = open.browser();
    const back = await begin(browser);
    expect((await browser.send('GET', back, undefined, { host: 'evil.example' })).status).toBe(403);
    const begun = { provider: 'oidc' };
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
      expect((await browser.send('POST', '/auth/login/provider', begun, headers as never)).status).toBe(403);
    }
  });

  it('keeps secrets from scripts and other sites, and replaces an earlier login', async () => {
    const browser = open.browser();
    const begun = await browser.send('POST', '/auth/login/provider', { provider: 'oidc' });
    expect(begun.set[0]).toMatch(
      /^__Host-opensync-flow=[\w.-]+; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/,
    );
    const url = new URL(begun.body.url);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      code_challenge_method: 'S256',
      redirect_uri: REDIRECT_URI,
    });
    expect(begun.set[0]).not.toContain(url.searchParams.get('nonce'));
    await logIn(browser);
    const former = browser.copy();
    await logIn(browser);
    expect([await browser.isLoggedIn(), await former.isLoggedIn()]).toEqual([true, false]);
  });
});

describe('a login at a provider', () => {
  it('leads back below the path that a proxy publishes the server under, whatever happens', async () => {
    oidc.person = { sub: 'linus' };
    const browser = below.browser();
    const { body } = await browser.send('POST', '/auth/login/provider', { provider: 'oidc' });
    const back = await oidc.visit(body.url);
    expect(back.split('?')[0]).toBe(REDIRECT_URI_BELOW);
    // The proxy removes the path.
    const received = back.slice(back.indexOf('/auth/'));
    expect(whereTo(await browser.send('GET', received))).toEqual([303, '/below/']);
    expect(whereTo(await browser.send('GET', received))).toEqual([303, '/below/auth/login?problem=refused']);
  });

  it('ends there as well when it ends here', async () => {
    oidc.person = { sub: 'linus' };
    const browser = open.browser();
    await logIn(browser);
    await session(browser);
    const { body, status } = await browser.send('POST', '/auth/logout', {});
    expect(status).toBe(200);
    expect(new URL(body.redirect).origin).toBe(oidc.issuer);
    expect(await browser.isLoggedIn()).toBe(false);
  });

  it('is asked about while it is used, once by all gateways, and ends with the one there', async () => {
    oidc.person = { sub: 'linus' };
    const browser = open.browser();
    await logIn(browser);
    const userId = (await session(browser)).user.id as string;
    const [record] = open.login.directory.list({ userId });
    const sealed = record!.provider!.sealed!;
    expect(record!.provider!.checkAt).toBeGreaterThan(Date.now());
    // Due: the clock of the directory is that of the machine, so the time of the check is moved instead.
    const [due] = open.login.directory
      .due(Date.now() + CHECK_PERIOD_MS + 1000)
      .filter((one) => one.provider.sealed === sealed);
    await open.login.directory.checked(due!, { ...due!.provider, checkAt: Date.now() - 1 });
    const ofLogin = () => open.login.directory.list({ userId }).find(({ id }) => id === record!.id);
    await waitFor(() => ofLogin()!.provider!.checkAt! < Date.now());
    await waitFor(() => gateway.login.directory.due(Date.now()).length > 0);
    await Promise.all([open.login.sessions.check(), gateway.login.sessions.check()]);
    await waitFor(() => ofLogin()!.provider!.sealed !== sealed && ofLogin()!.provider!.checkAt! > Date.now());
    expect(await browser.isLoggedIn()).toBe(true);
    // A token that was used before: the provider takes it for stolen, and ends the login.
    await open.login.directory.checked(due!, { ...due!.provider, sealed, checkAt: Date.now() - 1 });
    await waitFor(() => open.login.directory.due(Date.now()).length > 0);
    await open.login.sessions.check();
    await waitFor(async () => !(await browser.isLoggedIn()));
  });
});

describe('settings', () => {
  it.each([
    [{ OIDC_ISSUER: 'https://a.example' }, /^OIDC_CLIENT_ID: /],
    [{ OIDC_CLIENT_ID: 'x' }, /^OIDC_CLIENT_ID: /],
    [{ WORKOS_API_KEY: 'x' }, /^WORKOS_CLIENT_ID: /],
  ])('of a provider are complete: %j', async (settings, message) => {
    await expect(world.gateway(settings)).rejects.toThrow(message);
  });

  it('without a provider offer none', async () => {
    const none = await world.gateway();
    const browser = none.browser();
    expect((await browser.send('GET', '/auth/providers')).body).toEqual({ providers: [] });
    expect((await browser.send('POST', '/auth/login/provider', { provider: 'oidc' })).status).toBe(404);
    expect((await gateway.browser().send('GET', '/auth/providers')).body.providers).toEqual([
      { id: 'oidc', name: 'localhost' },
    ]);
  });

  it('of a provider that is away refuse with 503, and try again', async () => {
    const away = await world.gateway({ OIDC_ISSUER: 'http://localhost:1', OIDC_CLIENT_ID: 'x' });
    expect((await away.browser().send('POST', '/auth/login/provider', { provider: 'oidc' })).status).toBe(503);
  });
});
