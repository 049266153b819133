import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { jetstream } from '@nats-io/jetstream';
import { eventSubject, workspaceIdOf } from '@opensync/contracts';
import { connectLog } from '@opensync/event-log';
import { anOwner, startTestNats, temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { KEY } from '../testing/client.ts';
import { Product, type StartedProduct } from '../testing/product.ts';
import { sessionsOf, sync, syncSome } from '../testing/some-sessions.ts';

let temporary: TemporaryFolder;
let product: Product;
beforeEach(async () => {
  temporary = await temporaryFolder();
  product = new Product(join(temporary.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
});
afterEach(async () => {
  await product.dispose();
  await temporary.remove();
});

/** Something on the log that no projection can read. */
async function publishPoison({ runtime }: StartedProduct, body: string): Promise<void> {
  const nc = await connectLog({ servers: runtime.natsUrl, token: runtime.natsToken, name: 'test' });
  await jetstream(nc).publish(eventSubject(anOwner(), 'session'), body);
  await nc.close();
}

async function json<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await product.run([...args, '--json']);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

interface Letter {
  readonly id: number;
  readonly consumer: string;
  readonly attempts: number;
  readonly originalSequence: number;
  readonly body: string;
}

describe('dlq', () => {
  it('lists, shows, replays and drops dead letters', async () => {
    const started = await product.start();
    await publishPoison(started, 'no event');
    await publishPoison(started, 'neither');
    const letters = await waitFor(
      async () => {
        const found = await json<Letter[]>(['dlq', 'list']);
        return found.length === 2 && found;
      },
      { timeoutMs: 20_000 },
    );
    expect(letters).toMatchObject([
      { id: 1, consumer: 'documents', attempts: 1, originalSequence: 1 },
      { id: 2, consumer: 'documents', attempts: 1, originalSequence: 2 },
    ]);
    expect(await json<Letter[]>(['dlq', 'list', '--consumer', 'search'])).toEqual([]);
    expect((await product.run(['dlq', 'list'])).stdout).toMatch(
      /^ID +CONSUMER.*\n1 +documents +malformed +1 +1 .*ce-type is missing/,
    );
    expect(await json<Letter>(['dlq', 'show', '2'])).toMatchObject({ body: 'neither', attempts: 1 });
    expect((await product.run(['dlq', 'show', '2'])).stdout).toMatch(
      /^Reason +ce-type is missing.*\n[^]*\n\nneither\n$/m,
    );

    // They still are no events: they come back, with the attempt counted.
    const replayed = await product.run(['dlq', 'replay', '--all', '--json']);
    expect(replayed.code).toBe(1);
    expect(JSON.parse(replayed.stdout)).toMatchObject([
      { id: 1, kind: 'failed', sequence: 3, attempts: 2 },
      { id: 2, kind: 'failed', sequence: 4, attempts: 2 },
    ]);
    expect(await json<Letter[]>(['dlq', 'list'])).toMatchObject([
      { id: 3, attempts: 2, originalSequence: 1 },
      { id: 4, attempts: 2, originalSequence: 2 },
    ]);

    expect(await json(['dlq', 'drop', '3'])).toEqual({ dropped: [3] });
    const gone = await product.run(['dlq', 'drop', '3']);
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no dead letter 3') });
    expect((await product.run(['dlq', 'replay'])).stderr).toContain('name the ids of dead letters, or --all');
  });
});

describe('rebuild', () => {
  it('makes each store anew under a running OpenSync, which goes on with it at once', async () => {
    const { url, child, finished } = await product.start();
    await syncSome(url);
    const before = await sessionsOf(url, 4);
    for (const store of ['documents', 'search', 'vectors']) {
      const report = await json(['rebuild', store]);
      expect(report).toMatchObject({ store, generation: 2, before: 1, different: [], switchedEverywhere: true });
    }
    expect(await sessionsOf(url, 4)).toEqual(before);
    await sync(url, 'message', { sessionExternalId: 'two', externalId: 'm2', role: 'user', textContent: 'afterwards' });
    await sessionsOf(url, 5);
    const { stores } = await json<{ stores: { location: string }[] }>(['status']);
    expect(stores.map(({ location }) => location)).toEqual(
      ['documents-2.db', 'search-2.db', 'vectors-energetic-ai-en-512-2.db'].map((name) => join(product.dataDir, name)),
    );
    expect((await product.run(['rebuild', 'clean'])).stdout).toBe(
      'documents: removed 1\nsearch: removed 1\nvectors: removed 1\n',
    );
    child.kill('SIGTERM');
    expect((await finished).code).toBe(0);

    // Also while nothing runs, and the next start takes up the new generation.
    const stopped = await product.run(['rebuild', 'documents', '--drop-old']);
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringMatching(/generation 3 is live in place of 2/) });
    const files = (await readdir(product.dataDir)).filter((name) => /^documents.*\.db$/.test(name));
    expect(files).toEqual(['documents-3.db']);
    await sessionsOf((await product.start()).url, 5);
  });
});

describe('export-log and import-log', () => {
  it('move an installation to another nats-server: the same keys see the same sessions', async () => {
    const first = await product.start();
    await syncSome(first.url);
    const before = await sessionsOf(first.url, 4);
    const file = join(temporary.path, 'history.jsonl.gz');
    const exported = await json<{ events: number }>(['export-log', file]);
    expect(exported).toMatchObject({ payloads: 1, keys: 2 });
    expect((await product.run(['export-log', file])).stderr).toContain('is there already');
    first.child.kill('SIGTERM');
    await first.finished;

    await using nats = await startTestNats();
    const moved = new Product(join(temporary.path, 'moved'), { NATS_URL: nats.url });
    try {
      const imported = await moved.run(['import-log', file]);
      expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining(`${exported.events} events`) });
      expect((await moved.run(['import-log', file])).stderr).toContain('were there already');
      const second = await moved.start();
      expect(second.banner).not.toMatch(/osk_\w/);
      expect(await sessionsOf(second.url, 4)).toEqual(before);
    } finally {
      await moved.dispose();
    }
  });

  it('work in a pipe: stdout is the file and nothing else, stdin may be compressed or not', async () => {
    const { url, child, finished } = await product.start();
    await syncSome(url);
    const before = await sessionsOf(url, 4);
    const exported = await product.pipe(['export-log', '-']);
    expect(exported.stderr).toMatch(/^-: \d+ events, 1 payloads, 2 entries of API keys$/m);
    child.kill('SIGTERM');
    await finished;

    const text = gunzipSync(exported.stdout);
    expect(text.toString()).toMatch(/^\{"format":"opensync-log".*\n\{"kind":"end".*\}\n$/s);
    for (const [name, file] of Object.entries({ compressed: exported.stdout, plain: text })) {
      const moved = new Product(join(temporary.path, name), { OPENSYNC_BOOTSTRAP_KEY: KEY });
      try {
        expect((await moved.pipe(['import-log', '-'], file)).stdout.toString()).toMatch(/^-: \d+ events, 1 payloads/);
        expect(await sessionsOf((await moved.start()).url, 4)).toEqual(before);
      } finally {
        await moved.dispose();
      }
    }
    expect((await product.pipe(['import-log', '-'])).stderr).toContain('opensync: -: the file is empty');
  });

  it('verify a file after it is written, and try an import without writing', async () => {
    const { url, child, finished } = await product.start();
    await syncSome(url);
    const file = join(temporary.path, 'history.jsonl');
    const exported = await product.run(['export-log', file, '--verify']);
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringMatching(/ entries of API keys, verified\n$/) });
    child.kill('SIGTERM');
    await finished;

    const elsewhere = join(temporary.path, 'elsewhere');
    const moved = new Product(elsewhere);
    const tried = await moved.run(['import-log', file, '--dry-run']);
    expect(tried).toMatchObject({ code: 0, stdout: expect.stringMatching(/; nothing was written\n$/) });
    expect(existsSync(elsewhere)).toBe(false);
    expect((await product.run(['import-log', file, '--dry-run'])).stderr).toMatch(/events of its own/);
    expect((await moved.run(['import-log', file])).code).toBe(0);
    expect((await moved.run(['import-log', file, '--dry-run'])).stderr).toMatch(
      /^\d+ of the events were there already/m,
    );

    const damaged = (await readFile(file, 'utf8')).replace(/"createdAt":(\d)/, '"createdAt":9$1');
    await writeFile(file, damaged);
    expect(await new Product(join(temporary.path, 'third')).run(['import-log', file, '--dry-run'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('was changed after it was written'),
    });
  });

  it('say in a line why a file cannot be imported', async () => {
    const file = join(temporary.path, 'history.jsonl');
    expect((await product.run(['import-log', file])).stderr).toBe(`opensync: there is no file ${file}\n`);
    await writeFile(file, `${JSON.stringify({ workspaceId: workspaceIdOf('default') })}\n`);
    const wrong = await product.run(['import-log', file]);
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    // The line before says that the data folder was made.
    expect(wrong.stderr.split('\n').at(-2)).toBe(
      `opensync: ${file}: this is not a file of opensync export-log, or one of a newer version`,
    );
    await writeFile(`${file}.gz`, 'not compressed');
    expect((await product.run(['import-log', `${file}.gz`])).stderr).toMatch(
      /: cannot be read: incorrect header check\n$/,
    );
  });
});
