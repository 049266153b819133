import { once } from 'node:events';
import { connect } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { gzipSync } from 'node:zlib';
import { AppError } from '../errors.ts';
import { createRegistry } from '../telemetry/index.ts';
import { DailyUse } from './daily-use.ts';
import {
  ADMIN_KEY,
  ANALYST_KEY,
  INGEST_KEY,
  LONG_KEY,
  READ_KEY,
  bearer,
  errorOf,
  startApp,
} from './testing/test-app.ts';

let app: NestFastifyApplication;
let port: number;
let url: string;
beforeAll(async () => {
  ({ app, port, url } = await startApp());
});
afterAll(() => app.close());

describe('authentication', () => {
  it.each([
    ['no key', {}],
    ['a key that is not one of ours', { authorization: 'Bearer sk-123' }],
    ['another scheme', { authorization: 'Basic b3NrX2luZ2VzdA==' }],
    ['an unknown or revoked key', bearer('osk_unknown_key_123')],
  ])('answers 401 to %s', async (_name, headers) => {
    const response = await fetch(`${url}/both`, { headers: headers as Record<string, string> });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await errorOf(response)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
  });

  it.each([
    ['GET /both', INGEST_KEY, 200],
    ['GET /both', READ_KEY, 200],
    ['GET /both', ANALYST_KEY, 403],
    ['DELETE /both', READ_KEY, 403],
    ['DELETE /both', ANALYST_KEY, 403],
    ['DELETE /both', ADMIN_KEY, 200],
    ['GET /forgotten', INGEST_KEY, 403],
    ['GET /forgotten', READ_KEY, 200],
    ['GET /forgotten', ANALYST_KEY, 403],
    ['GET /forgotten', ADMIN_KEY, 200],
    ['GET /figures', INGEST_KEY, 403],
    ['GET /figures', READ_KEY, 200],
    ['GET /figures', ANALYST_KEY, 200],
  ])('%s with %s: %i', async (route, key, status) => {
    const [method, path] = route.split(' ') as [string, string];
    expect((await fetch(url + path, { method, headers: bearer(key) })).status).toBe(status);
  });

  it('protects the HEAD route that belongs to a GET route', async () => {
    expect((await fetch(`${url}/forgotten`, { method: 'HEAD' })).status).toBe(401);
  });

  it('passes the principal to the handler, and never that of an earlier request', async () => {
    const send = (key: string) =>
      fetch(`${url}/write`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(key) },
        body: '[]',
      });
    expect(await (await send(INGEST_KEY)).json()).toEqual({ keyId: 'key-i', body: [] });
    expect(await (await send(ADMIN_KEY)).json()).toMatchObject({ keyId: 'key-a' });
  });

  it('reads nothing of an unauthenticated body', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /write HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n{');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
    socket.destroy();
  });

  it('fails closed while keys cannot be checked', async () => {
    const closed = await startApp({
      authenticate: async () => {
        throw new AppError('UNAVAILABLE', 'keys are still loading');
      },
    });
    try {
      const response = await fetch(`${closed.url}/both`, { headers: bearer(READ_KEY) });
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await errorOf(response)).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    } finally {
      await closed.app.close();
    }
  });
});

it('limits each key by route class, across all routes of the class', async () => {
  const limited = await startApp({ settings: { OPENSYNC_INGEST_RATE_LIMIT: 2 } });
  const get = (path: string, key: string) => fetch(limited.url + path, { headers: bearer(key) });
  try {
    const first = await get('/both', INGEST_KEY);
    expect(first.headers.get('ratelimit-policy')).toBe('"ingest";q=2;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"ingest";r=1;t=\d+$/);
    await fetch(`${limited.url}/write`, { method: 'POST', headers: bearer(INGEST_KEY), body: '{}' });
    const third = await get('/both', INGEST_KEY);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(third.headers.get('ratelimit')).toMatch(/^"ingest";r=0;t=\d+$/);
    expect(await errorOf(third)).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect((await get('/both', READ_KEY)).status).toBe(200);
    const unlimited = await get('/forgotten', READ_KEY);
    expect(unlimited.headers.get('ratelimit')).toBeNull();
  } finally {
    await limited.app.close();
  }
});

describe('the daily quota of a workspace', () => {
  const now = Date.parse('2026-11-30T23:59:00Z');
  const start = (settings: Parameters<typeof startApp>[0] & object, dailyUse = new DailyUse(() => now)) =>
    startApp({ ...settings, dailyUse });

  it('refuses further requests of all its keys until the next day of UTC, and names the setting', async () => {
    const limited = await start({ settings: { OPENSYNC_DAILY_REQUESTS: 2, OPENSYNC_READ_RATE_LIMIT: 10 } });
    const get = (path: string, key: string) => fetch(limited.url + path, { headers: bearer(key) });
    try {
      const first = await get('/both', READ_KEY);
      expect(first.headers.get('ratelimit-policy')).toBe('"daily-requests";q=2;w=86400');
      expect(first.headers.get('ratelimit')).toBe('"daily-requests";r=1;t=60');
      const second = await get('/forgotten', READ_KEY);
      expect(second.headers.get('ratelimit-policy')).toBe('"read";q=10;w=60, "daily-requests";q=2;w=86400');
      expect(second.headers.get('ratelimit')).toMatch(/^"read";r=9;t=\d+, "daily-requests";r=0;t=60$/);
      const third = await get('/both', INGEST_KEY);
      expect(third.headers.get('retry-after')).toBe('60');
      expect(third.headers.get('ratelimit')).toBe('"daily-requests";r=0;t=60');
      expect(await errorOf(third)).toMatchObject({
        ...{ status: 429, code: 'RATE_LIMITED' },
        message:
          'This workspace has used its 2 requests of the day (OPENSYNC_DAILY_REQUESTS); the next day begins at 00:00 UTC',
      });
    } finally {
      await limited.app.close();
    }
  });

  it('counts bytes as they are decompressed, and refuses only writes for them', async () => {
    const limited = await start({ settings: { OPENSYNC_DAILY_BYTES: 150 } });
    const body = gzipSync(JSON.stringify({ text: 'a'.repeat(89) }));
    const write = () =>
      fetch(`${limited.url}/write`, {
        method: 'POST',
        headers: { ...bearer(INGEST_KEY), 'content-encoding': 'gzip' },
        body,
      });
    try {
      const first = await write();
      expect(first.headers.get('ratelimit-policy')).toBe('"daily-bytes";q=150;w=86400;qu="content-bytes"');
      expect(first.headers.get('ratelimit')).toBe('"daily-bytes";r=150;t=60');
      // What is begun below the limit is accepted whole.
      expect((await write()).headers.get('ratelimit')).toBe('"daily-bytes";r=50;t=60');
      expect(await errorOf(await write())).toMatchObject({
        status: 429,
        message: expect.stringContaining('its 150 bytes of the day (OPENSYNC_DAILY_BYTES)') as string,
      });
      expect((await fetch(`${limited.url}/both`, { headers: bearer(INGEST_KEY) })).status).toBe(200);
    } finally {
      await limited.app.close();
    }
  });

  it('uses nothing for what says how it stands, and for metrics', async () => {
    const use = new DailyUse(() => now);
    const limited = await start({ settings: { OPENSYNC_DAILY_REQUESTS: 1 }, metrics: createRegistry('test') }, use);
    const get = (path: string) => fetch(limited.url + path, { headers: bearer(ADMIN_KEY) });
    try {
      expect((await get('/metrics')).status).toBe(200);
      expect(use.of('wsp_1').used('requests')).toBe(0);
      await get('/both');
      expect((await get('/both')).status).toBe(429);
      expect((await get('/metrics')).status).toBe(200);
    } finally {
      await limited.app.close();
    }
  });
});

describe('requests without a valid key', () => {
  const start = (limit: number) => {
    const clock = { ms: 0 };
    const settings = { OPENSYNC_KEYLESS_LIMIT: limit, OPENSYNC_TRUSTED_PROXIES: 'loopback' };
    return startApp({ settings, now: () => clock.ms, timeouts: { refusalMs: 0 } });
  };

  it.each<[string, string, number, Record<string, string>]>([
    ['without a key', '/both', 401, {}],
    ['with a key that is not one of ours', '/both', 401, { authorization: 'Bearer sk-123' }],
    ['without a route', '/nowhere', 404, {}],
    ['without a route, with a key', '/nowhere', 404, bearer(LONG_KEY)],
    ['of a public route', '/things/1', 200, {}],
  ])('%s are answered 429 after a burst from one address, while valid keys still work', async (...row) => {
    const [, path, status, headers] = row;
    const { app, url } = await start(3);
    const from = (address: string, at = path, others = headers) =>
      fetch(url + at, { headers: { 'x-forwarded-for': address, ...others } });
    try {
      for (let n = 0; n < 3; n++) expect((await from('2001:db8::1')).status).toBe(status);
      const refused = await from('2001:db8::2');
      expect(refused.headers.get('retry-after')).toBe('20');
      expect(await errorOf(refused)).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
      expect((await from('2001:db8::1', '/both', bearer(LONG_KEY))).status).toBe(200);
      expect((await from('2001:db8:0:1::1')).status).toBe(status);
    } finally {
      await app.close();
    }
  });

  it('are not counted on health routes, and not as preflights', async () => {
    const { app, url } = await start(1);
    const preflight = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
    try {
      for (let n = 0; n < 5; n++) {
        for (const path of ['/health', '/livez', '/readyz']) expect((await fetch(url + path)).status).toBe(200);
        expect((await fetch(`${url}/both`, { method: 'OPTIONS', headers: preflight })).status).toBe(204);
      }
      expect((await fetch(`${url}/both`)).status).toBe(401);
      expect((await fetch(`${url}/both`)).status).toBe(429);
    } finally {
      await app.close();
    }
  });
});

it('shares the work of readiness checks that arrive together', async () => {
  const checked = Promise.withResolvers<Record<string, 'up'>>();
  let checks = 0;
  const health = { ready: () => (checks++, checked.promise), live: () => Promise.resolve(true) };
  const { app, url } = await startApp({ health });
  try {
    const answers = Array.from({ length: 20 }, () => fetch(`${url}/readyz`));
    await fetch(`${url}/health`);
    checked.resolve({ log: 'up' });
    for (const answer of answers) expect((await answer).status).toBe(200);
    expect(checks).toBeLessThan(20);
  } finally {
    await app.close();
  }
});

describe('wrong keys', () => {
  it('are answered 429 after a burst from one address, while valid keys still work', async () => {
    const clock = { ms: 0 };
    const settings = { OPENSYNC_WRONG_KEY_LIMIT: 5, OPENSYNC_TRUSTED_PROXIES: 'loopback' };
    const { app, url } = await startApp({ settings, now: () => clock.ms, timeouts: { refusalMs: 0 } });
    const from = (address: string, key: string) =>
      fetch(`${url}/both`, { headers: { 'x-forwarded-for': address, ...bearer(key) } });
    const guess = (n: number) => `osk_${String(n).padStart(43, '0')}`;
    try {
      for (let n = 0; n < 5; n++) expect((await from('203.0.113.7', guess(n))).status).toBe(401);
      const refused = await from('203.0.113.7', guess(6));
      expect(refused.headers.get('retry-after')).toBe('12');
      expect(await errorOf(refused)).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
      // As from an office behind one address.
      expect((await from('203.0.113.7', LONG_KEY)).status).toBe(200);
      expect((await from('203.0.113.8', guess(7))).status).toBe(401);
      // Forged entries before the address that the proxy saw change nothing.
      expect((await from('198.51.100.1, 203.0.113.7', guess(8))).status).toBe(429);
      // A request without a key is not a guess.
      expect((await fetch(`${url}/both`, { headers: { 'x-forwarded-for': '203.0.113.7' } })).status).toBe(401);
      clock.ms += 12_001;
      expect((await from('203.0.113.7', guess(9))).status).toBe(401);
      expect((await from('203.0.113.7', guess(9))).status).toBe(429);
    } finally {
      await app.close();
    }
  });

  it('wait for their refusal, and delay no valid key of that address', async () => {
    const settings = { OPENSYNC_WRONG_KEY_LIMIT: 1, OPENSYNC_KEYLESS_LIMIT: 1 };
    const { app, url } = await startApp({ settings, timeouts: { refusalMs: 1_500 } });
    const guess = () => fetch(`${url}/both`, { headers: bearer(`osk_${'0'.repeat(43)}`) });
    try {
      await guess();
      await fetch(`${url}/both`);
      const refused: string[] = [];
      const start = performance.now();
      const late = [guess(), fetch(`${url}/both`), fetch(`${url}/nowhere`)].map(async (answer) => {
        refused.push(String((await answer).status));
        expect(performance.now() - start).toBeGreaterThan(1_400);
      });
      expect((await fetch(`${url}/both`, { headers: bearer(LONG_KEY) })).status).toBe(200);
      expect(refused).toEqual([]);
      await Promise.all(late);
      expect(refused).toEqual(['429', '429', '429']);
    } finally {
      await app.close();
    }
  });

  it('from an address stop it from trying short keys, except those that it used before', async () => {
    const clock = { ms: 0 };
    const { app, url } = await startApp({
      settings: { OPENSYNC_WRONG_KEY_LIMIT: 3 },
      now: () => clock.ms,
      timeouts: { refusalMs: 0 },
    });
    const status = async (key: string) => (await fetch(`${url}/both`, { headers: bearer(key) })).status;
    try {
      expect(await status(READ_KEY)).toBe(200);
      for (let n = 0; n < 4; n++) await status(`osk_wrong-key-${n}`);
      expect([await status(READ_KEY), await status(INGEST_KEY)]).toEqual([200, 429]);
      clock.ms += 20_001;
      expect(await status(INGEST_KEY)).toBe(200);
    } finally {
      await app.close();
    }
  });
});
