import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ErrorBody } from './error-answer.ts';
import { bearer, gate, INGEST_KEY, startApp } from './testing/test-app.ts';

const ORIGIN = 'https://app.example';
const AUTHORIZATION = `Authorization: ${bearer(INGEST_KEY).authorization}`;
const lines = (...given: string[]) => given.map((line) => `${line}\r\n`).join('') + '\r\n';
const asked = (requestLine: string, ...headers: string[]) =>
  lines(requestLine, 'Host: x', `Origin: ${ORIGIN}`, 'Connection: close', ...headers);

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answers to bytes on a separate connection, when it is closed. */
async function answersTo(port: number, sent: string): Promise<RawAnswer[]> {
  const socket = connect(port, '127.0.0.1');
  socket.write(sent, 'latin1');
  const all = await text(socket);
  return all
    .split(/(?=HTTP\/1\.1 \d)/)
    .filter((answer) => answer !== '')
    .map((answer) => {
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      const [statusLine = '', ...headers] = head.split('\r\n');
      return {
        status: Number(statusLine.split(' ')[1]),
        headers: Object.fromEntries(
          headers.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.replace(/^[^:]*:\s*/, '')]),
        ),
        body,
      };
    });
}

/** Input that is not a request, or one that no route can get: what was sent, the status, the code of the error. */
const REFUSED: readonly [name: string, sent: string, status: number, code: string][] = [
  ['no HTTP at all', 'hello?\r\n\r\n', 400, 'INVALID_REQUEST'],
  ['a TLS hello', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', 400, 'INVALID_REQUEST'],
  ['HTTP/2', lines('PRI * HTTP/2.0', 'SM'), 400, 'INVALID_REQUEST'],
  ['a version that is none', asked('GET /health HTTP/3.0'), 400, 'INVALID_REQUEST'],
  ['line feeds alone', 'GET /health HTTP/1.1\nHost: x\n\n', 400, 'INVALID_REQUEST'],
  ['a blank in the path', asked('GET /he alth HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['NUL in the path', asked('GET /\0 HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['bytes that are no ASCII in the path', asked('GET /\xe9 HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['a path without a slash', asked('GET health HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['a host instead of a path', asked('GET example.com:80 HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['a bad escape', asked('GET /things/%zz HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['an escape that breaks off', asked('GET /things/100% HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['escapes that are no UTF-8', asked('GET /things/%E0% HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['a bad escape where nothing is', asked('POST /%zz HTTP/1.1', 'Content-Length: 0'), 400, 'INVALID_REQUEST'],
  ['a very long path parameter', asked(`GET /things/${'y'.repeat(5_000)} HTTP/1.1`), 400, 'INVALID_REQUEST'],
  ['a huge path', asked(`GET /${'y'.repeat(70_000)} HTTP/1.1`), 431, 'HEADERS_TOO_LARGE'],
  ['a huge header', asked('GET /health HTTP/1.1', `X: ${'y'.repeat(70_000)}`), 431, 'HEADERS_TOO_LARGE'],
  ['many headers', asked('GET /health HTTP/1.1', ...Array<string>(1_500).fill('X-Y: zzzzz')), 431, 'HEADERS_TOO_LARGE'],
  ['a header name with a blank', asked('GET /health HTTP/1.1', 'bad header: 1'), 400, 'INVALID_REQUEST'],
  ['a blank before a colon', asked('GET /health HTTP/1.1', 'X : 1'), 400, 'INVALID_REQUEST'],
  ['a folded header', asked('GET /health HTTP/1.1', 'X: 1', ' 2'), 400, 'INVALID_REQUEST'],
  ['NUL in a header', asked('GET /health HTTP/1.1', 'X: a\0b'), 400, 'INVALID_REQUEST'],
  ['no Host', lines('GET /health HTTP/1.1', `Origin: ${ORIGIN}`, 'Connection: close'), 400, 'INVALID_REQUEST'],
  ['two Hosts', asked('GET /health HTTP/1.1', 'host: y'), 400, 'INVALID_REQUEST'],
  [
    'an unknown Expect',
    asked('POST /write HTTP/1.1', 'Expect: a-miracle', 'Content-Length: 0'),
    417,
    'EXPECTATION_FAILED',
  ],
  ['a method that nobody knows', asked('BREW /health HTTP/1.1'), 405, 'METHOD_NOT_ALLOWED'],
  ['a method that nobody knows, of nothing', asked('BREW /nowhere HTTP/1.1'), 404, 'NOT_FOUND'],
  ['a method in small letters', asked('get /health HTTP/1.1'), 405, 'METHOD_NOT_ALLOWED'],
  ['a method of WebDAV', asked('PROPFIND /health HTTP/1.1'), 405, 'METHOD_NOT_ALLOWED'],
  ['TRACE', asked('TRACE /health HTTP/1.1'), 405, 'METHOD_NOT_ALLOWED'],
  ['CONNECT', asked('CONNECT example.com:443 HTTP/1.1'), 405, 'METHOD_NOT_ALLOWED'],
  ['the wrong method of a whole URL', asked('DELETE http://x/health?y=http://z HTTP/1.1'), 405, 'METHOD_NOT_ALLOWED'],
  ['a whole URL without a path', asked('GET http://x HTTP/1.1'), 404, 'NOT_FOUND'],
  [
    'the wrong method of a whole URL in HTTP/1.0',
    lines('DELETE http://x/health HTTP/1.0', `Origin: ${ORIGIN}`),
    405,
    'METHOD_NOT_ALLOWED',
  ],
  ['nothing in HTTP/1.0', lines('GET /nowhere HTTP/1.0', `Origin: ${ORIGIN}`), 404, 'NOT_FOUND'],
  ['two lengths', asked('POST /write HTTP/1.1', 'Content-Length: 4', 'Content-Length: 5'), 400, 'INVALID_REQUEST'],
  ['a length that is none', asked('POST /write HTTP/1.1', 'Content-Length: 4x'), 400, 'INVALID_REQUEST'],
  ['a negative length', asked('POST /write HTTP/1.1', 'Content-Length: -4'), 400, 'INVALID_REQUEST'],
  [
    'a length beyond numbers',
    asked('POST /write HTTP/1.1', `Content-Length: ${'9'.repeat(40)}`),
    400,
    'INVALID_REQUEST',
  ],
  [
    'a length and chunks',
    asked('POST /write HTTP/1.1', 'Content-Length: 4', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    400,
    'INVALID_REQUEST',
  ],
  [
    'an unknown Transfer-Encoding',
    asked('POST /write HTTP/1.1', 'Transfer-Encoding: xchunked'),
    400,
    'INVALID_REQUEST',
  ],
  ['two Transfer-Encodings', asked('POST /write HTTP/1.1', 'Transfer-Encoding: gzip, chunked'), 400, 'INVALID_REQUEST'],
  [
    'chunks in HTTP/1.0',
    asked('POST /write HTTP/1.0', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    400,
    'INVALID_REQUEST',
  ],
  [
    'a bad chunk size',
    asked('POST /write HTTP/1.1', AUTHORIZATION, 'Transfer-Encoding: chunked') + 'zz\r\n',
    400,
    'INVALID_REQUEST',
  ],
  [
    'a chunk that is longer than it says',
    asked('POST /write HTTP/1.1', AUTHORIZATION, 'Transfer-Encoding: chunked') + '1\r\n{}\r\n0\r\n\r\n',
    400,
    'INVALID_REQUEST',
  ],
];

describe.each([
  ['any origin', '*', '*'],
  ['listed origins', `https://other.example,${ORIGIN}`, ORIGIN],
])('before routing, with %s', (_name, origins, allowed) => {
  let app: NestFastifyApplication;
  let port: number;
  beforeAll(async () => {
    ({ app, port } = await startApp({ settings: { OPENSYNC_CORS_ORIGINS: origins } }));
  });
  afterAll(() => app.close());

  it.each(REFUSED)('%s is rejected in the common error shape', async (_refused, sent, status, code) => {
    const [answer, ...others] = await answersTo(port, sent);
    expect(others).toEqual([]);
    const { error } = JSON.parse(answer!.body) as ErrorBody;
    expect({ status: answer!.status, code: error.code }).toEqual({ status, code });
    expect(error.message).toMatch(/\S/);
    expect(answer!.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(answer!.body)),
      'x-request-id': error.requestId,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    if (allowed === '*' || sent.slice(0, 16_000).includes(ORIGIN)) {
      expect(answer!.headers['access-control-allow-origin']).toBe(allowed);
      expect(answer!.headers['access-control-expose-headers']).toContain('X-Request-Id');
    } else {
      expect(answer!.headers).not.toHaveProperty('access-control-allow-origin');
    }
    if (status === 405) expect(answer!.headers).toHaveProperty('allow');
  });
});

describe('before routing', () => {
  let app: NestFastifyApplication;
  let port: number;
  beforeAll(async () => {
    ({ app, port } = await startApp());
  });
  afterAll(() => app.close());

  it.each([
    ['a whole URL', asked('GET http://x/health HTTP/1.1')],
    ['a whole URL with a query', asked('GET HTTP://x:80/health?a=http://y HTTP/1.1')],
    ['HTTP/1.0 without a Host', lines('GET /health HTTP/1.0')],
    ['HTTP/1.0 with keep-alive', lines('GET /health HTTP/1.0', 'Connection: close', 'Host: x')],
    [
      'an upgrade that nobody offers',
      lines('GET /health HTTP/1.1', 'Host: x', 'Connection: upgrade, close', 'Upgrade: h2c'),
    ],
    ['an empty line first', `\r\n${asked('GET /health HTTP/1.1')}`],
    ['OPTIONS of everything', asked('OPTIONS * HTTP/1.1')],
  ])('%s is served', async (_name, sent) => {
    const [{ status } = { status: 0 }] = await answersTo(port, sent);
    expect([200, 204]).toContain(status);
  });

  it('keeps the id of the request whose body is malformed', async () => {
    const sent =
      asked('POST /write HTTP/1.1', AUTHORIZATION, 'X-Request-Id: mine', 'Transfer-Encoding: chunked') + 'zz\r\n';
    const [answer] = await answersTo(port, sent);
    expect(answer).toMatchObject({ status: 400, headers: { 'x-request-id': 'mine' } });
  });

  it('waits with a body until it is asked for it', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(asked('POST /write HTTP/1.1', AUTHORIZATION, 'Expect: 100-continue', 'Content-Length: 2'));
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('{}');
    expect(await text(socket)).toMatch(/^HTTP\/1.1 201 /);
  });

  it('answers unreadable input after a request only after that request', async () => {
    let open = () => {};
    gate.opened = new Promise((resolve) => (open = resolve));
    const before = gate.arrived;
    const answers = answersTo(port, `${lines('GET /slow HTTP/1.1', 'Host: x')}nonsense\r\n\r\n`);
    while (gate.arrived === before) await new Promise(setImmediate);
    open();
    expect(await answers).toMatchObject([
      { status: 200, body: '{"ok":true}' },
      { status: 400, body: expect.stringContaining('INVALID_REQUEST') as string },
    ]);
  });

  it('closes a connection whose answer has begun but cannot be finished', async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const closed = once(socket, 'close');
    socket.write(lines('POST /write HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked'));
    const received: Buffer[] = [];
    socket.on('data', (piece: Buffer) => void received.push(piece));
    await once(socket, 'data');
    socket.write('zz\r\n');
    await closed;
    expect(
      Buffer.concat(received)
        .toString()
        .match(/HTTP\/1\.1 \d+/g),
    ).toEqual(['HTTP/1.1 401']);
  });

  it('answers once if the body is aborted before the key is checked', async () => {
    const sent = lines('POST /write HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked') + 'zz\r\n';
    const answers = await answersTo(port, sent);
    expect(answers.map(({ status }) => status)).toEqual([400]);
  });
});
