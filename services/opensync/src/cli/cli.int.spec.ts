import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestNats, temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
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
  it('say how to begin if there is no OpenSync yet', async () => {
    const { code, stderr } = await product.run(['status']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `opensync: OPENSYNC_DATA_DIR: there is no OpenSync in ${product.dataDir}; start one with: opensync start\n`,
    );
  });

  it.each(['keys list', 'keys revoke key_1', 'dlq list', 'doctor'])(
    'create nothing if there is no OpenSync yet: %s',
    async (line) => {
      const { code, stdout, stderr } = await product.run(line.split(' '));
      expect(code).toBe(1);
      expect(stdout + stderr).toContain(`there is no OpenSync in ${product.dataDir}`);
      expect(existsSync(product.dataDir)).toBe(false);
    },
  );

  it('report that creating a key also created the OpenSync, and whose first key it is', async () => {
    const fresh = new Product(join(temporary.path, 'by-key'));
    const create = (user: string) => fresh.run(['keys', 'create', '-u', user, '-n', 'laptop']);
    const first = await create('ada@example.com');
    expect(first.stderr).toContain(`There is no OpenSync in ${fresh.dataDir} yet; creating it.\n`);
    expect(first.stderr).toMatch(/Key key_[0-9a-hjkmnp-tv-z]{26} for ada@example\.com, a new user \(ingest, read\)/);
    expect((await create('Ada@example.com')).stderr).toMatch(/^Key \S+ for Ada@example\.com \(ingest, read\)/);
  });

  it('manage keys of a stopped and of a running OpenSync, with immediate effect', async () => {
    const before = await json<{ key: string; id: string }>(
      'keys',
      'create',
      '--user',
      'ada@example.com',
      '--name',
      'a',
    );
    const { url, banner, child, finished } = await product.start();
    expect(banner).not.toMatch(/osk_[\w-]/); // a key existed already
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

  it('show the state of a running and of a stopped OpenSync', async () => {
    const { url, child, finished } = await product.start();
    const running = await json<StatusReport>('status');
    expect(running).toMatchObject({ state: 'running', url, dataDir: product.dataDir, log: { embedded: true } });
    expect(running.consumers.map(({ name }) => name)).toEqual(['documents', 'search', 'vectors']);
    expect(running.stores?.map(({ kind }) => kind)).toEqual(['documents', 'search', 'vectors']);
    const table = await product.run(['status']);
    expect(table.stdout).toMatch(/^OpenSync +running at http/m);
    expect(table.stdout).toMatch(/^documents +0 +0 +0 +ok$/m);

    const checks = await json<Check[]>('doctor');
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['streams', 'HTTP', 'embedder']));
    // The running process's model counts, not the one that this shell would choose.
    const elsewhere = await product.run(['doctor'], { OPENAI_BASE_URL: 'http://localhost:9' });
    expect(elsewhere.stdout).toMatch(/^✓ embedder +energetic-ai-en, 512 dimensions$/m);

    child.kill('SIGTERM');
    await finished;
    const stopped = await json<StatusReport>('status');
    const { location: _, ...log } = running.log;
    expect(stopped).toMatchObject({ state: 'stopped', log });
    expect(stopped.consumers.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined]);
    expect(stopped.stores?.map(({ kind }) => kind)).toEqual(['documents', 'search', 'vectors']);
  });

  it('end cleanly if nobody reads their output, as in `opensync status | head`', async () => {
    for (const args of [['status'], ['status', '--json'], ['doctor'], ['keys', 'list'], ['--help']]) {
      const { child, finished } = product.launch(args);
      child.stdout!.destroy();
      expect(await finished).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('report the missing folder of an export before anything is read', async () => {
    const folder = join(temporary.path, 'nowhere');
    expect(await product.run(['export-log', join(folder, 'x.gz')])).toEqual({
      code: 1,
      stdout: '',
      stderr: `opensync: there is no folder ${folder}; create it, or choose another folder\n`,
    });
  });

  it('name each unreachable store if no process reports about it', async () => {
    await using nats = await startTestNats();
    const env = {
      NATS_URL: nats.url,
      MONGODB_URL: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300',
      ELASTICSEARCH_URL: 'http://127.0.0.1:1',
      QDRANT_URL: 'http://127.0.0.1:1',
    };
    const { code, stdout } = await product.run(['doctor'], env);
    expect(code).toBe(1);
    for (const [kind, name] of [
      ['documents', 'MONGODB_URL'],
      ['search', 'ELASTICSEARCH_URL'],
      ['vectors', 'QDRANT_URL'],
    ]) {
      const failure = `^✗ ${kind} store +the ${kind} store does not answer: .*\\n +→ check ${name}, and whether the server is running$`;
      expect(stdout).toMatch(new RegExp(failure, 'm'));
    }
    // If the shell does not name a store's server, nothing is created in the data folder for it.
    const folder = join(temporary.path, 'none');
    const nowhere = await product.run(['status'], { NATS_URL: nats.url, OPENSYNC_DATA_DIR: folder });
    expect(nowhere.stdout).toMatch(
      /^→ search: start the query service, or set ELASTICSEARCH_URL to open the store from here$/m,
    );
    expect(existsSync(folder)).toBe(false);
  });

  it('name a damaged store, its file and the fix, which the next start applies', async () => {
    const damaged = new Product(join(temporary.path, 'damaged'));
    const { url, banner, child, finished } = await damaged.start();
    const key = /osk_\S+/.exec(banner)![0];
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ externalId: 'one', title: 'Flaky login' });
    expect((await fetch(`${url}/sync/session`, { method: 'POST', headers, body })).status).toBe(200);
    const found = async (at: string) =>
      ((await (await fetch(`${at}/api/search?q=flaky&type=fulltext`, { headers })).json()) as { results: unknown[] })
        .results.length;
    await waitFor(async () => (await found(url)) === 1);
    child.kill('SIGTERM');
    await finished;
    const file = join(damaged.dataDir, 'search.db');
    await writeFile(file, randomBytes(20_000));

    const why = `the search store is damaged: ${file}: file is not a database`;
    const fix = 'the next start rebuilds it from the log; to do it now: opensync rebuild search';
    const checks = (await damaged.run(['doctor', '--json'])).stdout;
    expect(JSON.parse(checks)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'event log', state: 'ok' }),
        expect.objectContaining({ name: 'documents store', state: 'ok' }),
        { name: 'search store', state: 'fail', detail: why, fix },
        expect.objectContaining({ name: 'vectors store', state: 'ok' }),
      ]),
    );
    try {
      const again = await damaged.start();
      expect(again.banner).toContain(
        `! search: ${why}; the store is kept as generation 1 and rebuilt as generation 2\n`,
      );
      await waitFor(async () => (await found(again.url)) === 1, { timeoutMs: 30_000 });
    } finally {
      await damaged.dispose();
    }
  });
});
