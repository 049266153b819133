import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, loadSettings } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { Registry } from '@opensync/platform/telemetry';
import { anOwner, stablePort, temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { describeStores, openStores, storeStates } from './index.ts';
import type { GenerationSource } from './life/source.ts';

let folder: TemporaryFolder;
let disposal: Disposal;
const problems: unknown[] = [];
beforeEach(async () => {
  folder = await temporaryFolder();
  disposal = new Disposal((problem) => problems.push(problem));
});
afterEach(async () => {
  await disposal.run(5000);
  await folder.remove();
  expect(problems).toEqual([]);
});

const settings = () => loadSettings({ OPENSYNC_DATA_DIR: join(folder.path, 'data') });
const logger = createLogger('silent', 'test');

describe('openStores', () => {
  it('opens the requested stores, in the data folder if no server is set', async () => {
    const stores = await openStores(settings(), ['documents', 'vectors'], { logger, disposal });
    expect(Object.keys(stores)).toEqual(['documents', 'vectors']);
    const reports = await describeStores(stores);
    expect(reports.map((report) => [report.kind, 'location' in report && report.location])).toEqual([
      ['documents', join(folder.path, 'data', 'documents.db')],
      ['vectors', join(folder.path, 'data', 'vectors-energetic-ai-en-512.db')],
    ]);
  });

  it('measures every operation if there is a registry, and nothing else', async () => {
    const metrics = new Registry();
    const { vectors } = await openStores(settings(), ['vectors'], { logger, disposal, metrics });
    await vectors.indexed(anOwner(), ['ses_1']);
    await vectors.remove(anOwner(), ['ses_1']);
    await vectors.remove(anOwner(), ['ses_2']);
    const wrong = { vector: Float32Array.of(1), filter: {}, limit: 1 };
    await expect(vectors.search(anOwner(), wrong)).rejects.toThrow('1 dimensions');
    const counts = (await metrics.metrics()).matchAll(
      /_count\{store="vectors",operation="(\w+)",outcome="(\w+)"\} (\d+)/g,
    );
    expect([...counts].map(([, ...found]) => found.join(' ')).sort()).toEqual([
      'indexed ok 1',
      'remove ok 2',
      'search error 1',
    ]);
  });
});

describe('the files of embedded stores', () => {
  it('are accessible only to their owner, even in a folder that is open to all', async () => {
    const data = join(folder.path, 'data');
    await mkdir(data);
    await chmod(data, 0o755);
    const before = process.umask(0o022);
    try {
      const stores = await openStores(settings(), ['documents', 'search', 'vectors'], { logger, disposal });
      await storeStates(stores, []);
      const files = await readdir(data);
      expect(files).toEqual(expect.arrayContaining(['documents.db', 'documents.db-wal', 'search.db-wal']));
      const modes = await Promise.all(files.map(async (file) => [file, (await stat(join(data, file))).mode & 0o077]));
      expect(modes).toEqual(files.map((file) => [file, 0]));
    } finally {
      process.umask(before);
    }
  });
});

describe('openStores after a switch to a generation that cannot be opened', () => {
  it('reads from the one before and does not report the new one as in use, until that can be opened', async () => {
    const data = join(folder.path, 'data');
    const used: number[] = [];
    let live = 1;
    let onSwitch: (() => void) | undefined;
    const generations: GenerationSource = {
      live: () => live,
      current: true,
      onSwitch: (listener) => {
        onSwitch = () => listener('search', live);
        return () => undefined;
      },
      uses: (_name, generation) => void used.push(generation),
    };
    const unusable: number[] = [];
    const { search } = await openStores(settings(), ['search'], {
      ...{ logger, disposal, generations },
      onUnusable: (_name, generation) => unusable.push(generation),
    });
    await writeFile(join(data, 'search-2.db'), 'no database at all'.repeat(1000));
    live = 2;
    onSwitch!();
    await waitFor(() => unusable.length > 0);
    expect(await search.indexed(anOwner(), ['ses_1'])).toEqual(new Map());
    await expect(search.remove(anOwner(), ['ses_1'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(used).toEqual([1]);
    await rm(join(data, 'search-2.db'));
    await waitFor(() => used.includes(2));
    expect(await search.remove(anOwner(), ['ses_1'])).toBe(0);
  });
});

describe('openStores with an unavailable server', () => {
  it.each([
    ['documents', 'MONGODB_URL', 'mongodb', '/?serverSelectionTimeoutMS=300'],
    ['search', 'ELASTICSEARCH_URL', 'http', '/'],
    ['vectors', 'QDRANT_URL', 'http', '/'],
  ] as const)('names the setting of %s once, with the reason and what to do', async (name, setting, scheme, rest) => {
    for (const [host, reason] of [
      ['nosuch.invalid:9999', /(ENOTFOUND|EAI_AGAIN) nosuch\.invalid/],
      [`127.0.0.1:${await stablePort()}`, /ECONNREFUSED/],
    ] as const) {
      const lines: string[] = [];
      const away: string[] = [];
      const opened = loadSettings({ [setting]: `${scheme}://ada:hush@${host}${rest}` });
      const stores = await openStores(opened, [name], {
        logger: createLogger('warn', 'test', { write: (line) => void lines.push(line) }),
        disposal,
        onAway: (_, problem) => away.push(problem),
      });
      const problem =
        `${setting}: the ${name} store at ${scheme}://${host} does not answer (…); ` +
        'check the address, and whether the server runs';
      expect(away.map((line) => line.replace(/\([^)]*\)/, '(…)'))).toEqual([problem]);
      expect(away[0]!.match(new RegExp(reason, 'g'))).toHaveLength(1);
      // Even if it is asked repeatedly.
      await storeStates(stores, []);
      expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(away);
      const [report] = await describeStores(stores);
      expect(report).toMatchObject({ kind: name, problem: expect.stringMatching(reason) });
    }
  });
});

describe('storeStates', () => {
  it('distinguishes a store that answers from one that fails or hangs', async () => {
    const stores = await openStores(settings(), ['documents', 'search', 'vectors'], { logger, disposal });
    expect(await storeStates(stores, ['documents'])).toEqual({ documents: 'up', search: 'up', vectors: 'up' });
    const ill = {
      documents: { ...stores.documents, load: () => Promise.reject(new Error('gone')) },
      search: { ...stores.search, indexed: () => new Promise<never>(() => undefined) },
      vectors: stores.vectors,
    };
    expect(await storeStates(ill, ['documents'])).toEqual({ documents: 'down', search: 'degraded', vectors: 'up' });
  });
});
