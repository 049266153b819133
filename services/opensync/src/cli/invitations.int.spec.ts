import { join } from 'node:path';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { Product, type StartedProduct } from '../testing/product.ts';

const PATIENCE = { timeoutMs: 60_000 };
const HOUR_MS = 3_600_000;

interface Key {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly owner: object;
  readonly expiresAt?: number;
}
interface Invited {
  readonly invitation: { readonly id: string; readonly expiresAt: number };
  readonly token: string;
  readonly url: string;
}

let temporary: TemporaryFolder;
let product: Product;
let running: StartedProduct;
beforeAll(async () => {
  temporary = await temporaryFolder();
  product = new Product(join(temporary.path, 'data'));
  running = await product.start();
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
async function post(path: string, token: string) {
  const headers = { 'content-type': 'application/json' };
  return fetch(running.url + path, { method: 'POST', headers, body: JSON.stringify({ token }) });
}

describe('keys rotate', () => {
  const newKey = (line: string) => json<Key>(`keys create --name laptop ${line}`);
  const statusOf = async (key: string) =>
    (await fetch(`${running.url}/api/stats`, { headers: { authorization: `Bearer ${key}` } })).status;
  const accepts = (key: string, status: number) =>
    waitFor(async () => (await statusOf(key)) === status, { ...PATIENCE, what: `status ${status}` });

  it('prints a key that does the same, while the former one stays valid for the overlap', async () => {
    const first = await newKey('--user ada@example.com --scopes read --expires 90d');
    const before = Date.now();
    const { key, former, ...second } = await json<Key & { former: Key & { replacedBy: string } }>(
      `keys rotate ${first.id} --overlap 2h`,
    );
    const { name, scopes, owner, expiresAt } = first;
    expect(second).toMatchObject({ name, scopes, owner, expiresAt });
    expect(former).toMatchObject({ id: first.id, replacedBy: second.id });
    expect(former.expiresAt).toBeGreaterThanOrEqual(before + 2 * HOUR_MS - 1000);
    expect(former.expiresAt).toBeLessThanOrEqual(Date.now() + 2 * HOUR_MS);
    await accepts(key, 200);
    expect(await statusOf(first.key)).toBe(200);
    expect(await refused(`keys rotate ${first.id}`)).toContain(`rotate the one that replaced it, ${second.id}`);
  });

  it('without an overlap ends the former key at once', async () => {
    const first = await newKey('--user ada@example.com');
    await accepts(first.key, 200);
    const { code, stdout, stderr } = await run(`keys rotate ${first.id} --overlap 0h`);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^Key key_\S+ replaces key_\S+, which is no longer valid\. Save it now: it is shown only/),
    ]);
    await accepts(stdout.trim(), 200);
    await accepts(first.key, 401);
  });

  it('says what to do about a key that cannot be rotated', async () => {
    expect(await refused('keys rotate key_nothing')).toContain('there is no key key_nothing; see: opensync keys list');
    const revoked = await newKey('--user ada@example.com');
    await run(`keys revoke ${revoked.id}`);
    expect(await refused(`keys rotate ${revoked.id}`)).toContain('is revoked or has expired; create another one');
    const valid = await newKey('--user ada@example.com');
    expect(await refused(`keys rotate ${valid.id} --overlap 31d`)).toContain('valid for 30 days at most');
    expect(await statusOf(valid.key)).toBe(200);
  });
});

describe('workspaces invite', () => {
  it('prints a link with which one person becomes a member, once', async () => {
    const { invitation, token, url } = await json<Invited>(
      'workspaces invite default --role viewer --email grace@example.com --expires 2d',
    );
    expect(url).toBe(`${running.url}/auth/login#invitation=${token}`);
    expect(invitation).toMatchObject({ role: 'viewer', email: 'grace@example.com' });
    expect(Math.abs(invitation.expiresAt - Date.now() - 48 * HOUR_MS)).toBeLessThan(HOUR_MS);
    expect(await json('workspaces invitations default')).toEqual([invitation]);
    expect((await run('workspaces invitations default')).stdout).toMatch(
      /^ID +ROLE +EMAIL +INVITED BY +CREATED +EXPIRES\ninv_\S+ +viewer +grace@example\.com +me@localhost +/,
    );
    await waitFor(async () => (await post('/auth/invitation', token)).status === 200, PATIENCE);
    expect((await post('/auth/login/invitation', token)).status).toBe(200);
    expect((await post('/auth/login/invitation', token)).status).toBe(404);
    expect(await json<object[]>('workspaces members default')).toContainEqual(
      expect.objectContaining({ email: 'grace@example.com', role: 'viewer' }),
    );
    expect(await json('workspaces invitations default')).toEqual([]);
  });

  it('is for a member and a week by default, and nobody can accept what was withdrawn', async () => {
    const { code, stdout, stderr } = await run('workspaces invite default');
    const [, token] = /^http\S+#invitation=(\S+)\n$/.exec(stdout)!;
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^Invitation inv_\S+: The first person who accepts it becomes a member of default with the role member, until \S+ \S+ UTC\. The link is shown only once\.\n$/,
      ),
    ]);
    const [{ id, expiresAt }] = await json<[Invited['invitation']]>('workspaces invitations default');
    expect(Math.abs(expiresAt - Date.now() - 7 * 24 * HOUR_MS)).toBeLessThan(HOUR_MS);
    await waitFor(async () => (await post('/auth/invitation', token!)).status === 200, PATIENCE);
    expect(await run(`workspaces withdraw ${id}`)).toEqual({
      code: 0,
      stdout: '',
      stderr: `Invitation ${id} is withdrawn; nobody can accept it.\n`,
    });
    await waitFor(async () => (await post('/auth/invitation', token!)).status === 404, PATIENCE);
    expect(await refused(`workspaces withdraw ${id}`)).toContain('see: opensync workspaces invitations WORKSPACE');
    expect((await run('workspaces invitations default')).stderr).toBe(
      'default has no open invitations; to invite: opensync workspaces invite default\n',
    );
  });

  it('invites in the name of a member who may', async () => {
    await run('users add admin@example.com --role admin');
    await run('users add plain@example.com');
    await run('workspaces add empty');
    const by = 'workspaces invite default --by';
    const { invitation } = await json<Invited>(`${by} admin@example.com`);
    expect(invitation).toMatchObject({ invitedBy: { email: 'admin@example.com' } });
    expect(await refused(`${by} plain@example.com`)).toContain(
      'has the role member in default; only owners and admins',
    );
    expect(await refused(`${by} admin@example.com --role owner`)).toContain(
      'Only an owner of the workspace can invite',
    );
    expect(await refused(`${by} eve@example.com`)).toContain('there is no user eve@example.com');
    expect(await refused('workspaces invite empty')).toContain(
      'to add one: opensync workspaces add-member empty USER --role owner',
    );
    expect(await refused('workspaces invite nowhere')).toContain('there is no workspace nowhere');
    expect(await refused('workspaces invite default --expires 31d')).toContain('lasts for 30 days at most');
    expect(await json('workspaces invitations default')).toEqual([invitation]);
  });
});
