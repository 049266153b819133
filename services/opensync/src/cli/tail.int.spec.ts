import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { Product } from '../testing/product.ts';
import { tail, type TailOptions } from './tail.ts';
import { jsonLine, TailLines } from './tail-lines.ts';

const KEY = 'osk_spec-0123456789';
const session = {
  id: 'ses_1',
  title: 'Fix the login',
  source: 'codex',
  projectName: 'api',
  messageCount: 2,
  totalTokens: 1_200,
};
const frame = (event: string, data: object, id = 'pos_1') =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A server that answers each connection as the test says. */
async function startServer(answer: (request: IncomingMessage, response: ServerResponse, connection: number) => void) {
  let connections = 0;
  const server = createServer((request, response) => answer(request, response, connections++));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const stream = (response: ServerResponse, text: string) =>
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write(text);

function start(options: Partial<TailOptions> & { url: string }) {
  const [printed, noted] = [[] as string[], [] as string[]];
  const ending = new AbortController();
  const output = { print: (line: string) => printed.push(line), note: (line: string) => noted.push(line) };
  const wanted = { key: KEY, json: false, filters: {}, ...options };
  const exit = tail(wanted, { output, isColoured: false, signal: ending.signal });
  return { printed, noted, exit, end: () => (ending.abort(), exit) };
}

describe('opensync tail', () => {
  it('asks for what was filtered, with the key, and prints a line for each event', async () => {
    const asked: unknown[] = [];
    await using server = await startServer(({ url, headers }, response) => {
      asked.push([url, headers.authorization]);
      stream(
        response,
        frame('ready', {}) + frame('session', session) + frame('message', { sessionId: 'ses_1', role: 'user' }),
      );
    });
    const running = start({ url: server.url, filters: { project: 'a b', source: undefined } });
    await waitFor(() => running.printed.length === 2);
    expect(await running.end()).toBe(0);
    expect(asked).toEqual([['/api/live?project=a+b', `Bearer ${KEY}`]]);
    expect(running.printed.map((line) => line.trim())).toEqual([
      'session Fix the login  codex · api  2 messages, 1,200 tokens',
      'message user  in  Fix the login',
    ]);
  });

  it('continues where it was after a broken connection, a refusal and a proper end', async () => {
    const ids: unknown[] = [];
    await using server = await startServer(({ headers }, response, connection) => {
      ids.push(headers['last-event-id']);
      if (connection === 0) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        return void response.write(frame('session', session, 'pos_7'), () => response.destroy());
      }
      if (connection === 1) return void response.writeHead(503, { 'retry-after': '0' }).end('{}');
      stream(response, frame('session', { ...session, title: `Connection ${connection}` }, 'pos_8'));
      if (connection === 2) response.end('retry: 1\n\n');
    });
    const running = start({ url: server.url });
    await waitFor(() => running.printed.some((line) => line.includes('Connection 3')));
    await running.end();
    expect(ids.slice(0, 4)).toEqual([undefined, 'pos_7', 'pos_7', 'pos_8']);
    expect(running.noted[0]).toContain('connecting again');
  });

  it.each([
    [401, 'This API key is unknown'],
    [400, 'kinds must be'],
  ])('ends with the message of the server for %i', async (status, message) => {
    await using server = await startServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }));
    });
    await expect(start({ url: server.url }).exit).rejects.toThrow(`The server refuses: ${message}`);
  });

  it.each([
    [{ key: undefined }, 'OPENSYNC_API_KEY'],
    [{ url: 'localhost' }, 'OPENSYNC_URL'],
  ])('needs %j otherwise', async (options, name) => {
    await expect(start({ url: 'http://127.0.0.1:1', ...options }).exit).rejects.toThrow(name);
  });
});

describe('a line', () => {
  it('has no control character of another person', () => {
    const lines = new TailLines(false);
    const [line] = lines.of('session', JSON.stringify({ ...session, title: '\u001b[31mred\u009b2J', source: 'a\nb' }));
    expect(line).toContain('\\x1b[31mred\\x9b2J');
    expect(line).not.toMatch(/\p{Cc}/u);
    const json = jsonLine('session', 'pos_1', JSON.stringify({ title: '\u001b[31m\u009b2J' }));
    expect(json).not.toMatch(/\p{Cc}/u);
    expect(JSON.parse(json)).toEqual({ event: 'session', id: 'pos_1', data: { title: '\u001b[31m\u009b2J' } });
  });

  it('is coloured for terminals alone', () => {
    const data = JSON.stringify(session);
    expect(new TailLines(true).of('session', data)[0]).toContain('\u001b[36msession');
    expect(new TailLines(false).of('session', data)[0]).not.toContain('\u001b');
  });

  it('is not printed for what is for programs', () => {
    expect(['ready', 'position', 'of-a-newer-server'].flatMap((event) => new TailLines(false).of(event, '{}'))).toEqual(
      [],
    );
    expect(new TailLines(false).of('session', 'no JSON')).toHaveLength(1);
  });
});

describe('as a process', () => {
  let folder: TemporaryFolder;
  let product: Product;
  beforeAll(async () => {
    folder = await temporaryFolder();
    product = new Product(folder.path, { OPENSYNC_API_KEY: KEY });
  });
  afterAll(async () => {
    await product.dispose();
    await folder.remove();
  });

  it('prints JSON, and ends with 0 when it is interrupted', async () => {
    await using server = await startServer((_request, response) => void stream(response, frame('session', session)));
    const { child, text, finished } = product.launch(['tail', '--url', server.url, '--json', '--source', 'codex']);
    await waitFor(() => text.stdout.includes('\n'));
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(text.stdout)).toEqual({ event: 'session', id: 'pos_1', data: session });
  });

  it('has a help with every option', async () => {
    const { code, stdout } = await product.run(['tail', '--help']);
    expect(code).toBe(0);
    for (const option of ['--url', '--source', '--project', '--session', '--kinds', '--json', 'Examples:']) {
      expect(stdout).toContain(option);
    }
  });
});
