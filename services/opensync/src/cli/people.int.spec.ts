import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { Product, type StartedProduct } from '../testing/product.ts';

const PATIENCE = { timeoutMs: 60_000 };

interface User {
  readonly userId: string;
  readonly email: string;
  readonly name?: string;
  readonly workspaces: readonly { readonly name?: string; readonly role: string }[];
  readonly keys: number;
}

describe('users and workspaces', () => {
  let temporary: TemporaryFolder;
  let product: Product;
  let running: StartedProduct;
  let first: string;
  beforeAll(async () => {
    temporary = await temporaryFolder();
    product = new Product(join(temporary.path, 'data'));
    running = await product.start();
    first = /osk_[\w-]+/.exec(running.banner)![0];
  }, 120_000);
  afterAll(async () => {
    await product.dispose();
    await temporary.remove();
  });

  const run = (line: string) => product.run(line.split(' '));
  async function json<T>(line: string): Promise<T> {
    const { code, stdout, stderr } = await run(`${line} --json`);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }
  async function refused(line: string): Promise<string> {
    const { code, stdout, stderr } = await run(line);
    expect([code, stdout]).toEqual([1, '']);
    return stderr;
  }
  const newKey = async (line: string) => (await json<{ key: string }>(`keys create --name k ${line}`)).key;

  async function call(key: string, path: string, body?: object, method = body ? 'POST' : 'GET') {
    const response = await fetch(running.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text };
  }
  const status = async (...request: Parameters<typeof call>) => (await call(...request)).status;
  const titles = async (key: string) => {
    const { sessions } = JSON.parse((await call(key, '/api/sessions')).text) as { sessions: { title: string }[] };
    return sessions.map(({ title }) => title);
  };

  it('show what each workspace has used today', async () => {
    await call(first, '/sync/session', { externalId: 'used' });
    const { usage } = await waitFor(async () => {
      const found = await json<{ usage: { workspace?: string; requests: number; events: number; bytes: number }[] }>(
        'usage',
      );
      return found.usage.some(({ events }) => events > 0) && found;
    }, PATIENCE);
    expect(usage).toMatchObject([{ workspace: 'default', events: 1, bytes: 21 }]);
    expect(usage[0]!.requests).toBeGreaterThanOrEqual(1);
    const { today } = JSON.parse((await call(first, '/api/usage')).text) as { today: { events: object } };
    expect(today.events).toEqual({ used: 1, limit: null });
    expect((await run('usage --days 2')).stdout).toMatch(/^DAY \(UTC\) +WORKSPACE[^]+ default +\d+ +1 +21 B$/m);
    expect(await refused('usage --days 41')).toContain('Expected 1 to 40');
  });

  it('log in once with a link', async () => {
    const [me] = await json<User[]>('users list');
    const { url } = await json<{ url: string }>(`users login-link ${me!.email}`);
    const operator = await json<{ url: string }>(`users login-link ${me!.email} --operator`);
    expect(url.startsWith(`${running.url}/auth/login#token=`)).toBe(true);
    const shown = /Login +(\S+)/.exec(running.banner)![1]!;
    for (const [link, scopes] of [
      [url, ['admin']],
      [operator.url, ['admin', 'operator']],
      [shown, ['admin', 'operator']],
    ] as const) {
      const body = JSON.stringify({ token: link.split('#token=')[1] });
      const headers = { 'content-type': 'application/json' };
      const send = () => fetch(`${running.url}/auth/login/link`, { method: 'POST', headers, body });
      const answer = await waitFor(async () => {
        const sent = await send();
        return sent.status === 200 && sent;
      });
      expect(await answer.json()).toMatchObject({ scopes });
      const cookie = answer.headers.get('set-cookie')!.split(';')[0]!;
      expect((await fetch(`${running.url}/api/stats`, { headers: { cookie } })).status).toBe(200);
      expect((await send()).status).toBe(401);
    }
    expect(await refused('users login-link nobody@example.com')).toContain('there is no user nobody@example.com');
  });

  it('begin with the user of the first key, who owns the workspace', async () => {
    const [owner, ...others] = await json<User[]>('users list');
    expect(others).toEqual([]);
    expect(owner).toEqual({
      userId: expect.stringMatching(/^usr_[0-9a-hjkmnp-tv-z]{26}$/),
      email: 'me@localhost',
      workspaces: [{ workspaceId: expect.stringMatching(/^wsp_/), name: 'default', role: 'owner' }],
      keys: 2,
    });
    expect((await run('workspaces list')).stdout).toMatch(
      /^ID +NAME +MEMBERS +OWNERS\nwsp_\S+ +default +1 +me@localhost\n$/,
    );
    expect(await status(first, '/api/stats')).toBe(200);
  });

  it('have two users in one workspace, each with their own sessions and the permissions of their role', async () => {
    const added = await product.run(['users', 'add', 'ada@example.com', '--name', 'Ada Lovelace']);
    expect(added).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^usr_\S+\n$/),
      stderr:
        'ada@example.com is now a user with the role member in default.\nTo create a key: opensync keys create --user ada@example.com --name NAME\n',
    });
    const ada = await newKey('--user Ada@Example.com --scopes ingest,read,admin');
    const bob = await newKey('--user bob@example.com --scopes ingest,read,admin');
    const users = await json<User[]>('users list');
    expect(users.map(({ email, name, keys }) => [email, name, keys])).toEqual([
      ['ada@example.com', 'Ada Lovelace', 1],
      ['bob@example.com', undefined, 1],
      ['me@localhost', undefined, 2],
    ]);
    expect(users[0]!.userId).toBe(added.stdout.trim());

    for (const [key, title] of [
      [ada, 'Ada’s'],
      [bob, 'Bob’s'],
    ] as const) {
      expect(await status(key, '/sync/session', { externalId: 'one', title })).toBe(200);
      await waitFor(async () => (await titles(key)).length === 1, PATIENCE);
    }
    expect([await titles(ada), await titles(bob)]).toEqual([['Ada’s'], ['Bob’s']]);

    const may = async (key: string) => [
      await status(key, '/sync/session', { externalId: 'one' }),
      await status(key, '/api/sessions'),
      await status(key, '/api/stats'),
      await status(key, '/api/sessions/nothing', undefined, 'DELETE'),
    ];
    expect(await may(bob)).toEqual([200, 200, 200, 404]);
    const set = await run('workspaces set-role default bob@example.com viewer');
    expect(set).toEqual({ code: 0, stdout: '', stderr: 'bob@example.com has the role viewer in default.\n' });
    await waitFor(async () => (await status(bob, '/sync/session', { externalId: 'one' })) === 403, PATIENCE);
    expect(await may(bob)).toEqual([403, 200, 200, 403]);
    expect((await call(bob, '/sync/session', { externalId: 'one' })).text).toContain('is viewer, which does not allow');
    await run('workspaces set-role default bob@example.com analyst');
    await waitFor(async () => (await status(bob, '/api/sessions')) === 403, PATIENCE);
    expect(await may(bob)).toEqual([403, 403, 200, 403]);
    expect(await may(ada)).toEqual([200, 200, 200, 404]);

    const removed = await run('workspaces remove-member default bob@example.com');
    expect(removed).toEqual({
      code: 0,
      stdout: '',
      stderr: 'bob@example.com is no longer a member of default; 1 key revoked. Sessions stay stored.\n',
    });
    await waitFor(async () => (await status(bob, '/api/stats')) === 401, PATIENCE);
    expect(await refused('keys create --user bob@example.com --name again')).toContain(
      'to add this user again: opensync workspaces add-member default bob@example.com',
    );
    expect((await run('workspaces add-member default bob@example.com')).stderr).toContain('has the role member');
    // The old key does not come back, the sessions do.
    expect(await status(bob, '/api/stats')).toBe(401);
    expect(await titles(await newKey('--user bob@example.com'))).toEqual(['Bob’s']);
  });

  it('have users in several workspaces, whose sessions are separate', async () => {
    const made = await run('workspaces add research --owner ada@example.com');
    expect(made).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^wsp_\S+\n$/),
      stderr: 'Workspace research was created; its owner is ada@example.com.\n',
    });
    expect(await titles(await newKey('--user ada@example.com --workspace research'))).toEqual([]);
    await run('workspaces rename research lab');
    expect(await json<unknown[]>('workspaces members lab')).toMatchObject([
      { email: 'ada@example.com', role: 'owner' },
    ]);
    const ada = (await json<User[]>('users list')).find(({ email }) => email === 'ada@example.com')!;
    expect(ada.workspaces.map(({ name, role }) => `${name} ${role}`).sort()).toEqual(['default member', 'lab owner']);
  });

  it('can be renamed, and keep keys and sessions', async () => {
    const key = await newKey('--user ada@example.com');
    expect((await product.run(['users', 'rename', 'ada@example.com', 'A. Lovelace'])).stderr).toMatch(
      /has the name A\. Lovelace now/,
    );
    expect((await run('users set-email ada@example.com lovelace@example.com')).code).toBe(0);
    expect(await titles(key)).toEqual(['Ada’s']);
    expect((await run('keys list')).stdout).toMatch(/lovelace@example\.com/);
    expect(await titles(await newKey('--user lovelace@example.com'))).toEqual(['Ada’s']);
    expect((await run('users set-email lovelace@example.com ada@example.com')).code).toBe(0);
  });

  it.each([
    [
      'workspaces remove-member default me@localhost',
      'me@localhost is the last owner of the workspace default; make another member an owner first: opensync workspaces set-role default USER owner',
    ],
    ['workspaces set-role default me@localhost member', 'is the last owner of the workspace default'],
    ['users remove ada@example.com', 'is the last owner of the workspace lab'],
    ['users remove eve@example.com', 'there is no user eve@example.com; see: opensync users list'],
    ['users add ADA@example.com', 'there is a user ada@example.com already'],
    ['users add eve@example.com --workspace nowhere', 'there is no workspace nowhere; see: opensync workspaces list'],
    ['users set-email bob@example.com ada@example.com', 'ada@example.com is the e-mail of another user'],
    ['workspaces add lab', 'there is a workspace lab already'],
    ['workspaces rename lab default', 'another workspace has the name default'],
    [
      'workspaces set-role lab bob@example.com viewer',
      'bob@example.com is not a member of lab; see: opensync workspaces members lab',
    ],
    ['workspaces add-member default ada@example.com', 'is a member of default already, with the role member'],
    ['keys create --user ada@example.com --name k --workspace wsp_unknown', 'there is no workspace wsp_unknown'],
  ])('reject `%s` and say what to change', async (line, reason) => {
    expect(await refused(line)).toContain(reason);
  });

  it('store nothing of a rejected command, and use the first workspace by default', async () => {
    await run('workspaces add empty');
    const before = await json<User[]>('users list');
    expect(await refused('users add half@example.com --workspace empty --role viewer')).toContain('has no members yet');
    expect(await json<User[]>('users list')).toEqual(before);
    const workspaces = await json<{ name: string }[]>('workspaces list');
    expect(await refused('workspaces add half --owner nobody@example.com')).toContain('there is no user');
    expect(await json<{ name: string }[]>('workspaces list')).toEqual(workspaces);

    await run('workspaces rename default acme');
    expect((await run('users add half@example.com')).stderr).toContain('with the role member in acme');
    expect(await status(await newKey('--user half@example.com'), '/api/stats')).toBe(200);
    expect((await json<{ name: string }[]>('workspaces list')).map(({ name }) => name)).not.toContain('default');
    await run('workspaces rename acme default');
  });

  it('are removed with all their keys, and come back by their id, with sessions and without keys', async () => {
    const key = await newKey('--user eve@example.com');
    expect(await status(key, '/sync/session', { externalId: 'one', title: 'Eve’s' })).toBe(200);
    const { userId } = (await json<User[]>('users list')).find(({ email }) => email === 'eve@example.com')!;
    expect((await run('users remove eve@example.com')).stderr).toBe(
      'eve@example.com is no longer a user; 1 key revoked. Sessions stay stored.\n',
    );
    await waitFor(async () => (await status(key, '/api/stats')) === 401, PATIENCE);
    expect((await json<User[]>('users list')).map(({ email }) => email)).not.toContain('eve@example.com');
    const { userId: other } = (await json<User[]>('users list'))[0]!;
    expect(await refused(`users add eve@example.com --id ${other}`)).toContain('is the id of another user');
    expect((await run(`users add eve@example.com --id ${userId}`)).stdout).toBe(`${userId}\n`);
    expect(await status(key, '/api/stats')).toBe(401);
    const again = await newKey('--user eve@example.com');
    await waitFor(async () => (await titles(again)).includes('Eve’s'), PATIENCE);
  });

  it.each(['users list', 'workspaces list', 'users remove a@b.c', 'workspaces add-member default a@b.c'])(
    'create nothing if there is no OpenSync yet: %s',
    async (line) => {
      const nowhere = new Product(join(temporary.path, 'nowhere'));
      const { code, stderr } = await nowhere.run(line.split(' '));
      expect([code, existsSync(nowhere.dataDir)]).toEqual([1, false]);
      expect(stderr).toContain('there is no OpenSync in');
    },
  );
});
