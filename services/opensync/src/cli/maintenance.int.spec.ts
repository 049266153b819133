import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { jetstream } from '@nats-io/jetstream';
import { eventSubject } from '@opensync/contracts';
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

/** A message on the log that no projection can read. */
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

    // They still are not events: they come back, with the attempt counted.
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
    expect((await product.run(['dlq', 'replay'])).stderr).toContain('name the ids of the dead letters, or add --all');
  });
});

describe('rebuild', () => {
  it('rebuilds each store under a running OpenSync, which switches to it at once', async () => {
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
      'documents: removed generation 1\nsearch: removed generation 1\nvectors: removed generation 1\n',
    );
    child.kill('SIGTERM');
    expect((await finished).code).toBe(0);

    // Also while nothing runs, and the next start uses the new generation.
    const stopped = await product.run(['rebuild', 'documents', '--drop-old']);
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringMatching(/generation 3 is live in place of 2/) });
    const files = (await readdir(product.dataDir)).filter((name) => /^documents.*\.db$/.test(name));
    expect(files).toEqual(['documents-3.db']);
    await sessionsOf((await product.start()).url, 5);
  });
});

describe('export-log and import-log', () => {
  /** What an installation with one user and the key `laptop` exports: three events. */
  let exportOfKey: string;
  beforeAll(async () => {
    await using folder = await temporaryFolder();
    const source = new Product(join(folder.path, 'data'));
    const file = join(folder.path, 'history.jsonl');
    expect((await source.run(['keys', 'create', '-u', 'ada@example.com', '-n', 'laptop'])).code).toBe(0);
    expect(await source.run(['export-log', file])).toMatchObject({
      code: 0,
      stdout: `${file}: 3 events, 0 payloads, 1 API key\n`,
    });
    exportOfKey = await readFile(file, 'utf8');
  }, 120_000);

  it('move an installation to another nats-server: the same keys see the same sessions', async () => {
    const first = await product.start();
    await syncSome(first.url);
    const before = await sessionsOf(first.url, 4);
    const file = join(temporary.path, 'history.jsonl.gz');
    const exported = await json<{ events: number }>(['export-log', file]);
    expect(exported).toMatchObject({ payloads: 1, apiKeys: 1 });
    expect((await product.run(['export-log', file])).stderr).toContain('already exists');
    first.child.kill('SIGTERM');
    await first.finished;

    await using nats = await startTestNats();
    const moved = new Product(join(temporary.path, 'moved'), { NATS_URL: nats.url });
    try {
      const imported = await moved.run(['import-log', file]);
      expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining(`${exported.events} events`) });
      expect((await moved.run(['import-log', file])).stderr).toContain(`Already stored: ${exported.events} events.`);
      const second = await moved.start();
      expect(second.banner).not.toMatch(/osk_[\w-]/);
      expect(await sessionsOf(second.url, 4)).toEqual(before);
    } finally {
      await moved.dispose();
    }
  });

  it('work in a pipe: stdout contains only the file, stdin may be compressed or not', async () => {
    const { url, child, finished } = await product.start();
    await syncSome(url);
    const before = await sessionsOf(url, 4);
    const exported = await product.pipe(['export-log', '-']);
    expect(exported.stderr).toMatch(/^-: \d+ events, 1 payload, 1 API key$/m);
    child.kill('SIGTERM');
    await finished;

    const text = gunzipSync(exported.stdout);
    expect(text.toString()).toMatch(/^\{"format":"opensync-log".*\n\{"kind":"end".*\}\n$/s);
    for (const [name, file] of Object.entries({ compressed: exported.stdout, plain: text })) {
      const moved = new Product(join(temporary.path, name), { OPENSYNC_BOOTSTRAP_KEY: KEY });
      try {
        expect((await moved.pipe(['import-log', '-'], file)).stdout.toString()).toMatch(
          /^-: \d+ events, 1 payload, 1 API key/,
        );
        expect(await sessionsOf((await moved.start()).url, 4)).toEqual(before);
      } finally {
        await moved.dispose();
      }
    }
    expect((await product.pipe(['import-log', '-'])).stderr).toContain('opensync: -: the file is empty');
  });

  it('verify a file after writing it, and try an import without writing', async () => {
    const { url, child, finished } = await product.start();
    await syncSome(url);
    const file = join(temporary.path, 'history.jsonl');
    const exported = await product.run(['export-log', file, '--verify']);
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringMatching(/ 1 API key, verified\n$/) });
    child.kill('SIGTERM');
    await finished;

    const elsewhere = join(temporary.path, 'elsewhere');
    const moved = new Product(elsewhere);
    const tried = await moved.run(['import-log', file, '--dry-run']);
    expect(tried).toMatchObject({ code: 0, stdout: expect.stringMatching(/; nothing was written\n$/) });
    expect(existsSync(elsewhere)).toBe(false);
    expect((await product.run(['import-log', file, '--dry-run'])).stderr).toMatch(/events of its own/);
    expect((await moved.run(['import-log', file])).code).toBe(0);
    expect((await moved.run(['import-log', file, '--dry-run'])).stderr).toMatch(/^Already stored: \d+ events\.$/m);

    const damaged = (await readFile(file, 'utf8')).replace(/"createdAt":(\d)/, '"createdAt":9$1');
    await writeFile(file, damaged);
    expect(await new Product(join(temporary.path, 'third')).run(['import-log', file, '--dry-run'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('was changed after it was written'),
    });
  });

  it('say that API keys were left out, and what to do next', async () => {
    const file = join(temporary.path, 'history.jsonl');
    await writeFile(file, exportOfKey);
    const fresh = new Product(join(temporary.path, 'fresh'));
    expect(await fresh.run(['import-log', file, '--without-keys'])).toEqual({
      code: 0,
      stdout: `${file}: 3 events, 0 payloads, 0 API keys\n`,
      stderr: [
        `There is no OpenSync in ${fresh.dataDir} yet; creating it.`,
        'Left out: 1 API key.',
        'To build the documents and indexes from these events: opensync start\n',
      ].join('\n'),
    });
    expect((await fresh.run(['keys', 'list'])).stderr).toMatch(/^There are no API keys; /);
  });

  it.each<[string, string, (whole: string) => string | Buffer, string]>([
    ['is not there', 'history.jsonl', () => '', 'there is no such file'],
    ['is a folder', 'history.jsonl', () => '', 'this is a folder'],
    ['is empty', 'history.jsonl', () => '', 'the file is empty'],
    ['is empty and should be compressed', 'history.jsonl.gz', () => '', 'cannot be read: unexpected end of file'],
    ['is not compressed', 'history.jsonl.gz', () => 'not compressed', 'cannot be read: incorrect header check'],
    ['is cut off', 'history.jsonl.gz', (whole) => gzipSync(whole).subarray(0, 60), 'cannot be read: unexpected end'],
    ['is another one', 'history.jsonl', () => '{"workspaceId":"w"}\n', 'opensync export-log did not write this file'],
    ['has no end', 'history.jsonl', (whole) => whole.replace(/\{"kind":"end".*\n/, ''), 'the file ends after 3 events'],
    ['is damaged', 'history.jsonl', (whole) => whole.replace('"kind":"key"', '"kind":"'), 'line 2 is damaged; nothing'],
    ['was changed', 'history.jsonl', (whole) => whole.replace('"laptop"', '"tablet"'), 'the file was changed'],
    [
      'was changed in an archive',
      'history.jsonl.gz',
      (whole) => gzipSync(whole.replace('"laptop"', '"tablet"')),
      'the',
    ],
    [
      'lacks a line',
      'history.jsonl',
      (whole) => whole.replace(/\{"kind":"key".*\n/, ''),
      'lines are missing (keys: 1 of 2)',
    ],
  ])('leave nothing behind of a file that %s, and say so in one line', async (what, name, damage, problem) => {
    const file = join(temporary.path, name);
    if (what === 'is a folder') await mkdir(file);
    else if (what !== 'is not there') await writeFile(file, damage(exportOfKey));

    const fresh = new Product(join(temporary.path, 'fresh'));
    // A folder that somebody had made stays as it was.
    const made = new Product(join(temporary.path, 'made'));
    await mkdir(made.dataDir);
    await writeFile(join(made.dataDir, 'notes'), 'mine');

    const [failed, alsoFailed] = await Promise.all([fresh.run(['import-log', file]), made.run(['import-log', file])]);
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    const lines = failed.stderr.trimEnd().split('\n');
    expect(lines).toEqual([expect.stringContaining(`opensync: ${file}: ${problem}`)]);
    expect(lines[0]).toMatch(/; nothing was imported$/);
    expect(existsSync(fresh.dataDir)).toBe(false);
    expect(alsoFailed.code).toBe(1);
    expect(await readdir(made.dataDir)).toEqual(['notes']);
  });

  it('leave nothing behind if the log cannot start, or if stdin is not an export', async () => {
    const file = join(temporary.path, 'history.jsonl');
    await writeFile(file, exportOfKey);
    const fresh = new Product(join(temporary.path, 'fresh'));
    const failed = await fresh.run(['import-log', file], { NATS_SERVER_BIN: join(temporary.path, 'nothing') });
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('NATS_SERVER_BIN') });
    expect(existsSync(fresh.dataDir)).toBe(false);
    const cut = exportOfKey.split('\n').slice(0, 2).join('\n');
    const { stderr } = await fresh.pipe(['import-log', '-'], Buffer.from(cut));
    expect(stderr).toMatch(/the file ends after 0 events .*; nothing was imported\n$/);
    expect(existsSync(fresh.dataDir)).toBe(false);
  });

  it.each([
    ['elsewhere', 'opensync start --data-dir ELSEWHERE'],
    ["in Ada's folder", "opensync start --data-dir 'ELSEWHERE'"],
  ])('show how to start the data folder that they created: %s', async (name, command) => {
    const file = join(temporary.path, 'history.jsonl');
    await writeFile(file, exportOfKey);
    const elsewhere = join(temporary.path, name);
    const { stderr } = await product.run(['import-log', file, '--data-dir', elsewhere]);
    expect(stderr).toContain(`from these events: ${command.replace('ELSEWHERE', elsewhere.replace("'", "'\\''"))}\n`);
  });

  it('store nothing of a damaged file, and of a damaged stream only what came before; report how much, and continue with a complete one', async () => {
    const { url, child, finished } = await product.start();
    await syncSome(url);
    child.kill('SIGTERM');
    await finished;
    const exported = join(temporary.path, 'exported.jsonl');
    expect((await product.run(['export-log', exported])).code).toBe(0);
    const [header, ...others] = (await readFile(exported, 'utf8')).trimEnd().split('\n');
    const event = others.map((line) => JSON.parse(line) as { kind: string }).find(({ kind }) => kind === 'event');
    const events = Array.from({ length: 1200 }, (_, at) => JSON.stringify({ ...event, sequence: at + 1 }));
    const end = JSON.stringify({ kind: 'end', keys: 0, payloads: 0, events: events.length });
    const [damaged, whole] = [join(temporary.path, 'damaged.jsonl'), join(temporary.path, 'whole.jsonl')];
    await writeFile(damaged, [header, ...events.with(1100, '{"kind":"event"'), end].join('\n'));
    await writeFile(whole, [header, ...events, end].join('\n'));

    const moved = new Product(join(temporary.path, 'moved'));
    const refused = await moved.run(['import-log', damaged]);
    expect(refused.stderr).toBe(`opensync: ${damaged}: line 1102 is damaged; nothing was imported\n`);
    expect(existsSync(moved.dataDir)).toBe(false);

    const failed = await moved.pipe(['import-log', '-'], await readFile(damaged));
    expect(failed.stderr.split('\n').slice(-3)).toEqual([
      'opensync: -: line 1102 is damaged',
      'Stored before that: 1,100 events. Repeat the command with the complete file to continue after them.',
      '',
    ]);
    // It has data now, which a damaged file does not change.
    expect(await moved.run(['import-log', damaged])).toMatchObject({ code: 1, stderr: refused.stderr });
    expect(await moved.run(['import-log', whole])).toMatchObject({
      code: 0,
      stdout: `${whole}: 1,200 events, 0 payloads, 0 API keys\n`,
      stderr: expect.stringContaining('Already stored: 1,100 events.'),
    });
  });
});
