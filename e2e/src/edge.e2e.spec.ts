import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { hasNginx, startNginx, type Nginx } from './harness/nginx.ts';

const ORIGIN = 'https://app.example';
const BODY_LIMIT = 1_000;
const lines = (...given: string[]) => given.map((line) => `${line}\r\n`).join('') + '\r\n';
const asked = (requestLine: string, ...headers: string[]) =>
  lines(requestLine, 'Host: x', `Origin: ${ORIGIN}`, 'Connection: close', ...headers);

/** Answers of nginx itself: what was sent, the status, the code of the error. */
const REFUSED: readonly [name: string, sent: string, status: number, code: string][] = [
  ['no HTTP at all', 'hello?\r\n\r\n', 400, 'INVALID_REQUEST'],
  ['a TLS hello', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n', 400, 'INVALID_REQUEST'],
  ['a version that is none', asked('GET /health HTTP/3.0'), 400, 'INVALID_REQUEST'],
  ['a path without a slash', asked('GET health HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['a bad escape', asked('GET /api/sessions/%zz HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['NUL in the path', asked('GET /api/sessions/%00 HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['a path that climbs', asked('GET /../etc/passwd HTTP/1.1'), 400, 'INVALID_REQUEST'],
  ['no Host', lines('GET /health HTTP/1.1', `Origin: ${ORIGIN}`, 'Connection: close'), 400, 'INVALID_REQUEST'],
  ['two Hosts', asked('GET /health HTTP/1.1', 'Host: y'), 400, 'INVALID_REQUEST'],
  ['a length that is none', asked('POST /search HTTP/1.1', 'Content-Length: 4x'), 400, 'INVALID_REQUEST'],
  [
    'a length and chunks',
    asked('POST /search HTTP/1.1', 'Content-Length: 4', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    400,
    'INVALID_REQUEST',
  ],
  ['an unknown Transfer-Encoding', asked('POST /search HTTP/1.1', 'Transfer-Encoding: x'), 400, 'INVALID_REQUEST'],
  ['a bad chunk', asked('POST /search HTTP/1.1', 'Transfer-Encoding: chunked') + 'zz\r\n', 400, 'INVALID_REQUEST'],
  ['a huge path', asked(`GET /${'y'.repeat(40_000)} HTTP/1.1`), 431, 'HEADERS_TOO_LARGE'],
  ['a huge header', asked('GET /health HTTP/1.1', `X: ${'y'.repeat(40_000)}`), 431, 'HEADERS_TOO_LARGE'],
  ['TRACE', asked('TRACE /health HTTP/1.1'), 405, 'METHOD_NOT_ALLOWED'],
  ...[
    '/metrics',
    '/metrics/',
    '//metrics',
    '/metrics//',
    '/./metrics',
    '/%6Detrics',
    '/sync/../metrics',
    '/metrics?x=1',
  ].map((path): [string, string, number, string] => [
    `metrics as ${path}`,
    asked(`GET ${path} HTTP/1.1`),
    404,
    'NOT_FOUND',
  ]),
  ['a large body', asked('POST /search HTTP/1.1', `Content-Length: ${BODY_LIMIT + 1}`), 413, 'PAYLOAD_TOO_LARGE'],
  ['a service that breaks off', asked('GET /broken HTTP/1.1'), 503, 'UNAVAILABLE'],
];

async function answerTo(port: number, sent: string) {
  const socket = connect(port, '127.0.0.1');
  socket.write(sent, 'latin1');
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  const [statusLine = '', ...fields] = head.split('\r\n');
  const names = fields.map((line) => line.split(':', 1)[0]!.toLowerCase());
  const headers = Object.fromEntries(fields.map((line, at) => [names[at]!, line.replace(/^[^:]*:\s*/, '')]));
  return { status: Number(statusLine.split(' ')[1]), names, headers, body };
}

(hasNginx() ? describe : describe.skip)('the edge (needs nginx and envsubst)', () => {
  let service: Server;
  let upstream: number;
  beforeAll(async () => {
    service = createServer((request, response) => {
      if (request.url?.startsWith('/broken')) return request.socket.destroy();
      if (request.url === '/slow') return void service.emit('slow', () => response.end());
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('x-request-id', request.headers['x-request-id'] ?? 'none');
      response.setHeader('content-encoding', 'gzip');
      response.writeHead(request.url === '/wrong' ? 405 : 200, { allow: 'GET' });
      response.end(gzipSync('from the service'));
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    upstream = (service.address() as AddressInfo).port;
  });
  afterAll(() => void service.close());

  describe.each([
    ['any origin', '*', '*'],
    ['listed origins', `https://other.example, ${ORIGIN}`, ORIGIN],
  ])('for %s', (_name, origins, allowed) => {
    let nginx: Nginx;
    beforeAll(async () => {
      const settings = { OPENSYNC_BODY_LIMIT: String(BODY_LIMIT), OPENSYNC_CORS_ORIGINS: origins };
      nginx = await startNginx(settings, upstream);
    });
    afterAll(() => nginx?.[Symbol.asyncDispose]());

    it.each(REFUSED)('answers %s in the common error shape', async (_refused, sent, status, code) => {
      const { status: answered, headers, names, body } = await answerTo(nginx.port, sent);
      const { error } = JSON.parse(body) as { error: { code: string; message: string; requestId: string } };
      expect({ status: answered, code: error.code }).toEqual({ status, code });
      expect(error.message).toMatch(/\S/);
      expect(new Set(names).size).toBe(names.length);
      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'x-request-id': error.requestId,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      });
      // nginx does not know parts of a request that it has not read.
      const known =
        allowed === '*' || (sent.slice(0, 1_000).includes(ORIGIN) && names.includes('access-control-allow-origin'));
      if (known) expect(headers['access-control-allow-origin']).toBe(allowed);
      if (status === 405) expect(headers.allow).toContain('GET');
      if (status === 503) expect(headers['retry-after']).toBe('1');
      else expect(names).not.toContain('retry-after');
    });

    it('returns the origin of a request that it has read', async () => {
      const { headers } = await answerTo(nginx.port, asked('GET /metrics HTTP/1.1', 'X-Request-Id: mine'));
      expect(headers).toMatchObject({ 'access-control-allow-origin': allowed, 'x-request-id': 'mine' });
    });

    it('allows no other origin', async () => {
      const { headers } = await answerTo(nginx.port, lines('GET /metrics HTTP/1.0', 'Origin: https://evil.example'));
      expect(headers['access-control-allow-origin']).toBe(allowed === '*' ? '*' : undefined);
      expect(headers.vary).toBe(allowed === '*' ? undefined : 'Origin');
    });

    it.each([
      ['/health', 200],
      ['/wrong', 405],
    ])('passes the answer of a service on unchanged: %s', async (path, status) => {
      const answer = await answerTo(nginx.port, asked(`GET ${path} HTTP/1.1`, 'X-Request-Id: mine'));
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({
        allow: 'GET',
        'x-request-id': 'mine',
        'access-control-allow-origin': '*',
        'content-encoding': 'gzip',
      });
      expect(new Set(answer.names).size).toBe(answer.names.length);
    });
  });

  describe('limits by address', () => {
    const settings = {
      OPENSYNC_BODY_LIMIT: '1000',
      OPENSYNC_KEYLESS_LIMIT: '2',
      OPENSYNC_EDGE_PROXIES: '127.0.0.1,10.0.0.0/8',
    };
    const KEY = 'Authorization: Bearer osk_anything_at_all';
    let nginx: Nginx;
    beforeAll(async () => {
      nginx = await startNginx({ ...settings, OPENSYNC_ADDRESS_CONNECTIONS: '1' }, upstream);
    });
    afterAll(() => nginx?.[Symbol.asyncDispose]());
    const from = (address: string, line: string, ...headers: string[]) =>
      answerTo(nginx.port, asked(line, `X-Forwarded-For: ${address}`, ...headers));

    it('answer 429 to requests without a key, and let those with one through', async () => {
      const statuses = [];
      for (let n = 0; n < 5; n++) statuses.push((await from('203.0.113.7', 'GET /api/stats HTTP/1.1')).status);
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
      // A client may put anything before the address that the proxy saw.
      const refused = await from('198.51.100.1, 203.0.113.7', 'GET /api/stats HTTP/1.1');
      expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
      expect(JSON.parse(refused.body)).toMatchObject({ error: { code: 'RATE_LIMITED' } });
      expect((await from('203.0.113.7', 'GET /api/stats HTTP/1.1', KEY)).status).toBe(200);
      expect((await from('203.0.113.8', 'GET /api/stats HTTP/1.1')).status).toBe(200);
    });

    it.each(['GET /health', 'GET /livez', 'OPTIONS /api/stats'])('do not count %s', async (line) => {
      for (let n = 0; n < 6; n++) expect((await from('203.0.113.9', `${line} HTTP/1.1`)).status).toBe(200);
    });

    it('answer 429 beside too many requests in progress', async () => {
      const arrived = once(service, 'slow');
      const first = from('203.0.113.10', 'GET /slow HTTP/1.1', KEY);
      const [finish] = (await arrived) as [() => void];
      const second = await from('203.0.113.10', 'GET /api/stats HTTP/1.1', KEY);
      expect((await from('203.0.113.11', 'GET /api/stats HTTP/1.1', KEY)).status).toBe(200);
      finish();
      expect([(await first).status, second.status]).toEqual([200, 429]);
      expect(JSON.parse(second.body)).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    });
  });

  it.each(['10.0.0.0/8;', 'private', '$x'])('accepts no proxy that is not an address: %s', async (proxy) => {
    await expect(startNginx({ OPENSYNC_BODY_LIMIT: '1000', OPENSYNC_EDGE_PROXIES: proxy })).rejects.toThrow(
      'OPENSYNC_EDGE_PROXIES',
    );
  });

  it('answers while no service is available', async () => {
    await using nginx = await startNginx({ OPENSYNC_BODY_LIMIT: '1000' });
    const alive = await answerTo(nginx.port, asked('GET /livez HTTP/1.1', 'X-Request-Id: mine'));
    expect(alive).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'x-request-id': 'mine' },
    });
    const { status, headers, body } = await answerTo(nginx.port, asked('GET /api/stats HTTP/1.1'));
    expect(status).toBe(503);
    expect(headers).toMatchObject({ 'retry-after': '1', 'access-control-allow-origin': '*' });
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'UNAVAILABLE' } });
  });

  it('logs no word that somebody searches for and no link, whatever becomes of the request', async () => {
    const secret = 'aquamarine-bergamot';
    const settings = { OPENSYNC_BODY_LIMIT: String(BODY_LIMIT) };
    await using away = await startNginx(settings);
    await using nginx = await startNginx(settings, upstream);
    const requests = [
      asked(`GET /api/search?q=${secret} HTTP/1.1`),
      asked(`GET /broken?q=${secret} HTTP/1.1`),
      asked(`GET /public/${secret} HTTP/1.1`),
      asked(`GET /s/${secret} HTTP/1.1`),
      asked(`GET /metrics?q=${secret} HTTP/1.1`),
      asked(`TRACE /api/search?q=${secret} HTTP/1.1`),
      asked(`GET /api/search?q=${secret}&${'y'.repeat(40_000)} HTTP/1.1`),
      asked(`GET /api/search?q=${secret} HTTP/1.1`, `X: ${'y'.repeat(40_000)}`),
      asked(`GET /api/search?q=${secret} HTTP/1.1`, 'Host: y'),
      asked(`GET /api/search?q=${secret}&%zz=%00 HTTP/1.1`),
      asked(`POST /search?q=${secret} HTTP/1.1`, `Content-Length: ${BODY_LIMIT + 1}`),
      asked(`POST /search?q=${secret} HTTP/1.1`, 'Transfer-Encoding: chunked') + 'zz\r\n',
    ];
    for (const { port, logs } of [away, nginx]) {
      for (const sent of requests) await answerTo(port, sent);
      const { access, errors } = await logs();
      expect(access).toContain('"path":"/api/search"');
      expect(access + errors).not.toContain(secret);
    }
  });

  it.each(['https://a.example;', 'https://a.example" "x', 'a\nb{}', '$host'])(
    'does not start with %j as an origin',
    async (origins) => {
      await expect(startNginx({ OPENSYNC_BODY_LIMIT: '1', OPENSYNC_CORS_ORIGINS: origins })).rejects.toThrow(
        'not an origin',
      );
    },
  );
});
