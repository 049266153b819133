import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rmdir, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestNats, temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { isAlive, Product } from './testing/product.ts';

let temporary: TemporaryFolder;
let product: Product;
beforeEach(async () => {
  temporary = await temporaryFolder();
  product = new Product(join(temporary.path, 'data'));
});
afterEach(async () => {
  await product.dispose();
  await temporary.remove();
});

async function syncSession(url: string, key: string, externalId: string): Promise<number> {
  const response = await fetch(`${url}/sync/session`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ externalId, title: `Title of ${externalId}` }),
  });
  await response.text();
  return response.status;
}

/** External ids of the sessions, once there are `count`. */
async function sessions(url: string, key: string, count: number): Promise<string[]> {
  return waitFor(
    async () => {
      const response = await fetch(`${url}/sync/sessions/list`, { headers: { authorization: `Bearer ${key}` } });
      const { sessionIds } = (await response.json()) as { sessionIds: string[] };
      return sessionIds.length === count && sessionIds;
    },
    { what: `${count} sessions` },
  );
}

describe('opensync start', () => {
  it('shows a first key that works, stops cleanly, and keeps everything for the next start', async () => {
    const first = await product.start();
    const key = /osk_[\w-]+/.exec(first.banner)![0];
    expect(first.banner).toContain(first.url);
    expect(first.banner).toContain(product.dataDir);
    expect(first.banner).toContain(`CLAUDE_SYNC_API_KEY=${key}`);
    expect(await syncSession(first.url, key, 'one')).toBe(200);
    expect(await syncSession(first.url, 'osk_not-a-key-of-this-server', 'two')).toBe(401);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    const [, command] = /^ {2}Command {2}(\S+)$/m.exec(first.banner)!;
    const listed = await promisify(execFile)(command!, ['keys', 'list'], { env: { PATH: '/usr/bin:/bin' } });
    expect(listed.stdout).toContain('me@localhost');

    const natsPid = await product.natsPid();
    const asked = Date.now();
    first.child.kill('SIGINT');
    const { code, stdout, stderr } = await first.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\nStopping …\nStopped\.\n$/);
    expect(Date.now() - asked).toBeLessThan(10_000);
    expect([isAlive(first.runtime.pid), isAlive(natsPid)]).toEqual([false, false]);

    const second = await product.start();
    expect(second.banner).not.toMatch(/osk_[\w-]/);
    expect(second.banner).toContain(`CLAUDE_SYNC_CONVEX_URL=${second.url} `);
    expect(await sessions(second.url, key, 1)).toEqual(['one']);
  });

  it('prints no key into a pipe, and keeps one for plugins and one of an admin in files of its owner', async () => {
    const { url, banner } = await product.start({ OPENSYNC_KEY_DISPLAY: '' });
    expect(banner).not.toMatch(/osk_[\w-]/);
    const keyIn = async (name: string) => {
      const file = join(product.dataDir, name);
      expect(banner).toContain(`in the file ${file} `);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      return (await readFile(file, 'utf8')).trim();
    };
    const plugin = await keyIn('plugin-key');
    const admin = await keyIn('admin-key');
    const remove = async (key: string) =>
      (
        await fetch(`${url}/api/sessions/one`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${key}` },
        })
      ).status;
    expect(await syncSession(url, plugin, 'one')).toBe(200);
    expect(await sessions(url, plugin, 1)).toEqual(['one']);
    expect(await remove(plugin)).toBe(403);
    expect(await remove(admin)).not.toBe(403);
    const { stdout } = await product.run(['keys', 'list']);
    for (const key of [plugin, admin]) {
      expect(stdout).toContain(`…${key.slice(-4)} `);
      for (let at = 0; at + 5 <= key.length; at++) expect(stdout).not.toContain(key.slice(at, at + 5));
    }
  });

  it('creates the key of OPENSYNC_BOOTSTRAP_KEY as the first one, and does not print it', async () => {
    const key = 'osk_given-by-the-container-0123456789';
    const { url, banner } = await product.start({ OPENSYNC_BOOTSTRAP_KEY: key });
    expect(banner).not.toContain(key);
    expect(await syncSession(url, key, 'one')).toBe(200);
  });

  it('warns, on later starts, about an OPENSYNC_BOOTSTRAP_KEY that gives no access', async () => {
    const first = await product.start();
    first.child.kill('SIGINT');
    await first.finished;
    const key = 'osk_another-than-the-first-one-0123456789';
    const { url, banner, child, finished } = await product.start({ OPENSYNC_BOOTSTRAP_KEY: key });
    expect(banner).toContain('OPENSYNC_BOOTSTRAP_KEY gives no access');
    expect(await syncSession(url, key, 'one')).toBe(401);
    child.kill('SIGINT');
    const { stdout, stderr } = await finished;
    expect(stderr).toContain('OPENSYNC_BOOTSTRAP_KEY gives no access');
    expect(stdout + stderr).not.toContain(key);
  });

  it('keeps the first key for a start that succeeds', async () => {
    // A file that cannot be opened: stores are opened after the log and the keys.
    await mkdir(join(product.dataDir, 'documents.db'), { recursive: true });
    expect((await product.run(['start'])).code).toBe(1);
    await rmdir(join(product.dataDir, 'documents.db'));
    expect((await product.start()).banner).toMatch(/Key {6}osk_[\w-]/);
  });

  it('stops on request while it still waits for a server', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const asked = once(server, 'connection');
    try {
      const { port } = server.address() as AddressInfo;
      const { child, finished } = product.launch(['start'], { NATS_URL: `nats://127.0.0.1:${port}` });
      await asked;
      child.kill('SIGINT');
      expect(await finished).toMatchObject({ code: 0, stdout: 'Stopping …\nStopped.\n' });
    } finally {
      server.close();
    }
  });

  it('loses nothing that was acknowledged when it is killed, and leaves no nats-server behind', async () => {
    const key = 'osk_given-by-the-container-0123456789';
    const first = await product.start({ OPENSYNC_BOOTSTRAP_KEY: key });
    const ids = Array.from({ length: 50 }, (_, index) => `session-${index}`);
    expect(await Promise.all(ids.map((id) => syncSession(first.url, key, id)))).toEqual(ids.map(() => 200));
    const natsPid = await product.natsPid();
    process.kill(first.runtime.pid, 'SIGKILL');
    await first.finished;
    await waitFor(() => !isAlive(natsPid), { what: 'the end of nats-server' });

    const second = await product.start();
    expect((await sessions(second.url, key, 50)).sort()).toEqual(ids.sort());
  });

  it('continues when its nats-server is killed', async () => {
    const key = 'osk_given-by-the-container-0123456789';
    const { url } = await product.start({ OPENSYNC_BOOTSTRAP_KEY: key });
    expect(await syncSession(url, key, 'before')).toBe(200);
    const natsPid = await product.natsPid();
    process.kill(natsPid, 'SIGKILL');
    await waitFor(async () => (await syncSession(url, key, 'after')) === 200, { what: 'a write after the restart' });
    expect((await sessions(url, key, 2)).sort()).toEqual(['after', 'before']);
    expect(await product.natsPid()).not.toBe(natsPid);
  });

  it('stops when the process that launched it is killed', async () => {
    const { child, runtime } = await product.start();
    const natsPid = await product.natsPid();
    child.kill('SIGKILL');
    await waitFor(() => !isAlive(runtime.pid) && !isAlive(natsPid), { what: 'the end of OpenSync' });
  });

  it('names an invalid setting in one line', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    try {
      const taken = await product.run(['start'], { PORT: String(port) });
      expect(taken).toEqual({
        code: 1,
        stdout: '',
        stderr: `opensync: PORT: ${port} on localhost is already in use; stop the process that listens there, or set another PORT\n`,
      });
    } finally {
      squatter.close();
    }
    const wrong = await product.run(['start'], { OPENSYNC_SYNC: 'sometimes' });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^opensync: OPENSYNC_SYNC: [^\n]+\n$/);
    const absent = await product.run(['start'], { NATS_SERVER_BIN: '/nowhere/nats-server' });
    expect(absent.code).toBe(1);
    expect(absent.stderr).toMatch(/^opensync: NATS_SERVER_BIN: [^\n]+ does not exist\n$/);
  });

  it('works on a remote log, as the command line does', async () => {
    const user = { name: 'ada', password: 'hush-hush' };
    await using nats = await startTestNats({ user });
    await using away = await startTestNats({ user });
    await away.kill();
    const login = `//${user.name}:${user.password}@`;
    const env = { NATS_URL: [away, nats].map(({ url }) => url.replace('//', login)).join(',') };
    const { url, banner, child, finished } = await product.start(env);
    const key = /osk_[\w-]+/.exec(banner)![0];
    expect(await syncSession(url, key, 'one')).toBe(200);
    expect(await sessions(url, key, 1)).toEqual(['one']);
    const elsewhere = { OPENSYNC_DATA_DIR: join(temporary.path, 'nowhere'), ...env };
    const status = await product.run(['status', '--json'], elsewhere);
    expect(JSON.parse(status.stdout)).toMatchObject({
      state: 'remote',
      log: { embedded: false, events: 1 },
      stores: [{ kind: 'documents', counts: { sessions: 1 } }, { kind: 'search' }, { kind: 'vectors' }],
    });
    const created = await product.run(['keys', 'create', '--user', 'ada@example.com', '--name', 'laptop'], elsewhere);
    expect(created.code).toBe(0);
    await waitFor(async () => (await syncSession(url, created.stdout.trim(), 'hers')) === 200);
    const doctor = await product.run(['doctor'], elsewhere);
    child.kill('SIGTERM');
    const ended = await finished;
    expect(ended.code).toBe(0);
    expect([ended, status, doctor].map(({ stdout, stderr }) => stdout + stderr).join()).not.toContain(user.password);
    await expect(readFile(join(product.dataDir, 'nats', 'nats-server.pid'))).rejects.toThrow('ENOENT');
  });

  it('creates nothing that others could read, even in a folder that is open to all', async () => {
    await mkdir(product.dataDir);
    await chmod(product.dataDir, 0o755);
    const before = process.umask(0o022);
    try {
      const { url, banner } = await product.start();
      const key = /osk_[\w-]+/.exec(banner)![0];
      expect(await syncSession(url, key, 'one')).toBe(200);
      expect(await sessions(url, key, 1)).toEqual(['one']);
      const files = await readdir(product.dataDir, { recursive: true });
      // Streams of the log, databases and what they have not yet taken over from their logs.
      expect(files).toEqual(expect.arrayContaining(['documents.db', 'documents.db-wal', 'nats/nats-server.conf']));
      expect(files.filter((file) => file.endsWith('.blk'))).not.toEqual([]);
      // The running nats-server replaces some by others meanwhile.
      const modeOf = async (file: string) =>
        (await stat(join(product.dataDir, file)).catch(() => undefined))?.mode ?? 0;
      const open = files.map(async (file) => ((await modeOf(file)) & 0o077) !== 0 && file);
      expect((await Promise.all(open)).filter(Boolean)).toEqual([]);
    } finally {
      process.umask(before);
    }
  });

  it('names the setting of an unavailable store, and works without it', async () => {
    const env = { ELASTICSEARCH_URL: 'http://ann:hush@nosuch.invalid:9200' };
    const { url, banner, child, finished } = await product.start(env);
    const where = 'ELASTICSEARCH_URL: the search store at http://nosuch.invalid:9200 does not answer';
    expect(banner).toContain(
      `\nThe search store does not answer: search by words is unavailable until it does.\n  ${where} (`,
    );
    const key = /osk_[\w-]+/.exec(banner)![0];
    expect(await syncSession(url, key, 'one')).toBe(200);
    expect(await sessions(url, key, 1)).toEqual(['one']);
    const { stdout } = await product.run(['doctor']);
    expect(stdout).toMatch(
      /^✗ search store +the search store does not answer: \S+ \S+ nosuch\.invalid\n +→ check ELASTICSEARCH_URL of the process/m,
    );
    expect((await product.run(['status'])).stdout).toMatch(/^→ search: check ELASTICSEARCH_URL of the process/m);
    child.kill('SIGTERM');
    const { stderr } = await finished;
    expect(stderr.split('\n').filter((line) => line.includes(where))).toHaveLength(1);
    expect(banner + stderr).not.toContain('hush');
  });

  it('rejects a data folder that is in use', async () => {
    const { runtime } = await product.start();
    const { code, stderr } = await product.run(['start']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `opensync: OPENSYNC_DATA_DIR: ${product.dataDir} is in use by process ${runtime.pid}, ${runtime.httpUrl}\n`,
    );
  });
});
