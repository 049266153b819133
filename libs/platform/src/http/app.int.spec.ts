import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BODY_LIMIT, INGEST_KEY, READ_KEY, bearer, errorOf, logLines, startApp } from './testing/test-app.ts';

let app: NestFastifyApplication;
let url: string;
beforeAll(async () => {
  ({ app, url } = await startApp());
});
afterAll(() => app.close());

describe('bodies', () => {
  const write = (body: RequestInit['body'], headers: Record<string, string> = {}) =>
    fetch(`${url}/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(INGEST_KEY), ...headers },
      body,
    });

  it('accepts a body without a content type as JSON', async () => {
    const sent = httpRequest(`${url}/write`, { method: 'POST', headers: bearer(INGEST_KEY) });
    sent.end('{"a":1}');
    const [response] = (await once(sent, 'response')) as [Readable];
    expect(JSON.parse(await text(response))).toMatchObject({ body: { a: 1 } });
  });

  it.each([
    ['a form', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['plain text', '{}', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a broken content type', '{}', { 'content-type': ';;;' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['broken JSON', '{"a":', {}, 400, 'INVALID_REQUEST'],
    ['an empty body', '', {}, 400, 'INVALID_REQUEST'],
    ['a body over the limit', `"${'x'.repeat(BODY_LIMIT)}"`, {}, 413, 'PAYLOAD_TOO_LARGE'],
    ['20 MiB', Buffer.alloc(20 * 1024 * 1024, 0x20), {}, 413, 'PAYLOAD_TOO_LARGE'],
    ['what is not gzip', '{}', { 'content-encoding': 'gzip' }, 400, 'INVALID_REQUEST'],
  ])('rejects %s', async (_name, body, headers, status, code) => {
    expect(await errorOf(await write(body, headers as Record<string, string>))).toMatchObject({ status, code });
  });

  it('rejects 20 MiB that arrive in an unknown number of chunks', async () => {
    const chunks = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < 20; sent++) controller.enqueue(Buffer.alloc(1024 * 1024, 0x20));
        controller.close();
      },
    });
    const response = await fetch(`${url}/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(INGEST_KEY) },
      body: chunks,
      duplex: 'half',
    } as RequestInit);
    expect(await errorOf(response)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });
});

describe('errors', () => {
  it('answers 404 to an unknown route, without its query', async () => {
    const error = await errorOf(await fetch(`${url}/nowhere?token=osk_secret`, { method: 'POST', body: '{{{' }));
    expect(error).toMatchObject({ status: 404, code: 'NOT_FOUND', message: 'There is nothing at POST /nowhere' });
  });

  it.each([
    ['/write', 'GET', 'POST, OPTIONS'],
    ['/write/', 'PATCH', 'POST, OPTIONS'],
    ['/things/7', 'DELETE', 'GET, HEAD, OPTIONS'],
    ['/things/7', 'PROPFIND', 'GET, HEAD, OPTIONS'],
    ['/health', 'POST', 'GET, HEAD, OPTIONS'],
  ])('answers 405 with the methods that %s takes to %s', async (path, method, allow) => {
    const response = await fetch(url + path, { method });
    expect(response.headers.get('allow')).toBe(allow);
    expect(await errorOf(response)).toMatchObject({
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      message: `This path supports ${allow}, not ${method}`,
    });
  });

  it('answers HEAD with 405 if there is no GET, and without a body', async () => {
    const response = await fetch(`${url}/write`, { method: 'HEAD' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    expect(await response.text()).toBe('');
  });

  it('answers HEAD like GET, without the body', async () => {
    const [head, whole] = [await fetch(`${url}/rows`, { method: 'HEAD' }), await fetch(`${url}/rows`)];
    expect(head.status).toBe(200);
    expect(head.headers.get('content-type')).toBe(whole.headers.get('content-type'));
    expect(await head.text()).toBe('');
    await whole.text();
  });

  it('answers 400 to a path that is not a URL', async () => {
    expect(await errorOf(await fetch(`${url}/things/%zz`))).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  });

  it('answers 404 to an empty parameter', async () => {
    expect(await errorOf(await fetch(`${url}/things/`))).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  it('hides the message of a bug and logs it under the request id, without query and key', async () => {
    const response = await fetch(`${url}/things/bug?q=private`, {
      headers: { 'x-request-id': 'trace-42', ...bearer(READ_KEY) },
    });
    const error = await errorOf(response);
    expect(error).toMatchObject({ status: 500, code: 'INTERNAL', requestId: 'trace-42' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
    const line = logLines.find((candidate) => candidate.includes('"trace-42"'))!;
    expect(JSON.parse(line)).toMatchObject({
      level: 50,
      route: '/things/:id',
      err: { message: expect.stringContaining('hunter2') as string },
    });
    expect(line).not.toMatch(/private|osk_/);
  });

  it('replaces a request id that does not look like one', async () => {
    const response = await fetch(`${url}/nowhere`, { headers: { 'x-request-id': 'a "b" c' } });
    expect((await errorOf(response)).requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('carries the request id on every answer', async () => {
    const idOf = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${url}${path}`, init);
      await response.arrayBuffer();
      return response.headers.get('x-request-id');
    };
    expect(await idOf('/things/1', { headers: { ...bearer(READ_KEY), 'x-request-id': 'mine' } })).toBe('mine');
    const others = [
      await idOf('/things/1', { headers: bearer(READ_KEY) }),
      await idOf('/health'),
      await idOf('/nowhere'),
      await idOf('/write', { method: 'OPTIONS' }),
    ];
    for (const id of others)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(others).size).toBe(others.length);
    // They sort by time.
    const time = parseInt(others[0]!.replace('-', '').slice(0, 12), 16);
    expect(Math.abs(Date.now() - time)).toBeLessThan(60_000);
  });

  it('says when to retry', async () => {
    const response = await fetch(`${url}/things/busy`);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await errorOf(response)).toMatchObject({ status: 503, message: 'the store does not answer' });
  });

  it.each([
    ...['/health', '/rows', '/lines', '/nowhere', '/write', '/things/%zz', '/things/bug', '/things/busy', '/forgotten'],
    ...['//health', '/health/', '/rows?x=1'],
  ])('has headers against sniffing and caching: %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE']) {
      const { headers } = await app.inject({
        method: method as 'GET',
        url: path,
        ...(method === 'POST' && { body: 'x' }),
      });
      expect({ method, ...headers }).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      });
    }
  });

  it('names the reason why a part is down only to programs on this machine', async () => {
    const details = { log: 'nats://log.internal does not answer after event 4,711' };
    const health = {
      ready: async () => ({ log: 'down' as const }),
      live: async () => true,
      details: () => details,
    };
    const { app: ailing } = await startApp({ health });
    const readiness = async (headers = {}, remoteAddress = '127.0.0.1') => {
      const answer = await ailing.inject({ url: '/readyz', remoteAddress, headers: { host: 'localhost', ...headers } });
      expect(answer.statusCode).toBe(503);
      return answer.json<object>();
    };
    const down = { status: 'down', parts: { log: 'down' } };
    expect(await readiness()).toEqual({ ...down, details });
    expect(await readiness({ 'x-forwarded-for': '10.0.0.1' })).toEqual(down);
    expect(await readiness({}, '10.0.0.1')).toEqual(down);
    await ailing.close();
  });
});

describe('CORS', () => {
  it('answers a preflight with 204 and the allowed headers', async () => {
    const response = await fetch(`${url}/write`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    const headers = response.headers.get('access-control-allow-headers')!;
    for (const name of ['Authorization', 'Content-Type', 'Content-Encoding', 'Idempotency-Key', 'Osk-Wait-Sequence']) {
      expect(headers).toContain(name);
    }
  });

  it.each(['//health', '/health/', '/health'])(
    'accepts %s, which results from a base URL with a trailing slash',
    async (path) => {
      expect((await fetch(`${url}${path}`)).status).toBe(200);
    },
  );

  it('answers a bare OPTIONS with the methods of the path', async () => {
    const response = await fetch(`${url}/write`, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'POST, OPTIONS']);
    expect(await errorOf(await fetch(`${url}/nowhere`, { method: 'OPTIONS' }))).toMatchObject({ status: 404 });
  });

  it('answers the preflight of an unknown path, so that a script can read the 404', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' };
    expect((await fetch(`${url}/nowhere`, { method: 'OPTIONS', headers })).status).toBe(204);
  });

  it('lets scripts read error answers and our headers', async () => {
    const response = await fetch(`${url}/both`, { headers: { origin: 'https://app.example' } });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toContain('Osk-Sequence');
  });

  it('allows only the listed origins', async () => {
    const listed = await startApp({ settings: { OPENSYNC_CORS_ORIGINS: 'https://a.example, https://b.example' } });
    const allowed = async (origin: string) =>
      (await fetch(`${listed.url}/health`, { headers: { origin } })).headers.get('access-control-allow-origin');
    try {
      expect(await allowed('https://b.example')).toBe('https://b.example');
      expect(await allowed('https://evil.example')).toBeNull();
      const bad = await fetch(`${listed.url}/things/%zz`, { headers: { origin: 'https://b.example' } });
      expect(bad.status).toBe(400);
      expect(bad.headers.get('access-control-allow-origin')).toBe('https://b.example');
      expect(bad.headers.get('vary')).toBe('Origin');
    } finally {
      await listed.app.close();
    }
  });
});
