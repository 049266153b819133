import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Owner } from '@opensync/contracts';
import { connectLog } from '@opensync/event-log';
import { PayloadStore, removePayloads } from '@opensync/event-log/payloads';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { Product, type StartedProduct } from '../testing/product.ts';

const PATIENCE = { timeoutMs: 90_000 };

let temporary: TemporaryFolder;
let product: Product;
let key: string;
let owner: Owner;
beforeEach(async () => {
  temporary = await temporaryFolder();
  product = new Product(join(temporary.path, 'data'));
});
afterEach(async () => {
  await product.dispose();
  await temporary.remove();
});

/** A text that no other test's request has. */
const unique = (name: string) => `${name} ${randomBytes(200_000).toString('hex')}`;
const sha256Of = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

async function request(url: string, path: string, body?: object, method = body ? 'POST' : 'GET') {
  const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) };
  const response = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return {
    status: response.status,
    sequence: response.headers.get('osk-sequence')!,
    body: (await response.json()) as never,
  };
}

async function createKey(): Promise<void> {
  const args = ['--user', 'ada@example.com', '--name', 'test', '--scopes', 'ingest,read,admin', '--json'];
  const { stdout } = await product.run(['keys', 'create', ...args]);
  ({ key, owner } = JSON.parse(stdout) as { key: string; owner: Owner });
}

async function send(url: string, session: string, message: string, said: object): Promise<void> {
  const { status } = await request(url, '/sync/message', {
    ...{ sessionExternalId: session, externalId: message, role: 'user' },
    ...said,
  });
  expect(status).toBe(200);
}

interface Receipt {
  readonly documents: boolean;
  readonly searchable: boolean;
  readonly embedded: boolean;
  readonly payloads?: boolean;
}
const receipt = async (url: string, sequence: string): Promise<Receipt> =>
  (await request(url, `/api/receipts/${sequence}`)).body;

/** The projector's work of a quarter of an hour, at once; no request is in progress meanwhile. */
async function withoutGrace(started: StartedProduct, until: () => Promise<boolean>): Promise<void> {
  const { natsUrl: servers, natsToken: token } = started.runtime;
  const nc = await connectLog({ servers, token, name: 'test' });
  const end = removePayloads(nc, { graceMs: -60_000, everyMs: 100 });
  try {
    await waitFor(until, PATIENCE);
  } finally {
    await end();
    await nc.close();
  }
}

async function storedIn(started: StartedProduct, contents: readonly (string | Uint8Array)[]): Promise<boolean[]> {
  const { natsUrl: servers, natsToken: token } = started.runtime;
  const nc = await connectLog({ servers, token, name: 'test' });
  const payloads = new PayloadStore(nc);
  const found = await Promise.all(contents.map((content) => payloads.has(owner, sha256Of(content))));
  await nc.close();
  return found;
}

/** Whether a text is in any file of a folder. */
async function isOnDisk(folder: string, text: string): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const content = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
    if (content.includes(text)) return true;
  }
  return false;
}

describe('DELETE /api/sessions/:id', () => {
  it('removes the payloads, reports when, and is known to rebuilds, exports and imports', async () => {
    await createKey();
    const started = await product.start();
    const { url } = started;
    const [own, shared] = [unique('own'), unique('shared')];
    const image = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(60_000)]);
    await send(url, 'gone', 'm1', { textContent: own });
    await send(url, 'gone', 'm2', { textContent: shared });
    await send(url, 'gone', 'm3', {
      parts: [{ type: 'image', image: `data:image/png;base64,${image.toString('base64')}` }],
    });
    await send(url, 'kept', 'm1', { textContent: shared });
    await waitFor(async () => (await request(url, '/api/sessions/gone')).status === 200, PATIENCE);
    expect(await storedIn(started, [own, shared, image])).toEqual([true, true, true]);

    const { status, sequence } = await request(url, '/api/sessions/gone?permanent=true', undefined, 'DELETE');
    expect(status).toBe(200);
    await waitFor(async () => {
      const { documents, searchable, embedded } = await receipt(url, sequence);
      return documents && searchable && embedded;
    }, PATIENCE);
    expect(await receipt(url, sequence)).toMatchObject({ payloads: false });
    expect((await product.run(['status'])).stdout).toMatch(
      /^Deletions +payloads of 1 user are waiting to be removed, since 20/m,
    );
    expect(await storedIn(started, [own, image])).toEqual([true, true]);

    await withoutGrace(started, async () => (await receipt(url, sequence)).payloads === true);
    expect(await storedIn(started, [own, shared, image])).toEqual([false, true, false]);
    expect((await product.run(['status'])).stdout).not.toMatch(/^Deletions/m);
    // Neither here nor anywhere else.
    const inPayloads = join(product.dataDir, 'nats', 'jetstream', '$G', 'streams', 'PAYLOADS');
    await waitFor(async () => !(await isOnDisk(inPayloads, own.slice(0, 200))), PATIENCE);

    interface Session {
      readonly messages: { readonly textContent: string }[];
    }
    const shows = async (at: string) => {
      const { messages }: Session = (await request(at, '/api/sessions/kept')).body;
      expect(messages.map(({ textContent }) => textContent === shared)).toEqual([true]);
      expect((await request(at, '/api/sessions/gone')).status).toBe(404);
    };
    await shows(url);

    // Rebuilt, exported and imported, the log has the same contents, and reports nothing as lost.
    const rebuilt = await product.run(['rebuild', 'all', '--json']);
    expect([rebuilt.code, rebuilt.stderr]).toEqual([0, expect.not.stringMatching(/lost|missing/)]);
    const reports = rebuilt.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(reports).toMatchObject(Array.from({ length: 3 }, () => ({ generation: 2, different: [] })));
    await shows(url);
    const file = join(temporary.path, 'history.jsonl');
    const exported = await product.run(['export-log', file, '--verify']);
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringMatching(/1 payload, .*verified\n$/) });
    started.child.kill('SIGTERM');
    await started.finished;

    const moved = new Product(join(temporary.path, 'moved'));
    try {
      expect(await moved.run(['import-log', file])).toMatchObject({ code: 0 });
      const second = await moved.start();
      await waitFor(async () => (await request(second.url, '/api/sessions/kept')).status === 200, PATIENCE);
      await shows(second.url);
      expect(await storedIn(second, [own, shared, image])).toEqual([false, true, false]);

      // Sent again, it begins as a new session, with the removed content.
      await send(second.url, 'gone', 'm1', { textContent: own });
      await waitFor(async () => (await request(second.url, '/api/sessions/gone')).status === 200, PATIENCE);
      await withoutGrace(second, async () => (await receipt(second.url, sequence)).payloads === true);
      const { messages }: Session = (await request(second.url, '/api/sessions/gone')).body;
      expect(messages.map(({ textContent }) => textContent === own)).toEqual([true]);
    } finally {
      await moved.dispose();
    }
  }, 300_000);
});
