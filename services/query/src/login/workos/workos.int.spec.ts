import { generateKeyPair } from 'jose';
import { waitFor } from '@opensync/testkit';
import type { Browser } from '../../testing/browser.ts';
import { FakeWorkos } from '../../testing/fake-workos.ts';
import { LoginWorld, type Gateway } from '../../testing/login-world.ts';
import { REPLAY_WINDOW_MS } from './webhook.ts';

let world: LoginWorld;
let workos: FakeWorkos;
let gateway: Gateway;
let there: Gateway;
beforeAll(async () => {
  world = await LoginWorld.start();
  workos = await FakeWorkos.start();
  await world.key('ada@example.com', ['admin']);
  const settings = {
    WORKOS_API_KEY: FakeWorkos.API_KEY,
    WORKOS_CLIENT_ID: FakeWorkos.CLIENT_ID,
    WORKOS_WEBHOOK_SECRET: FakeWorkos.WEBHOOK_SECRET,
    WORKOS_API_URL: workos.url,
  };
  [gateway, there] = [await world.gateway(settings), await world.gateway(settings)];
});
afterAll(async () => {
  await workos.stop();
  await world.stop();
});

async function begin(browser: Browser): Promise<string> {
  const { body } = await browser.send('POST', '/auth/login/provider', { provider: 'workos' });
  const back = workos.authorize(body.url);
  return back.slice(back.indexOf('/auth/'));
}
async function logIn(browser: Browser, user: string, organization?: string) {
  workos.person = { user, organization };
  return (await browser.send('GET', await begin(browser))).headers.location;
}
const session = async (browser: Browser) => (await browser.send('GET', '/auth/session')).body;
/** The issuers that access tokens name. */
const issuers = () => [workos.url, `${workos.url}/`, `${workos.url}/user_management/${FakeWorkos.CLIENT_ID}`];
const ask = async (token: string, at = gateway) =>
  at.browser().send('GET', '/auth/session', undefined, { authorization: `Bearer ${token}` });
const deliver = ({ body, header }: { body: string; header?: string }, at = gateway) =>
  at.app.inject({
    ...{ method: 'POST', url: '/auth/workos/webhook', payload: body },
    headers: {
      ...{ host: 'localhost:3211', 'content-type': 'application/json' },
      ...(header !== undefined && { 'workos-signature': header }),
    },
  });
const until = (condition: () => unknown) => waitFor(condition, { timeoutMs: 10_000 });

describe('a login with AuthKit', () => {
  it('makes users, workspaces and memberships of what WorkOS has', async () => {
    workos.add('user_grace', 'grace@example.com');
    workos.join('user_grace', 'org_a', 'admin');
    workos.join('user_grace', 'org_b', 'member');
    workos.join('user_grace', 'org_c', 'a-role-of-theirs');
    workos.join('user_grace', 'org_d', 'owner').status = 'pending';
    const browser = gateway.browser();
    expect(await logIn(browser, 'user_grace', 'org_b')).toBe('/');
    expect(await session(browser)).toMatchObject({
      user: { email: 'grace@example.com', name: 'A user_grace' },
      workspace: { name: 'Org org_b' },
      ...{ role: 'member', login: { means: 'workos' } },
    });
    const people = world.keys.people.people;
    const { userId } = people.findUser('grace@example.com')!;
    const roles = people
      .membershipsOf(userId)
      .map(({ workspaceId, role }) => [people.findWorkspace(workspaceId)!.name, role]);
    expect(Object.fromEntries(roles)).toEqual({ 'Org org_a': 'admin', 'Org org_b': 'member', 'Org org_c': 'viewer' });
  });

  it('is of nobody who is in no organization and was not invited', async () => {
    workos.add('user_alone', 'alone@example.com');
    const browser = gateway.browser();
    expect(await logIn(browser, 'user_alone')).toBe('/auth/login?problem=uninvited');
    expect(await browser.isLoggedIn()).toBe(false);
  });

  it('needs the state and the verifier of the browser that began, and works once', async () => {
    workos.person = { user: 'user_grace', organization: undefined };
    const [browser, other] = [gateway.browser(), gateway.browser()];
    const [back, otherBack] = [await begin(browser), await begin(other)];
    const copy = browser.copy();
    const code = /code=([^&]+)/.exec(otherBack)![1]!;
    for (const wrong of [back.replace(/state=[^&]+/, 'state=x'), back.replace(/code=[^&]+/, `code=${code}`)]) {
      expect((await copy.copy().send('GET', wrong)).headers.location).toBe('/auth/login?problem=refused');
    }
    expect((await browser.send('GET', back)).headers.location).toBe('/');
    expect((await copy.send('GET', back)).headers.location).toBe('/auth/login?problem=refused');
  });

  it('leads to an existing user by no address', async () => {
    workos.add('user_mallory', 'ada@example.com');
    workos.join('user_mallory', 'org_m', 'owner');
    const browser = gateway.browser();
    await logIn(browser, 'user_mallory', 'org_m');
    const { user } = await session(browser);
    expect(user.email).toBeUndefined();
    expect(user.id).not.toBe(world.keys.people.people.findUser('ada@example.com')!.userId);
  });

  it('ends there when it ends here, with its access tokens', async () => {
    const browser = gateway.browser();
    await logIn(browser, 'user_grace', 'org_a');
    const { provider } = gateway.login.directory.list({ userId: (await session(browser)).user.id })[0]!;
    const token = await workos.token({ sub: 'user_grace', sid: provider!.session, org_id: 'org_a' });
    expect((await ask(token)).status).toBe(200);
    const { body } = await browser.send('POST', '/auth/logout', {});
    expect(body.redirect).toContain(`/user_management/sessions/logout?session_id=${provider!.session}`);
    await until(async () => (await ask(token, there)).status === 401);
  });

  it('ends here when it ends there', async () => {
    const browser = gateway.browser();
    await logIn(browser, 'user_grace', 'org_a');
    const userId = (await session(browser)).user.id as string;
    const newest = gateway.login.directory.list({ userId }).toSorted((a, b) => b.createdAt - a.createdAt)[0]!;
    const of = newest.provider!;
    workos.endSession(of.session!);
    const [due] = gateway.login.directory.due(Infinity).filter(({ provider }) => provider.session === of.session);
    await gateway.login.directory.checked(due!, { ...of, checkAt: Date.now() - 1 });
    await until(() => gateway.login.directory.due(Date.now()).length > 0);
    await gateway.login.sessions.check();
    await until(async () => !(await browser.isLoggedIn()));
  });

  it('goes on while WorkOS is away, for a while', async () => {
    const browser = gateway.browser();
    await logIn(browser, 'user_grace', 'org_a');
    const userId = (await session(browser)).user.id as string;
    const [newest] = gateway.login.directory.list({ userId }).toSorted((a, b) => b.createdAt - a.createdAt);
    const of = newest!.provider!;
    const found = () => gateway.login.directory.list({ userId }).find(({ id }) => id === newest!.id);
    const [due] = gateway.login.directory.due(Infinity).filter(({ provider }) => provider.session === of.session);
    workos.isAway = true;
    try {
      await gateway.login.directory.checked(due!, { ...of, checkAt: Date.now() - 1 });
      await until(() => gateway.login.directory.due(Date.now()).length > 0);
      await gateway.login.sessions.check();
      await until(() => found()!.provider!.failingSince !== undefined);
      expect(await browser.isLoggedIn()).toBe(true);
      await gateway.login.directory.checked(due!, { ...found()!.provider!, failingSince: Date.now() - 61 * 60_000 });
      await until(async () => !(await browser.isLoggedIn()));
    } finally {
      workos.isAway = false;
    }
  });
});

describe('an access token of WorkOS', () => {
  const claims = { sub: 'user_grace', sid: 'session_of_a_client', org_id: 'org_b' };

  it('is accepted in place of a key, from each issuer, in the workspace of its organization', async () => {
    for (const issuer of issuers()) {
      const { status, body } = await ask(await workos.token(claims, { issuer }));
      expect([status, body.workspace?.name, body.role]).toEqual([200, 'Org org_b', 'member']);
    }
    const { body } = await ask(await workos.token({ sub: 'user_grace', sid: 's' }));
    expect(body.user.email).toBe('grace@example.com');
    const forClient = { ...claims, aud: FakeWorkos.CLIENT_ID, client_id: FakeWorkos.CLIENT_ID };
    expect((await ask(await workos.token(forClient))).status).toBe(200);
  });

  it('is refused if anything about it is wrong', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const good = await workos.token(claims);
    const [head, body, signature] = good.split('.') as [string, string, string];
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.x`;
    const wrong = [
      await workos.token(claims, { issuer: 'https://evil.example' }),
      await workos.token(claims, { issuer: `${workos.url}/user_management/client_other` }),
      await workos.token(claims, { key: privateKey }),
      await workos.token(claims, { seconds: -60 }),
      await workos.token({ ...claims, aud: 'client_other' }),
      await workos.token({ ...claims, client_id: 'client_other' }),
      await workos.token({ ...claims, sub: 'user_unknown' }),
      await workos.token({ ...claims, org_id: 'org_other' }),
      `${head}.${body}.${signature.slice(0, -4)}AAAA`,
      none,
      'a.b.c',
    ];
    for (const token of wrong) expect((await ask(token)).status).toBe(401);
    expect((await ask(good)).status).toBe(200);
  });

  it('makes no keys: it ends soon, and a key would not', async () => {
    const authorization = `Bearer ${await workos.token(claims)}`;
    const answer = await gateway.browser().send('POST', '/api/keys', { name: 'x' }, { authorization });
    expect(answer.status).toBe(401);
  });

  it('is nothing where WorkOS is not set up', async () => {
    const none = await world.gateway();
    expect((await ask(await workos.token(claims), none)).status).toBe(401);
  });
});

describe('a webhook of WorkOS', () => {
  const membersOf = (email: string) => {
    const { people } = world.keys.people;
    const { userId } = people.findUser(email)!;
    return Object.fromEntries(
      people.membershipsOf(userId).map(({ workspaceId, role }) => [people.findWorkspace(workspaceId)!.name, role]),
    );
  };

  it('brings users and memberships to what WorkOS has at that moment, whatever the order', async () => {
    const user = workos.add('user_zoe', 'zoe@example.com');
    const membership = workos.join('user_zoe', 'org_a', 'member');
    const added = workos.webhook('organization_membership.created', { id: 'om_1', user_id: 'user_zoe' });
    expect((await deliver(added)).statusCode).toBe(200);
    expect(membersOf('zoe@example.com')).toEqual({ 'Org org_a': 'member' });
    membership.role = 'admin';
    user.first_name = 'Zoë';
    // Late, twice, and with an older content: what counts is what WorkOS has.
    const stale = { id: 'om_1', user_id: 'user_zoe', role: { slug: 'owner' }, organization_id: 'org_evil' };
    for (const one of [added, workos.webhook('organization_membership.updated', stale), added]) {
      expect((await deliver(one)).statusCode).toBe(200);
    }
    expect(membersOf('zoe@example.com')).toEqual({ 'Org org_a': 'admin' });
    expect(world.keys.people.people.findUser('zoe@example.com')!.name).toBe('Zoë user_zoe');
  });

  it('ends keys and logins with a membership, and no other membership', async () => {
    const { people } = world.keys.people;
    const { userId } = people.findUser('zoe@example.com')!;
    const browser = gateway.browser();
    await logIn(browser, 'user_zoe', 'org_a');
    const { workspaceId } = people.membershipsOf(userId)[0]!;
    const { key } = await world.keys.createFor({ owner: { workspaceId, userId }, name: 'k', scopes: ['read'] });
    await until(async () => (await ask(key)).status === 200);
    const own = await world.key('zoe@example.com', ['read'], 'of her own');
    workos.leave('user_zoe', 'org_a');
    await deliver(workos.webhook('organization_membership.deleted', { id: 'om_1', user_id: 'user_zoe' }));
    expect(membersOf('zoe@example.com')).toEqual({ 'of her own': 'owner' });
    const before = performance.now();
    await until(async () => !(await browser.isLoggedIn()) && (await ask(key, there)).status === 401);
    expect(performance.now() - before).toBeLessThan(1_000);
    expect((await ask(own.key)).status).toBe(200);
    // She comes back; what she had does not.
    workos.join('user_zoe', 'org_a', 'member');
    await deliver(workos.webhook('organization_membership.created', { id: 'om_2', user_id: 'user_zoe' }));
    expect([await browser.isLoggedIn(), (await ask(key)).status]).toEqual([false, 401]);
  });

  it('removes a person who is gone from what WorkOS decides about', async () => {
    workos.users.delete('user_zoe');
    await deliver(workos.webhook('user.deleted', { id: 'user_zoe' }));
    expect(membersOf('zoe@example.com')).toEqual({ 'of her own': 'owner' });
  });

  it('ends the logins of a session', async () => {
    const browser = gateway.browser();
    await logIn(browser, 'user_grace', 'org_a');
    const logins = gateway.login.directory.list({ userId: (await session(browser)).user.id });
    const { provider } = logins.toSorted((a, b) => b.createdAt - a.createdAt)[0]!;
    await deliver(workos.webhook('session.revoked', { id: provider!.session, user_id: 'user_grace' }), there);
    await until(async () => !(await browser.isLoggedIn()));
  });

  it('is refused unless WorkOS has signed exactly this, lately', async () => {
    const asked = workos.asked;
    const good = workos.webhook('user.updated', { id: 'user_grace' });
    const time = Date.now();
    const wrong = [
      { body: good.body },
      { ...good, header: '' },
      { ...good, header: good.header.replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
      { ...good, body: good.body.replace('user_grace', 'user_other') },
      { ...good, header: good.header.replace(/t=\d+/, `t=${time + 1}`) },
      workos.webhook('user.updated', { id: 'user_grace' }, { secret: 'another' }),
      workos.webhook('user.updated', { id: 'user_grace' }, { at: time - REPLAY_WINDOW_MS - 1_000 }),
      workos.webhook('user.updated', { id: 'user_grace' }, { at: time + REPLAY_WINDOW_MS + 60_000 }),
    ];
    for (const one of wrong) expect((await deliver(one)).statusCode).toBe(401);
    expect(workos.asked).toBe(asked);
    expect((await deliver(good)).statusCode).toBe(200);
    const none = await world.gateway();
    expect((await deliver(good, none)).statusCode).toBe(404);
  });

  it('is answered 503 while WorkOS cannot be asked, so that it comes again', async () => {
    workos.isAway = true;
    try {
      expect((await deliver(workos.webhook('user.updated', { id: 'user_grace' }))).statusCode).toBe(503);
    } finally {
      workos.isAway = false;
    }
  });

  it('about anything else changes nothing', async () => {
    const asked = workos.asked;
    for (const event of ['dsync.user.created', 'connection.activated', 'organization.created']) {
      expect((await deliver(workos.webhook(event, { id: 'x' }))).statusCode).toBe(200);
    }
    expect(workos.asked).toBe(asked);
  });
});

describe('a membership that WorkOS decides about', () => {
  it('is changed there, not here', async () => {
    const { people } = world.keys.people;
    const { userId } = people.findUser('grace@example.com')!;
    const browser = gateway.browser();
    await logIn(browser, 'user_grace', 'org_a');
    await session(browser);
    expect((await browser.send('PATCH', `/api/members/${userId}`, { role: 'viewer' })).status).toBe(409);
    expect((await browser.send('DELETE', `/api/members/${userId}`)).status).toBe(409);
  });
});
