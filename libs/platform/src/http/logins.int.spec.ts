import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Principal } from '@opensync/contracts';
import { AppError } from '../errors.ts';
import { csrfTokenOf, loginCookie } from './logins.ts';
import { bearer, errorOf, READ_KEY, startApp } from './testing/test-app.ts';

const TOKEN = 'a'.repeat(43);
const ENDED = 'b'.repeat(43);
const SILENT = 'c'.repeat(43);
const ADA: Principal = {
  ...{ workspaceId: 'wsp_1', userId: 'usr_1', role: 'member', scopes: ['admin'] },
  ...{ keyId: 'lgn_1', loginId: 'lgn_1' },
};
const cookie = (token: string) => ({ cookie: `theme=dark; __Host-opensync=${token}; other=1` });

const loginsAt = (origin?: string) => ({
  origin,
  authenticate: (token: string) => {
    if (token === SILENT) throw new AppError('UNAVAILABLE', 'the logins are not loaded yet');
    return token === TOKEN ? ADA : undefined;
  },
});

let app: NestFastifyApplication;
let url: string;
beforeAll(async () => {
  ({ app, url } = await startApp({ logins: loginsAt() }));
});
afterAll(() => app.close());

/** As the person's own pages send it. */
const own = (changes: Record<string, string | undefined> = {}) => {
  const headers: Record<string, string | undefined> = {
    ...cookie(TOKEN),
    origin: url,
    'x-csrf-token': csrfTokenOf(TOKEN),
    'content-type': 'application/json',
    ...changes,
  };
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
};
const write = (changes: Record<string, string | undefined> = {}, base = url) =>
  fetch(`${base}/write`, { method: 'POST', headers: own(changes), body: '{}' });

describe('a request with the cookie of a login', () => {
  it('reads and writes as its person', async () => {
    expect((await fetch(`${url}/both`, { headers: cookie(TOKEN) })).status).toBe(200);
    const written = await write();
    expect({ status: written.status, body: await written.json() }).toMatchObject({ body: { keyId: 'lgn_1' } });
    expect((await fetch(`${url}/both`, { method: 'DELETE', headers: own({ 'content-type': undefined }) })).status).toBe(
      200,
    );
  });

  it.each([
    ['an ended login', cookie(ENDED), 401],
    ['something that is no token', cookie('x'), 401],
    ['nothing in the cookie', { cookie: '__Host-opensync=' }, 401],
    ['two cookies of logins', { cookie: `__Host-opensync=${TOKEN}; __Host-opensync=${TOKEN}` }, 401],
    ['a cookie of another name', { cookie: `opensync=${TOKEN}` }, 401],
    ['a key beside the cookie', { ...cookie(TOKEN), ...bearer(READ_KEY) }, 400],
    ['an ended login beside a key', { ...cookie(ENDED), ...bearer(READ_KEY) }, 400],
    ['logins that cannot be checked', cookie(SILENT), 503],
    [
      'a page of another site that reads',
      { ...cookie(TOKEN), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
      403,
    ],
    ['another origin', { ...cookie(TOKEN), origin: 'https://evil.example' }, 403],
  ])('is refused with %s', async (_, headers, status) => {
    const answer = await fetch(`${url}/both`, { headers: headers as Record<string, string> });
    expect((await errorOf(answer)).status).toBe(status);
  });

  it('is accepted when a person follows a link of another site', async () => {
    const headers = { ...cookie(TOKEN), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    // `fetch` would replace these headers.
    expect((await app.inject({ url: '/both', headers: { host: 'localhost', ...headers } })).statusCode).toBe(200);
  });

  it.each<[string, Record<string, string | undefined>, number]>([
    ['no Origin', { origin: undefined }, 403],
    ['the Origin of another site', { origin: 'https://evil.example' }, 403],
    ['the Origin of another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['an opaque Origin', { origin: 'null' }, 403],
    ['no CSRF token', { 'x-csrf-token': undefined }, 403],
    ['the CSRF token of another login', { 'x-csrf-token': csrfTokenOf(ENDED) }, 403],
    ['an empty CSRF token', { 'x-csrf-token': '' }, 403],
    ['the token itself as CSRF token', { 'x-csrf-token': TOKEN }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['text, as forms can send it', { 'content-type': 'text/plain' }, 415],
    ['no type', { 'content-type': '' }, 415],
  ])('writes nothing with %s', async (_, changes, status) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/write',
      headers: { host: new URL(url).host, ...own(changes) },
      payload: '{}',
    });
    expect(answer.statusCode).toBe(status);
  });

  it.each(['evil.example', '127.0.0.1.evil.example', '10.0.0.1'])(
    'is refused under the name %s, which may be anybody’s for this server',
    async (host) => {
      const headers = { ...own({ origin: `http://${host}` }), host };
      for (const method of ['GET', 'DELETE'] as const) {
        expect((await app.inject({ method, url: '/both', headers })).statusCode).toBe(403);
      }
    },
  );

  it('is never readable for another origin, even if any may call with a key', async () => {
    const origin = 'https://app.example';
    const withKey = await fetch(`${url}/both`, { headers: { origin, ...bearer(READ_KEY) } });
    expect(withKey.headers.get('access-control-allow-origin')).toBe('*');
    for (const token of [TOKEN, ENDED]) {
      const { headers } = await fetch(`${url}/both`, { headers: { origin, ...cookie(token) } });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it('counts for nothing on a service without logins', async () => {
    const without = await startApp();
    try {
      const answer = await fetch(`${without.url}/both`, { headers: { ...cookie(TOKEN), ...bearer(READ_KEY) } });
      expect(answer.status).toBe(200);
      expect((await fetch(`${without.url}/both`, { headers: cookie(TOKEN) })).status).toBe(401);
    } finally {
      await without.app.close();
    }
  });
});

describe('a server with an address of its own', () => {
  it.each([
    ['sync.example.com', 'https://sync.example.com', 200],
    ['sync.example.com:443', 'https://sync.example.com', 200],
    ['SYNC.example.com', 'https://sync.example.com', 200],
    ['sync.example.com', 'http://sync.example.com', 403],
    ['sync.example.com:8443', 'https://sync.example.com', 403],
    ['localhost', 'http://localhost', 403],
    ['sync.example.com', 'https://sync.example.com.evil.example', 403],
  ])('at %s takes writes of pages at %s: %i', async (host, origin, status) => {
    const named = await startApp({ logins: loginsAt('https://sync.example.com') });
    try {
      const headers = { ...own({ origin }), host };
      const answer = await named.app.inject({ method: 'POST', url: '/write', headers, payload: '{}' });
      expect(answer.statusCode).toBe(status === 200 ? 201 : status);
    } finally {
      await named.app.close();
    }
  });
});

it('the cookie is bound to this host, encrypted connections and no script', () => {
  expect(loginCookie(TOKEN, 60)).toBe(`__Host-opensync=${TOKEN}; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax`);
});
