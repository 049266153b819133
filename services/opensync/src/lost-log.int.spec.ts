import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder, waitFor } from '@opensync/testkit';
import { Product } from './testing/product.ts';

const PATIENCE = { timeoutMs: 120_000 };
const KEY = 'osk_given-by-the-operator-0123456789';
const SESSIONS = 20;

it('keeps all sessions of a lost log, for the bootstrap key and for keys made before or after the restart', async () => {
  await using temporary = await temporaryFolder();
  const product = new Product(join(temporary.path, 'data'));
  const bootstrap = { OPENSYNC_BOOTSTRAP_KEY: KEY };
  const request = async (url: string, path: string, key: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const init = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers };
    const response = await fetch(url + path, init);
    return { status: response.status, body: (await response.json()) as { sessions?: unknown[] } };
  };
  const count = async (url: string, key = KEY) =>
    (await request(url, '/api/sessions?limit=100', key)).body.sessions?.length;
  const stop = async ({ child, finished }: Awaited<ReturnType<Product['start']>>) => {
    child.kill('SIGTERM');
    await finished;
  };
  try {
    const first = await product.start(bootstrap);
    for (let at = 0; at < SESSIONS; at++) {
      const session = { externalId: `session ${at}`, title: `Session ${at}` };
      expect((await request(first.url, '/sync/session', KEY, session)).status).toBe(200);
    }
    await waitFor(async () => (await count(first.url)) === SESSIONS, PATIENCE);
    await stop(first);
    await rm(join(product.dataDir, 'nats'), { recursive: true });

    // A command that would write the first events itself leaves the comparison to the next start.
    for (const command of [
      ['keys', 'create', '--user', 'bob@example.com', '--name', 'k'],
      ['users', 'add', 'bob@example.com'],
      ['workspaces', 'add', 'research'],
    ]) {
      const refused = await product.run(command);
      expect([refused.code, refused.stdout]).toEqual([1, '']);
      expect(refused.stderr).toContain('the event log is empty, but the documents hold events');
    }

    const second = await product.start(bootstrap);
    expect(second.banner).toContain('the log is empty');
    expect(await count(second.url)).toBe(SESSIONS);
    const bob = await product.run(['keys', 'create', '--user', 'bob@example.com', '--name', 'k']);
    expect(bob.code).toBe(0);
    expect((await request(second.url, '/sync/session', KEY, { externalId: 'after', title: 'After' })).status).toBe(200);
    await waitFor(async () => (await count(second.url)) === SESSIONS + 1, PATIENCE);
    await stop(second);
    const third = await product.start(bootstrap);
    expect(await count(third.url)).toBe(SESSIONS + 1);
    await stop(third);
  } finally {
    await product.dispose();
  }
}, 600_000);
