import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '@opensync/testkit';
import { exportSessions, type ExportArguments } from './export.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: Server | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await folder.remove();
});

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function run(
  args: Partial<ExportArguments>,
  { json = false, interrupt = new AbortController() }: { json?: boolean; interrupt?: AbortController } = {},
) {
  const written = { print: '', note: '' };
  const output = {
    print: (text: string) => void (written.print += `${text}\n`),
    note: (text: string) => void (written.note += `${text}\n`),
  };
  const given = { url: '', key: 'osk_key', file: join(folder.path, 'out.json'), overwrite: false, query: {}, ...args };
  const interruption = { signal: interrupt.signal, end: () => undefined };
  const code = await exportSessions(given, { json, output }, interruption);
  return { code, ...written, files: await readdir(folder.path) };
}

const streamed: RequestListener = (_request, reply) => {
  reply.writeHead(200, { trailer: 'x-export-sessions' });
  reply.write('[1,');
  reply.addTrailers({ 'x-export-sessions': '1200', 'x-export-testcases': '3400' });
  reply.end('2]');
};

describe('opensync export', () => {
  it('saves what the server sends, with its totals from headers', async () => {
    let seen: unknown;
    const url = await serve(({ url: asked, headers }, reply) => {
      seen = [asked, headers.authorization];
      reply.writeHead(200, { 'x-export-sessions': '1' }).end('{}');
    });
    const { code, print, files } = await run({ url: `${url}/base/`, query: { format: 'json', project: 'a b' } });
    expect([code, files]).toEqual([0, ['out.json']]);
    expect(seen).toEqual(['/base/api/export?format=json&project=a+b', 'Bearer osk_key']);
    expect(print).toBe(`${join(folder.path, 'out.json')}: 1 session\n`);
    expect(await readFile(join(folder.path, 'out.json'), 'utf8')).toBe('{}');
  });

  it('reads the totals of a long export from its trailers', async () => {
    const { print } = await run({ url: await serve(streamed) }, { json: true });
    expect(JSON.parse(print)).toEqual({ file: join(folder.path, 'out.json'), sessions: 1200, testCases: 3400 });
  });

  it.each<[string, RequestListener]>([
    ['breaks off', (_request, reply) => void (reply.writeHead(200).write('[1,'), setImmediate(() => reply.destroy()))],
    ['ends without trailers', (_request, reply) => void (reply.writeHead(200).write('[1,'), reply.end('2]'))],
  ])('leaves no file behind if the answer %s', async (_name, answer) => {
    const { code, note, files } = await run({ url: await serve(answer) });
    expect([code, files]).toEqual([1, []]);
    expect(note).toMatch(/^opensync: .*no file was written/i);
  });

  it('ends with Ctrl-C, and leaves no file behind', async () => {
    const interrupt = new AbortController();
    const url = await serve((_request, reply) => {
      reply.writeHead(200).write('[1,');
      setImmediate(() => interrupt.abort());
    });
    const { code, note, files } = await run({ url }, { interrupt });
    expect([code, note, files]).toEqual([130, 'opensync: interrupted; no file was written\n', []]);
  });

  it('shows the server’s reason for a refusal, without control characters', async () => {
    const body = JSON.stringify({ error: { code: 'NOT_FOUND', message: 'No sessions match\u001b[31m' } });
    const url = await serve((_request, reply) => void reply.writeHead(404).end(body));
    const { code, note, files } = await run({ url });
    expect([code, note, files]).toEqual([1, 'opensync: No sessions match\\x1b[31m\n', []]);
  });

  it('says what to set if nothing answers', async () => {
    const url = await serve(streamed);
    server!.closeAllConnections();
    await new Promise((resolve) => server!.close(resolve));
    expect((await run({ url })).note).toBe(`opensync: nothing answers at ${url}; set OPENSYNC_URL, or add --url\n`);
  });

  it.each<[Partial<ExportArguments>, RegExp]>([
    [{ key: undefined }, /^OPENSYNC_API_KEY: /],
    [{ url: 'localhost:3211' }, /^OPENSYNC_URL: localhost:3211 is not the URL/],
    [{ file: '/nowhere/at/all.json' }, /there is no folder \/nowhere\/at/],
  ])('refuses %j before it asks', async (args, message) => {
    await expect(run({ url: 'http://127.0.0.1:9', ...args })).rejects.toThrow(message);
  });

  it('replaces a file only if asked to', async () => {
    const file = join(folder.path, 'out.json');
    await writeFile(file, 'before');
    const url = await serve(streamed);
    await expect(run({ url })).rejects.toThrow('already exists');
    expect(await readFile(file, 'utf8')).toBe('before');
    expect((await run({ url, overwrite: true })).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe('[1,2]');
  });
});
