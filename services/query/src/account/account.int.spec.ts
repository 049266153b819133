import type { Owner } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { removeMemberAndKeys } from '@opensync/event-log/keys';
import { connectLog, openBucket } from '@opensync/event-log';
import { KeyServiceClient } from '@opensync/event-log/key-service';
import { startTestNats, waitFor } from '@opensync/testkit';
import { LoginWorld, type Gateway } from '../testing/login-world.ts';
import type { Browser } from '../testing/browser.ts';

const DAY = 24 * 60 * 60_000;

let world: LoginWorld;
let here: Gateway;
/** Another gateway, with copies of its own. */
let there: Gateway;
const key = { owner: '', admin: '', member: '', plugin: '' };
const id = { owner: '', admin: '', member: '', workspace: '' };
beforeAll(async () => {
  world = await LoginWorld.start();
  const owner = await world.key('ada@example.com', ['admin']);
  const admin = await world.key('bob@example.com', ['admin']);
  const member = await world.key('eve@example.com', ['admin']);
  const plugin = await world.key('eve@example.com', ['ingest', 'read']);
  Object.assign(key, { owner: owner.key, admin: admin.key, member: member.key, plugin: plugin.key });
  Object.assign(id, { owner: owner.record.owner.userId, admin: admin.record.owner.userId });
  Object.assign(id, { member: member.record.owner.userId, workspace: owner.record.owner.workspaceId });
  [here, there] = [await world.gateway(), await world.gateway()];
  expect((await as('owner').send('PATCH', `/api/members/${id.admin}`, { role: 'admin' })).status).toBe(200);
  await waitFor(() => here.keys.people.roleFor({ workspaceId: id.workspace, userId: id.admin }) === 'admin');
});
afterAll(() => world.stop());

/** A client with a key. */
function as(who: keyof typeof key | { key: string }, gateway = here) {
  const authorization = `Bearer ${typeof who === 'string' ? key[who] : who.key}`;
  const browser = gateway.browser();
  const send: Browser['send'] = (method, url, body, headers) =>
    browser.send(method, url, body, { authorization, ...headers });
  return { send, works: async () => (await send('GET', '/auth/session')).status === 200 };
}

async function logInByLink(browser: Browser, owner: Owner): Promise<void> {
  const { token } = await here.login.directory.createLink(owner);
  expect((await browser.send('POST', '/auth/login/link', { token })).status).toBe(200);
}

const until = (condition: () => unknown) => waitFor(condition, { timeoutMs: 10_000 });

describe('personal keys', () => {
  const create = async (body: object, who: keyof typeof key = 'member') => as(who).send('POST', '/api/keys', body);

  it('are made, listed and revoked by the person they belong to', async () => {
    const { status, body } = await create({ name: 'laptop', scopes: ['read'], expiresAt: Date.now() + DAY });
    expect(status).toBe(200);
    expect(body.record).toMatchObject({ name: 'laptop', scopes: ['read'], state: 'valid' });
    expect(body.record.hint).toBe(`…${body.key.slice(-4)}`);
    await until(() => as({ key: body.key }, there).works());
    const { keys } = (await as('member').send('GET', '/api/keys')).body;
    expect(keys[0]).toEqual(body.record);
    expect(JSON.stringify(keys)).not.toContain(body.key);
    expect((await as('member').send('DELETE', `/api/keys/${body.record.id}`)).body.record.state).toBe('revoked');
    const before = performance.now();
    await until(async () => !(await as({ key: body.key }, there).works()) && !(await as({ key: body.key }).works()));
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  it('are not made by a plugin’s key', async () => {
    expect((await create({ name: 'x', scopes: ['read'] }, 'plugin')).status).toBe(403);
    expect((await as('plugin').send('DELETE', '/api/keys/key_none')).status).toBe(403);
    expect((await as('plugin').send('GET', '/api/keys')).status).toBe(200);
  });

  it.each([
    [{ name: '' }, 'name must not be empty'],
    [{ name: 'a\u0000b' }, 'name must not have control characters'],
    [{ name: 'x'.repeat(101) }, 'name must have at most 100 characters'],
    [{ name: 'x', scopes: [] }, 'scopes must not be empty'],
    [{ name: 'x', scopes: ['root'] }, 'scopes.0 must be a list of ingest, read, admin'],
    [{ name: 'x', scopes: ['operator'] }, 'scopes.0 must be a list of ingest, read, admin'],
    [{ name: 'x', expiresAt: 1 }, 'The key would have expired already'],
    [{ name: 'x', owner: 'usr_x' }, 'owner'],
  ])('are refused with %j', async (body, message) => {
    const answer = await create(body);
    expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringContaining(message)]);
  });

  it('are rotated: both are valid for a while, then only the new one', async () => {
    const made = (await create({ name: 'ci', scopes: ['ingest'], expiresAt: Date.now() + 90 * DAY })).body;
    const path = `/api/keys/${made.record.id}/rotate`;
    await until(() => here.keys.principalOf(made.record.id));
    const { status, body } = await as('member').send('POST', path, { overlapHours: 1 });
    expect(status).toBe(200);
    const { record, former } = body;
    expect(record).toMatchObject({ name: 'ci', scopes: ['ingest'], expiresAt: made.record.expiresAt });
    expect(former).toMatchObject({ id: made.record.id, state: 'valid', replacedBy: record.id });
    expect(former.expiresAt).toBeLessThanOrEqual(Date.now() + DAY / 24);
    await until(() => here.keys.principalOf(record.id));
    expect(here.keys.principalOf(former.id)).toBeDefined();
    expect((await as('member').send('POST', path, {})).status).toBe(409);
    const at = await as('member').send('POST', `/api/keys/${record.id}/rotate`, { overlapHours: 0 });
    await until(() => !here.keys.principalOf(record.id));
    expect(here.keys.principalOf(at.body.record.id)).toBeDefined();
    expect((await as('member').send('POST', path, { overlapHours: 721 })).status).toBe(400);
  });

  it('made with a key that expires end with it, also those of a login with it', async () => {
    const expiresAt = Date.now() + DAY;
    const short = (await create({ name: 'short', scopes: ['admin'], expiresAt })).body;
    const lasting = (await create({ name: 'lasting', scopes: ['read'] })).body.record.id;
    await until(() => here.keys.principalOf(short.record.id) && here.keys.principalOf(lasting));
    const browser = here.browser();
    await browser.logIn(short.key);
    await until(() => world.logins.list({ userId: id.member }).length > 0);
    for (const who of [as(short), browser]) {
      for (const wanted of [{}, { expiresAt: expiresAt + DAY }]) {
        const { body } = await who.send('POST', '/api/keys', { name: 'more', scopes: ['admin'], ...wanted });
        expect(body.record.expiresAt).toBe(expiresAt);
      }
      const sooner = await who.send('POST', '/api/keys', {
        name: 'less',
        scopes: ['read'],
        expiresAt: expiresAt - 1000,
      });
      expect(sooner.body.record.expiresAt).toBe(expiresAt - 1000);
    }
    const { body } = await as(short).send('POST', `/api/keys/${lasting}/rotate`, { overlapHours: 0 });
    expect(body.record.expiresAt).toBe(expiresAt);
    await logInByLink(browser, { workspaceId: id.workspace, userId: id.member });
    const own = await browser.send('POST', '/api/keys', { name: 'lasting', scopes: ['read'] });
    expect(own.body.record.expiresAt).toBeUndefined();
  });

  it('of others are neither seen nor changed, except by those who manage members', async () => {
    const own = (await create({ name: 'own', scopes: ['read'] })).body.record.id;
    const ofOwner = (await create({ name: 'of the owner', scopes: ['read'] }, 'owner')).body.record.id;
    await until(() => here.keys.principalOf(ofOwner));
    for (const [method, path] of [
      ['DELETE', `/api/keys/${ofOwner}`],
      ['POST', `/api/keys/${ofOwner}/rotate`],
    ] as const) {
      expect((await as('member').send(method, path, method === 'POST' ? {} : undefined)).status).toBe(404);
    }
    expect((await as('member').send('GET', '/api/keys?of=workspace')).status).toBe(403);
    expect((await as('admin').send('POST', `/api/keys/${own}/rotate`, {})).status).toBe(404);
    const { keys } = (await as('admin').send('GET', '/api/keys?of=workspace&limit=200')).body;
    expect(keys).toContainEqual(
      expect.objectContaining({ id: own, user: { id: id.member, email: 'eve@example.com' } }),
    );
    // Not those of somebody who may do more.
    expect((await as('admin').send('DELETE', `/api/keys/${ofOwner}`)).status).toBe(403);
    expect((await as('admin').send('DELETE', `/api/keys/${own}`)).status).toBe(200);
    const { record } = await world.key('cid@example.com', ['admin'], 'elsewhere');
    await until(() => here.keys.principalOf(record.id));
    expect((await as('owner').send('DELETE', `/api/keys/${record.id}`)).status).toBe(404);
  });

  it('that cannot be used any more make room, and are few in any case', async () => {
    const { key: token, record } = await world.key('max@example.com', ['admin'], 'of max');
    await until(() => here.keys.principalOf(record.id));
    const bucket = await openBucket(world.nc, 'apikeys');
    const revoked = async (from: number, revokedAt: number) => {
      const entries = Array.from({ length: 199 }, (_, at) => String(from + at).padStart(64, '0'));
      for (const hash of entries) {
        const of = { ...record, id: `key_${hash}`, createdAt: 1, revokedAt, isRevocationOnLog: true };
        await bucket.put(`key.${hash}`, JSON.stringify(of));
      }
      await until(() => world.keys.record(`key_${entries.at(-1)}`));
    };
    const make = () => as({ key: token }).send('POST', '/api/keys', { name: 'x', scopes: ['read'] });
    await revoked(0, Date.now() - 2 * DAY);
    expect((await make()).status).toBe(200);
    expect(world.keys.listOf(record.owner)).toHaveLength(200);
    expect((await make()).status).toBe(200);
    expect(world.keys.listOf(record.owner)).toHaveLength(200);
    await revoked(0, Date.now());
    const { status, body } = await make();
    expect([status, body.error.message]).toEqual([409, expect.stringContaining('within a day')]);
  });

  it('are listed page by page', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await as('member').send('GET', `/api/keys?limit=2&cursor=${cursor}`);
      expect(body.keys.length).toBeLessThanOrEqual(2);
      seen.push(...body.keys.map((one: { id: string }) => one.id));
      cursor = body.cursor;
    }
    expect(seen.toSorted()).toEqual(
      world.keys
        .list()
        .filter(({ owner }) => owner.userId === id.member)
        .map((one) => one.id)
        .toSorted(),
    );
  });

  it('cannot be changed while no keeper answers', async () => {
    await using server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'alone' });
    const asked = new KeyServiceClient(nc).ask({ command: 'sign-up', token: 'x' });
    await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('No keeper') });
    await nc.close();
  });
});

describe('a keeper', () => {
  const ask = () => new KeyServiceClient(world.nc);
  const caller = (keyId: string, userId = id.member) => ({ workspaceId: id.workspace, userId, keyId, isLogin: false });
  const idOf = (token: string) => world.keys.find(token)!.id;

  it('checks the caller once more: what a gateway says about rights counts for nothing', async () => {
    const make = { command: 'create-key' as const, name: 'x', scopes: ['admin' as const] };
    await expect(ask().ask({ ...make, caller: caller(idOf(key.plugin)) })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const operator = { ...make, scopes: ['operator' as const], caller: caller(idOf(key.member)) };
    await expect(ask().ask(operator)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    // A key of one member for another one, or for another workspace.
    for (const forged of [
      caller(idOf(key.member), id.owner),
      { ...caller(idOf(key.member)), workspaceId: 'wsp_other' },
      caller('key_none'),
      { ...caller(idOf(key.member)), isLogin: true },
    ]) {
      await expect(ask().ask({ ...make, caller: forged })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    }
    const promote = { command: 'set-role', userId: id.member, role: 'owner' } as const;
    await expect(ask().ask({ ...promote, caller: caller(idOf(key.member)) })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const admin = caller(idOf(key.admin), id.admin);
    await expect(ask().ask({ ...promote, caller: admin })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('answers what it cannot read, and does nothing', async () => {
    for (const odd of ['', '{}', 'x'.repeat(40_000), '{"command":"drop"}']) {
      const answer = await world.nc.request('osk.keeper.keys', odd, { timeout: 5_000 });
      expect(answer.json()).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    }
  });
});

describe('members', () => {
  it('are listed for each other, by pages', async () => {
    const { body } = await as('member').send('GET', '/api/members?limit=1');
    expect(body.members).toHaveLength(1);
    const rest = (await as('member').send('GET', `/api/members?cursor=${body.cursor}`)).body.members;
    const all = [...body.members, ...rest];
    expect(all.map(({ role }: { role: string }) => role).toSorted()).toEqual(['admin', 'member', 'owner']);
    expect(all).toContainEqual({ id: id.member, email: 'eve@example.com', role: 'member', isCaller: true });
  });

  it('are changed by owners and admins, and owners only by owners', async () => {
    const setRole = (who: keyof typeof key, user: string, role: string) =>
      as(who).send('PATCH', `/api/members/${user}`, { role });
    expect((await setRole('member', id.member, 'owner')).status).toBe(403);
    expect((await setRole('admin', id.admin, 'owner')).status).toBe(403);
    expect((await setRole('admin', id.owner, 'viewer')).status).toBe(403);
    expect((await as('admin').send('DELETE', `/api/members/${id.owner}`)).status).toBe(403);
    expect((await setRole('owner', id.owner, 'admin')).status).toBe(409);
    expect((await as('owner').send('DELETE', `/api/members/${id.owner}`)).status).toBe(409);
    expect((await setRole('admin', id.member, 'analyst')).body).toEqual({ ok: true, role: 'analyst' });
    await until(async () => (await as('plugin').send('GET', '/api/members')).status === 403);
    expect((await setRole('admin', id.member, 'king')).status).toBe(400);
    expect((await setRole('admin', id.member, 'member')).status).toBe(200);
    await until(async () => (await as('plugin').send('GET', '/api/members')).status === 200);
  });
});

describe('an invitation', () => {
  const invite = async (body: object, who: keyof typeof key = 'admin') =>
    (await as(who).send('POST', '/api/invitations', body)).body as { token: string; invitation: { id: string } };
  const known = (token: string) => until(() => here.login.directory.invitations.find(token));

  it('makes a user and a member, once', async () => {
    const { token, invitation } = await invite({ role: 'viewer', email: 'new@example.com' });
    await known(token);
    const { invitations } = (await as('admin').send('GET', '/api/invitations')).body;
    expect(invitations).toContainEqual(invitation);
    expect(JSON.stringify(invitations)).not.toContain(token);
    const browser = here.browser();
    const shown = await browser.send('POST', '/auth/invitation', { token });
    expect(shown.body).toMatchObject({ workspace: { name: 'default' }, role: 'viewer', email: 'new@example.com' });
    const answers = await Promise.all(
      [browser, here.browser()].map((one) => one.send('POST', '/auth/login/invitation', { token })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404]);
    const { body } = answers.find(({ status }) => status === 200)!;
    expect(body).toMatchObject({ user: { email: 'new@example.com' }, role: 'viewer', login: { means: 'invitation' } });
    expect((await browser.send('POST', '/auth/invitation', { token })).status).toBe(404);
    expect((await as('admin').send('GET', '/api/invitations')).body.invitations).not.toContainEqual(invitation);
  });

  it('is no way to become somebody who is a user already', async () => {
    const { token } = await invite({ role: 'member', email: 'Ada@Example.com' });
    await known(token);
    const answer = await here.browser().send('POST', '/auth/login/invitation', { token });
    expect([answer.status, answer.set]).toEqual([409, []]);
    const { token: open } = await invite({ role: 'member' });
    await known(open);
    expect((await here.browser().send('POST', '/auth/login/invitation', { token: open })).status).toBe(409);
  });

  it('makes somebody who is logged in a member of another workspace', async () => {
    const dan = await world.key('dan@example.com', ['admin'], 'other');
    await until(() => here.keys.principalOf(dan.record.id));
    const { token } = await invite({ role: 'viewer' });
    await known(token);
    const browser = here.browser();
    await browser.logIn(dan.key);
    // A key of one workspace is not its user everywhere.
    for (const asked of [
      await browser.send('POST', '/auth/invitation/join', { token }),
      await as({ key: dan.key }).send('POST', '/auth/invitation/join', { token }),
    ]) {
      expect([asked.status, asked.body.error.message]).toEqual([403, expect.stringContaining('log in with a link')]);
    }
    await logInByLink(browser, dan.record.owner);
    const { status, body } = await browser.send('POST', '/auth/invitation/join', { token });
    expect([status, body]).toEqual([200, { ok: true, workspaceId: id.workspace }]);
    const session = (await browser.send('GET', '/auth/session')).body;
    expect(session).toMatchObject({
      user: { email: 'dan@example.com' },
      workspace: { name: 'default' },
      role: 'viewer',
    });
  });

  it('with an address makes nobody a member who has another one', async () => {
    const gus = await world.key('gus@example.com', ['admin'], 'other');
    const fay = await world.key('fay@example.com', ['admin'], 'other');
    await until(() => here.keys.principalOf(fay.record.id));
    const { token } = await invite({ role: 'viewer', email: 'Fay@example.com' });
    await known(token);
    const [wrong, right] = [here.browser(), here.browser()];
    await logInByLink(wrong, gus.record.owner);
    const refused = await wrong.send('POST', '/auth/invitation/join', { token });
    expect([refused.status, refused.body.error.message]).toEqual([403, expect.stringContaining('another address')]);
    await logInByLink(right, fay.record.owner);
    expect((await right.send('POST', '/auth/invitation/join', { token })).status).toBe(200);
  });

  it('is worth nothing once it is withdrawn, or its maker may not invite', async () => {
    const withdrawn = await invite({ role: 'viewer', email: 'late@example.com' });
    expect((await as('owner').send('DELETE', `/api/invitations/${withdrawn.invitation.id}`)).status).toBe(200);
    await until(() => !here.login.directory.invitations.find(withdrawn.token));
    expect((await here.browser().send('POST', '/auth/login/invitation', { token: withdrawn.token })).status).toBe(404);
    const { token } = await invite({ role: 'viewer', email: 'later@example.com' });
    await known(token);
    const setRole = (role: string) => as('owner').send('PATCH', `/api/members/${id.admin}`, { role });
    await setRole('member');
    expect((await here.browser().send('POST', '/auth/login/invitation', { token })).status).toBe(404);
    expect((await setRole('admin')).status).toBe(200);
    await until(() => here.keys.people.roleFor({ workspaceId: id.workspace, userId: id.admin }) === 'admin');
  });

  it.each([
    { role: 'king' },
    { email: 'nobody' },
    { email: 'ada@b\u00fccher.example' },
    { expiresInDays: 0 },
    { expiresInDays: 31 },
    { token: 'x' },
  ])('is refused with %j', async (body) => {
    expect((await as('admin').send('POST', '/api/invitations', body)).status).toBe(400);
  });

  it('as an owner is for owners to make, and none is for members to make', async () => {
    expect((await as('admin').send('POST', '/api/invitations', { role: 'owner' })).status).toBe(403);
    expect((await as('member').send('POST', '/api/invitations', { role: 'viewer' })).status).toBe(403);
    const { body } = await as('owner').send('POST', '/api/invitations', { role: 'owner' });
    expect(body.invitation.role).toBe('owner');
  });
});

describe('a member who was removed', () => {
  it('has neither keys nor logins nor links when they are added again', async () => {
    const { key: token, record } = await world.key('zoe@example.com', ['admin']);
    const { userId } = record.owner;
    await until(() => here.keys.principalOf(record.id));
    const browser = here.browser();
    await logInByLink(browser, record.owner);
    expect(await browser.isLoggedIn()).toBe(true);
    const unused = await here.login.directory.createLink(record.owner);
    await until(() => world.logins.list({ userId }).length === 1);
    const removed = await as('owner').send('DELETE', `/api/members/${userId}`);
    expect(removed.body).toEqual({ ok: true, revokedKeys: 1 });
    await until(async () => !(await browser.isLoggedIn()));
    const { token: back } = (await as('owner').send('POST', '/api/invitations', { role: 'member' })).body;
    const dan = await world.key('zoe@example.com', ['admin'], 'of zoe');
    expect(dan.record.owner.userId).toBe(userId);
    await until(() => here.keys.principalOf(dan.record.id));
    const again = here.browser();
    await logInByLink(again, dan.record.owner);
    expect((await again.send('POST', '/auth/invitation/join', { token: back })).status).toBe(200);
    expect(here.keys.people.roleFor(record.owner)).toBe('member');
    expect(await browser.isLoggedIn()).toBe(false);
    expect(await as({ key: token }).works()).toBe(false);
    expect((await here.browser().send('POST', '/auth/login/link', { token: unused.token })).status).toBe(401);
  });

  it('is removed by what the caller may do at that moment', async () => {
    const { record } = await world.key('ann@example.com', ['read']);
    const { workspaceId, userId } = record.owner;
    let calls = 0;
    const check = () => {
      if (++calls > 1) throw new AppError('FORBIDDEN', 'an owner by now');
    };
    const removal = removeMemberAndKeys(world.keys, workspaceId, userId, world.logins, check);
    await expect(removal).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(world.keys.people.roleFor(record.owner)).toBe('member');
  });
});
