import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { Product } from '../testing/product.ts';
import type { Check } from './doctor.ts';
import type { StatusReport } from './status.ts';

let temporary: TemporaryFolder;
let product: Product;
beforeAll(async () => {
  temporary = await temporaryFolder();
  product = new Product(join(temporary.path, 'data'));
});
afterAll(async () => {
  await product.dispose();
  await temporary.remove();
});

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await product.run([...args, '--json']);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

async function statusOf(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/sync/sessions/list`, { headers: { authorization: `Bearer ${key}` } });
  await response.text();
  return response.status;
}

describe('the commands', () => {
  it('say where to begin when there is nothing yet', async () => {
    const { code, stderr } = await product.run(['status']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `opensync: OPENSYNC_DATA_DIR: there is no OpenSync in ${product.dataDir}; start one with: opensync start\n`,
    );
  });

  it.each(['keys list', 'keys revoke key_1', 'dlq list', 'doctor'])(
    'make nothing where there is nothing yet: %s',
    async (line) => {
      const { code, stdout, stderr } = await product.run(line.split(' '));
      expect(code).toBe(1);
      expect(stdout + stderr).toContain(`there is no OpenSync in ${product.dataDir}`);
      expect(existsSync(product.dataDir)).toBe(false);
    },
  );

  it('say that a key made the OpenSync that it is for, and whose first key it is', async () => {
    const fresh = new Product(join(temporary.path, 'by-key'));
    const create = (user: string) => fresh.run(['keys', 'create', '-u', user, '-n', 'laptop']);
    const first = await create('ada@example.com');
    expect(first.stderr).toContain(`There was no OpenSync in ${fresh.dataDir}; it is made there now.\n`);
    expect(first.stderr).toMatch(/Key key_[0-9a-hjkmnp-tv-z]{26} for ada@example\.com, a new owner \(ingest, read\)/);
    expect((await create('Ada@example.com')).stderr).toMatch(/^Key \S+ for Ada@example\.com \(ingest, read\)/);
  });

  it('manage keys of a stopped OpenSync, of a running one, and those hold at once', async () => {
    const before = await json<{ key: string; id: string }>(
      'keys',
      'create',
      '--user',
      'ada@example.com',
      '--name',
      'a',
    );
    const { url, banner, child, finished } = await product.start();
    expect(banner).not.toContain('osk_'); // there was a key already
    expect(await statusOf(url, before.key)).toBe(200);

    const during = await json<{ key: string; id: string }>(
      'keys',
      'create',
      '-u',
      'bob@example.com',
      '-n',
      'b',
      '-s',
      'read',
    );
    expect(await statusOf(url, during.key)).toBe(200);
    const listed = await json<{ id: string; email: string; key?: string }[]>('keys', 'list');
    expect(listed.map(({ email }) => email).sort()).toEqual(['ada@example.com', 'bob@example.com']);
    expect(JSON.stringify(listed)).not.toContain(before.key);

    expect((await product.run(['keys', 'revoke', before.id])).code).toBe(0);
    expect(await statusOf(url, before.key)).toBe(401);
    const unknown = await product.run(['keys', 'revoke', 'key_unknown']);
    expect(unknown).toEqual({
      code: 1,
      stdout: '',
      stderr: 'opensync: there is no key key_unknown; see: opensync keys list\n',
    });

    const table = await product.run(['keys', 'list']);
    expect(table.stdout).toMatch(/USER +NAME/);
    expect(table.stdout).toMatch(/ada@example\.com .*revoked/);

    child.kill('SIGTERM');
    expect((await finished).code).toBe(0);
  });

  it('give the state of a running and of a stopped OpenSync', async () => {
    const { url, child, finished } = await product.start();
    const running = await json<StatusReport>('status');
    expect(running).toMatchObject({ state: 'running', url, dataDir: product.dataDir, log: { embedded: true } });
    expect(running.consumers.map(({ name }) => name)).toEqual(['documents', 'search', 'vectors']);
    expect(running.stores?.map(({ kind }) => kind)).toEqual(['documents', 'search', 'vectors']);
    const table = await product.run(['status']);
    expect(table.stdout).toMatch(/^OpenSync +running at http/m);
    expect(table.stdout).toMatch(/^documents +0 +0 +0$/m);

    const checks = await json<Check[]>('doctor');
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['streams', 'HTTP', 'embedder']));
    // It is the running one's model that counts, not one that this shell would choose.
    const elsewhere = await product.run(['doctor'], { OPENAI_BASE_URL: 'http://localhost:9' });
    expect(elsewhere.stdout).toMatch(/^✓ embedder +energetic-ai-en, 512 dimensions$/m);

    child.kill('SIGTERM');
    await finished;
    const stopped = await json<StatusReport>('status');
    expect(stopped).toMatchObject({ state: 'stopped', log: running.log });
    expect(stopped.stores?.map(({ kind }) => kind)).toEqual(['documents', 'search', 'vectors']);
  });
});
