import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { memoryLimit, type MemoryLimit } from '@opensync/testkit';

const PROGRAM = fileURLToPath(new URL('testing/limited-app.ts', import.meta.url));
const LIMIT = 512 * 1024 * 1024;
const BODY = 10 * 1024 * 1024;

const filled = (unit: string, bytes = BODY - 100) => unit.repeat(Math.floor(bytes / unit.length));
const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

let limit: MemoryLimit;
let child: ChildProcess;
let url: string;
beforeAll(async () => {
  limit = await memoryLimit(LIMIT);
  const { command, args } = limit.spawn(process.execPath, [PROGRAM]);
  child = spawn(command, args, {
    env: { ...process.env, NODE_OPTIONS: '', ...limit.env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [port] = (await once(child, 'message')) as [number];
  url = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  const ended = once(child, 'exit');
  if (child.kill('SIGKILL')) await ended;
  await limit[Symbol.asyncDispose]();
});

function post(path: string, key: string, body: string | Buffer, encoding?: string): Promise<Response> {
  const headers = {
    authorization: `Bearer osk_${key}`,
    'content-type': 'application/json',
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  };
  return fetch(`${url}${path}`, { method: 'POST', headers, body });
}

describe('a process with 512 MB', () => {
  it.each([
    ['empty objects, as zstd', 'zstd', zstdCompressSync(`{"sessions":[${filled('{},')}{}]}`), 413],
    ['levels, as zstd', 'zstd', zstdCompressSync(filled('[')), 400],
    ['objects within objects, as gzip', 'gzip', gzipSync(filled('{"a":')), 400],
    ['names, as br', 'br', brotliCompressSync(`{${filled('"a":0,')}"a":0}`, quickly), 413],
    ['empty arrays, not compressed', undefined, Buffer.from(`[${filled('[],')}[]]`), 413],
  ])('rejects %s, from ten connections at once', async (_name, encoding, bomb, status) => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        const answer = await post('/write', `key-${n % 5}`, bomb, encoding);
        await answer.arrayBuffer();
        return answer.status;
      }),
    );
    for (const answer of answers) expect([status, 503]).toContain(answer);
    expect(answers).toContain(status);
    expect((await post('/ask', 'other', '{}')).status).toBe(200);
    expect(child.exitCode).toBeNull();
  });

  it('survives as many values as one body may have, from twenty connections at once', async () => {
    const names = Array.from({ length: 420_000 }, (_, n) => `"${n.toString(36)}_":0`).join(',');
    const most = zstdCompressSync(`{${names}}`);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => (await post('/write', `key-${n % 5}`, most, 'zstd')).status),
    );
    for (const answer of answers) expect([200, 503]).toContain(answer);
    expect(answers).toContain(200);
    expect((await post('/ask', 'other', '{}')).status).toBe(200);
  });

  it('accepts the largest bodies that plugins send', async () => {
    const text = JSON.stringify({ textContent: 'Words, "quoted" and\nin lines. '.repeat(300_000) });
    const numbers = JSON.stringify({ data: Array.from({ length: 2_800_000 }, (_, n) => n % 256) });
    for (const body of [text, numbers]) {
      expect(body.length).toBeGreaterThan(BODY * 0.9);
      expect((await post('/write', 'plugin', body)).status).toBe(200);
    }
  });
});
