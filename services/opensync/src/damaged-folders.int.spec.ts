import { execFile } from 'node:child_process';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import type { StatusReport } from './cli/status.ts';
import {
  FOLDER_DAMAGES,
  LOG_DAMAGES,
  STORE_DAMAGES,
  type Damage,
  type Folders,
  type Outcome,
} from './testing/damaged-folders.ts';
import { Product, type StartedProduct } from './testing/product.ts';

const OPERATIONS = fileURLToPath(new URL('../../../docs/operations.md', import.meta.url));
const TABLES = [
  ['Damage to a store', STORE_DAMAGES],
  ['Damage in `nats/`', LOG_DAMAGES],
  ['Damage to the folder', FOLDER_DAMAGES],
] as const;

let temporary: TemporaryFolder;
let folders: Folders;
/** The first keys of the folders. */
const keys: Record<string, string> = {};
const products = new Set<Product>();

function productOf(folder: string): Product {
  const product = new Product(folder);
  products.add(product);
  return product;
}

const keyIn = (banner: string) => / {2}Key +(osk_\S+)/.exec(banner)?.[1];

async function write(url: string, key: string, sessions: readonly string[]): Promise<void> {
  for (const id of sessions) {
    const response = await fetch(`${url}/sync/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        sessions: [{ externalId: id, title: `The walrus of ${id}` }],
        messages: [{ sessionExternalId: id, externalId: 'm', role: 'user', textContent: `A walrus in ${id}` }],
      }),
    });
    expect(await response.json()).toMatchObject({ ok: true, errors: [] });
  }
}

/** The number of listed and found sessions and of events, and whether all parts are healthy. */
async function readingOf({ url }: StartedProduct, key: string) {
  const read = async (path: string) =>
    (await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } })).json()) as {
      sessions?: { title: string }[];
      results?: unknown[];
      status?: string;
    };
  const [{ sessions = [] }, { results = [] }, { status }] = await Promise.all([
    read('/api/sessions?limit=200'),
    read('/api/search?q=walrus&type=fulltext&limit=50'),
    read('/readyz'),
  ]);
  return { listed: sessions.length, found: results.length, isOk: status === 'ok' };
}

async function stop({ child, finished }: StartedProduct): Promise<void> {
  child.kill('SIGTERM');
  expect((await finished).code).toBe(0);
}

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
const COUNTS = { whole: 8, older: 4, other: 3, 'new key': 8 } as const;

/** Whether every projection has finished. */
async function isIdle(product: Product): Promise<boolean> {
  const { consumers } = JSON.parse((await product.run(['status', '--json'])).stdout) as StatusReport;
  return consumers.every(({ pending, inFlight }) => pending + inFlight === 0);
}

/** Starts on a folder, writes sessions into it, waits until they are in all stores, and stops. */
async function fill(folder: string, sessions: readonly string[], total: number, key?: string): Promise<string> {
  const product = productOf(folder);
  const started = await product.start();
  const known = key ?? keyIn(started.banner)!;
  await write(started.url, known, sessions);
  await waitFor(async () => (await readingOf(started, known)).found === total, { timeoutMs: 90_000 });
  await waitFor(() => isIdle(product), { timeoutMs: 90_000 });
  await stop(started);
  return known;
}

beforeAll(async () => {
  temporary = await temporaryFolder();
  const path = (name: string) => join(temporary.path, name);
  folders = {
    damaged: path('damaged'),
    whole: path('whole'),
    older: path('older'),
    other: path('other'),
    running: path('running'),
  };
  keys.older = await fill(folders.older, named('older', COUNTS.older), COUNTS.older);
  await cp(folders.older, folders.whole, { recursive: true });
  await fill(folders.whole, named('whole', COUNTS.whole - COUNTS.older), COUNTS.whole, keys.older);
  keys.whole = keys.older;
  keys.running = keys.older;
  keys.other = await fill(folders.other, named('other', COUNTS.other), COUNTS.other);

  await cp(folders.whole, path('source'), { recursive: true });
  const started = await productOf(path('source')).start();
  const writing = write(started.url, keys.whole, named('running', 40));
  await waitFor(async () => (await readingOf(started, keys.whole!)).listed > COUNTS.whole, { timeoutMs: 90_000 });
  // Files come and go meanwhile: those that have disappeared are not copied.
  await promisify(execFile)('cp', ['-r', path('source'), folders.running]).catch(() => undefined);
  await writing;
  await stop(started);
}, 300_000);

afterEach(async () => {
  for (const product of products) await product.dispose();
  products.clear();
  await rm(folders.damaged, { recursive: true, force: true });
});
afterAll(() => temporary.remove());

async function expectRefusal(reason: RegExp): Promise<void> {
  const { code, stdout, stderr } = await productOf(folders.damaged).run(['start']);
  expect(stderr).toMatch(reason);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
}

async function expectStart({ says, has = 'whole' }: Outcome): Promise<void> {
  const product = productOf(folders.damaged);
  const started = await product.start();
  const notes = started.banner
    .split('\n')
    .filter((line) => line.startsWith('! '))
    .map((line) => line.slice(2));
  if (says) expect(notes).toEqual(says.map((note) => expect.stringMatching(note)));
  const key = has === 'new key' ? keyIn(started.banner)! : keys[has]!;
  const expected = has === 'running' ? await sessionsInLog(product) : COUNTS[has];
  await waitFor(
    async () => {
      // Its failure says what is missing.
      expect(await readingOf(started, key)).toEqual({ listed: expected, found: expected, isOk: true });
      return true;
    },
    { timeoutMs: 120_000, what: `${expected} sessions to be listed and found` },
  );
  await stop(started);
  if (has !== 'running') return;
  const again = await productOf(folders.damaged).start();
  expect(again.banner).not.toMatch(/^! /m);
  await stop(again);
}

/** Each session was written as two events, of which a copy may have only the first. */
async function sessionsInLog(product: Product): Promise<number> {
  const { stdout } = await product.run(['status', '--json']);
  const { log } = JSON.parse(stdout) as StatusReport;
  expect(log.events).toBeGreaterThan(2 * COUNTS.whole);
  return Math.ceil(log.events / 2);
}

describe.each(TABLES)('a data folder that is damaged: %s', (_title, damages) => {
  it.each(damages.map((damage): [string, Damage] => [damage.what, damage]))(
    '%s',
    async (_what, { damage, outcome }) => {
      await cp(folders.whole, folders.damaged, { recursive: true });
      await damage(folders);
      if (outcome.refuses) await expectRefusal(outcome.refuses);
      else await expectStart(outcome);
    },
    240_000,
  );
});

describe('docs/operations.md', () => {
  it('has these tables', async () => {
    const section = (await readFile(OPERATIONS, 'utf8')).split('## A damaged data folder\n')[1]!.split('\n## ')[0]!;
    const rows = [...section.matchAll(/^\| (.*?) +\| (.*?) +\|$/gm)].map(([, what, happens]) => [what, happens]);
    const expected = TABLES.flatMap(([title, damages]) => [
      [title, 'What happens, and what to do'],
      ...damages.map(({ what, happens }) => [what, happens]),
    ]);
    expect(rows.filter(([what]) => !/^-+$/.test(what!))).toEqual(expected);
  });
});
