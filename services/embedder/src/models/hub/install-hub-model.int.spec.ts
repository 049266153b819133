import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { isInstalled, localModelOf } from '../folder.ts';
import { copyModel, downloadModel, type DownloadOptions } from './download.ts';
import { MODEL_FILE, MULTILINGUAL_E5_SMALL, type HubModel } from './hub-model.ts';
import { installHubModel } from './install-hub-model.ts';

const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
const pinned = (path: string, content: Buffer) => ({
  path,
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});
const CONFIG = Buffer.from('{"a":1}');
const MODEL: HubModel = {
  ...{ repository: 'someone/model', revision: 'f'.repeat(40), maxTokens: 512 },
  files: [pinned('config.json', CONFIG), pinned(MODEL_FILE, BYTES)],
};
const FAST: DownloadOptions = { answerMs: 1_000, silentMs: 1_000, pauseMs: 1 };

type Answer = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void;
const whole: Answer = (_request, response, content) => void response.end(content);

/** A hub in this process. */
async function startHub(closing: AsyncDisposableStack, answer: Answer = whole) {
  const asked: { readonly url: string; readonly range: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url!, range: request.headers.range });
    const path = request.url!.split(`/${'f'.repeat(40)}/`)[1];
    const content = path === 'config.json' ? CONFIG : path === MODEL_FILE ? BYTES : undefined;
    if (content === CONFIG) response.end(content);
    else if (content) answer(request, response, content);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** An address where nothing listens. */
async function nowhere(): Promise<string> {
  await using closing = new AsyncDisposableStack();
  return (await startHub(closing)).url;
}

describe('a model of a hub', () => {
  let closing: AsyncDisposableStack;
  let folder: TemporaryFolder;
  beforeEach(async () => {
    closing = new AsyncDisposableStack();
    folder = closing.use(await temporaryFolder());
  });
  afterEach(() => closing.disposeAsync());

  const isWhole = async () => expect(await readFile(join(folder.path, MODEL_FILE))).toEqual(BYTES);

  it('is asked for by its commit, and its progress is told', async () => {
    const { url, asked } = await startHub(closing);
    const seen: number[] = [];
    await downloadModel(MODEL, [`${url}/`], folder.path, { ...FAST, onProgress: (done) => seen.push(done) });
    await isWhole();
    expect(asked.map(({ url: path }) => path)).toEqual(
      MODEL.files.map(({ path }) => `/someone/model/resolve/${MODEL.revision}/${path}`),
    );
    expect(seen.at(-1)).toBe(BYTES.length + CONFIG.length);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it.each([
    ['continues', true],
    ['begins again, where the hub knows no ranges,', false],
  ])('%s after a connection that was cut', async (_what, hasRanges) => {
    let cuts = 0;
    const { url, asked } = await startHub(closing, (request, response, content) => {
      const from = hasRanges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
      const headers = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
      response.writeHead(from > 0 ? 206 : 200, { ...headers, 'content-length': content.length - from });
      if (cuts++ > 0) return void response.end(content.subarray(from));
      response.write(content.subarray(0, 100_000));
      // Cut once something of it has arrived: sooner, nothing could be continued.
      void waitFor(async () => (await stat(join(folder.path, MODEL_FILE))).size > 0).then(() => response.destroy());
    });
    await downloadModel(MODEL, [url], folder.path, FAST);
    await isWhole();
    // How much has arrived depends on the sockets.
    expect(asked.at(-1)!.range).toMatch(/^bytes=\d+-$/);
  });

  it('comes from the next hub if one is down, has another file, sends too much or is silent', async () => {
    const down = await nowhere();
    const { url: wrong } = await startHub(closing, (_, response) => void response.end(Buffer.alloc(BYTES.length)));
    const { url: endless } = await startHub(closing, (_, response) => {
      const more = () => void response.write(Buffer.alloc(65_536), more);
      response.on('error', () => undefined);
      more();
    });
    const { url: silent } = await startHub(closing, (_, response) => void response.write('x'));
    const { url: failing } = await startHub(closing, (_, response) => void response.writeHead(503).end());
    const { url: right } = await startHub(closing);
    await downloadModel(MODEL, [down, wrong, endless, silent, failing, right], folder.path, FAST);
    await isWhole();
  });

  it('says of each hub why it could not be had', async () => {
    const { url: wrong } = await startHub(closing, (_, response) => void response.end(Buffer.alloc(BYTES.length)));
    const { url: without } = await startHub(closing, (_, response) => void response.writeHead(404).end());
    await expect(downloadModel(MODEL, [await nowhere(), without, wrong], folder.path, FAST)).rejects.toThrow(
      /ECONNREFUSED.*HTTP 404.*is not the pinned file: its SHA-256 is [0-9a-f]{64}/,
    );
  });

  it('may be slow, as long as something comes', async () => {
    const { url } = await startHub(closing, (_, response, content) => {
      response.writeHead(200, { 'content-length': content.length });
      let at = 0;
      // Longer in all than a hub may be silent.
      const timer = setInterval(() => {
        response.write(content.subarray(at, (at += 40_000)));
        if (at >= content.length) {
          clearInterval(timer);
          response.end();
        }
      }, 80);
    });
    await downloadModel(MODEL, [url], folder.path, FAST);
    await isWhole();
  });

  it('ends with its signal, and leaves nothing that counts', async () => {
    const stop = new AbortController();
    const { url } = await startHub(closing, (_, response) => {
      response.write('x');
      stop.abort(new Error('stopping'));
    });
    await expect(installHubModel(folder.path, { model: MODEL, hubs: [url], signal: stop.signal })).rejects.toThrow(
      'stopping',
    );
    expect(await readdir(join(folder.path, 'models'))).toEqual([]);
    expect(isInstalled(folder.path, 'multilingual-e5-small')).toBe(false);
  });

  it('is not installed if the files are right but no model', async () => {
    const { url } = await startHub(closing);
    await expect(installHubModel(folder.path, { model: MODEL, hubs: [url] })).rejects.toThrow(
      /was installed but does not work here/,
    );
    expect(localModelOf(folder.path)).toBe('energetic-ai-en');
  });

  it.each(['layout of the hub', 'files side by side'])('is copied from a folder, with %s', async (layout) => {
    const from = join(folder.path, 'from');
    await mkdir(join(from, 'onnx'), { recursive: true });
    await writeFile(join(from, 'config.json'), CONFIG);
    await writeFile(join(from, layout.startsWith('layout') ? MODEL_FILE : 'model_quantized.onnx'), BYTES);
    await copyModel(MODEL, from, folder.path);
    await isWhole();
    await writeFile(join(from, 'config.json'), '{"a":2}');
    await expect(copyModel(MODEL, from, folder.path)).rejects.toThrow(/config\.json is not the pinned file/);
    await expect(copyModel(MULTILINGUAL_E5_SMALL, from, folder.path)).rejects.toThrow(/has no tokenizer_config\.json/);
  });
});

/** A folder with a small model in the layout of a hub: scripts/small-model.mjs installs one. */
const SMALL = process.env.TEST_SMALL_MODEL;
(SMALL === undefined ? describe.skip : describe)('a real small model of E5, from a package', () => {
  it('is downloaded, verified, installed and loaded, and embeds', async () => {
    await using closing = new AsyncDisposableStack();
    const folder = closing.use(await temporaryFolder());
    const files = await Promise.all(
      [MODEL_FILE, 'tokenizer.json'].map(async (path) => pinned(path, await readFile(join(SMALL!, path)))),
    );
    const model: HubModel = { ...MODEL, files };
    const server = createServer((request, response) => {
      void pipeline(createReadStream(join(SMALL!, request.url!.split(`/${MODEL.revision}/`)[1]!)), response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.defer(() => new Promise((resolve) => server.close(() => resolve(undefined))));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await installHubModel(folder.path, { model, hubs: [url] });
    expect(localModelOf(folder.path)).toBe('multilingual-e5-small');

    const { createEmbedder } = await import('../../embedder.module.ts');
    const { createLogger, loadSettings } = await import('@opensync/platform');
    const settings = loadSettings({ OPENSYNC_DATA_DIR: folder.path, OPENSYNC_LOCAL_MODEL: 'multilingual-e5-small' });
    const embedder = await createEmbedder(settings, createLogger('silent', 'test'));
    closing.defer(() => embedder.close());
    const long = 'The pool of connections to the database is exhausted under load. '.repeat(200);
    const passages = ['connections to the database run out', 'how to bake bread', long];
    const vectors = await embedder.embed(passages, { role: 'passage' });
    const [query] = await embedder.embed(['database connection pool exhausted'], { role: 'query' });
    const near = vectors.map((vector) => vector.reduce((sum, value, at) => sum + value * query![at]!, 0));
    expect(near[0]).toBeGreaterThan(near[1]!);
    expect(near[2]).toBeGreaterThan(near[1]!);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    // Roles differ, and a text has the same vector alone and among longer ones.
    const [asPassage] = await embedder.embed(['database connection pool exhausted'], { role: 'passage' });
    expect(asPassage).not.toEqual(query);
    const [alone] = await embedder.embed([passages[0]!], { role: 'passage' });
    expect(alone!.reduce((sum, value, at) => sum + value * vectors[0]![at]!, 0)).toBeGreaterThan(0.99);
  }, 120_000);
});
