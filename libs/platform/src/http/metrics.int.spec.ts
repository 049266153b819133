import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Disposal } from '../service/disposal.ts';
import { Registry } from '../telemetry/index.ts';
import { serve } from './listen.ts';
import { ADMIN_KEY, ANALYST_KEY, bearer, READ_KEY, startApp } from './testing/test-app.ts';

const LISTEN = { PORT: 0, HOST: '127.0.0.1', OPENSYNC_DRAIN_SECONDS: 0, OPENSYNC_METRICS_HOST: '127.0.0.1' };
const ELSEWHERE = '10.1.2.3';

describe('/metrics on the port of the API', () => {
  let started: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    started = await startApp({ metrics: new Registry() });
  });
  afterAll(() => started.app.close());

  const ask = async (remoteAddress: string, headers: Record<string, string> = {}, url = '/metrics') =>
    started.app.inject({ method: 'GET', url, remoteAddress, headers: { host: 'localhost:3211', ...headers } });

  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])(
    'is for programs on this machine: %s',
    async (address) => {
      expect(await ask(address)).toMatchObject({ statusCode: 200, headers: { 'cache-control': 'no-store' } });
    },
  );

  it.each(['localhost', '127.0.0.1:3211', '[::1]:3211'])('answers them under the name %s', async (host) => {
    expect((await ask('127.0.0.1', { host })).statusCode).toBe(200);
  });

  it.each([
    ['a proxy', { 'x-forwarded-for': ELSEWHERE }],
    ['a proxy that says it is local', { 'x-forwarded-for': '127.0.0.1' }],
    ['a proxy with the standard header', { forwarded: 'for=127.0.0.1' }],
    ['another kind of proxy', { via: '1.1 front' }],
    ['a proxy that gives one address', { 'x-real-ip': ELSEWHERE }],
    ['a proxy that ended TLS', { 'x-forwarded-proto': 'https' }],
    ['a page in a browser of this machine', { origin: 'https://evil.example' }],
    ['a page whose name was pointed here', { host: 'evil.example:3211' }],
    ['a name that begins like ours', { host: 'localhost.evil.example' }],
  ])('asks for a key if the caller is %s', async (_who, headers) => {
    expect((await ask('127.0.0.1', headers)).statusCode).toBe(401);
    expect((await ask('127.0.0.1', { ...headers, ...bearer(ADMIN_KEY) })).statusCode).toBe(200);
  });

  it.each(['/metrics', '/metrics/', '//metrics', '/metrics?x=1', '/%6detrics'])(
    'asks callers from elsewhere for the key of an admin: %s',
    async (url) => {
      const statusOf = async (headers = {}) => (await ask(ELSEWHERE, headers, url)).statusCode;
      expect(await statusOf()).toBe(401);
      expect(await statusOf(bearer(READ_KEY))).toBe(403);
      expect(await statusOf(bearer(ANALYST_KEY))).toBe(403);
      expect(await statusOf(bearer(ADMIN_KEY))).toBe(200);
    },
  );

  it('counts refused keys', async () => {
    const counted = async () =>
      Number(/^opensync_failed_logins_total\{kind="key"\} (\d+)$/m.exec((await ask('127.0.0.1')).body)?.[1] ?? 0);
    const before = await counted();
    await ask(ELSEWHERE, bearer(`${ADMIN_KEY}x`));
    await ask(ELSEWHERE, bearer(ADMIN_KEY));
    await ask(ELSEWHERE);
    expect(await counted()).toBe(before + 1);
  });

  it('does not exist without metrics', async () => {
    const { app, url } = await startApp();
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    await app.close();
  });
});

describe('/metrics on a port of its own', () => {
  /** A closed port; nothing else takes it within a moment. */
  async function freePort(): Promise<number> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    return port;
  }

  it('is there alone, and ends with the process', async () => {
    const metrics = new Registry();
    const { app } = await startApp({ metrics }, { listening: false });
    const port = await freePort();
    const disposal = new Disposal(() => undefined);
    const url = await serve(app, { ...LISTEN, OPENSYNC_METRICS_PORT: port }, { disposal, metrics });
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { headers: bearer(ADMIN_KEY) })).status).toBe(404);
    const own = `http://127.0.0.1:${port}`;
    const shown = await fetch(`${own}/metrics?x=1`, { headers: { 'x-forwarded-for': ELSEWHERE } });
    expect(shown.status).toBe(200);
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': metrics.contentType,
    });
    expect(await shown.text()).toContain('opensync_http_request_duration_seconds');
    expect((await fetch(`${own}/readyz`)).status).toBe(404);
    expect((await fetch(`${own}/metrics`, { method: 'POST' })).status).toBe(404);
    await disposal.run(5000);
    await expect(fetch(`${own}/metrics`)).rejects.toThrow();
  });

  it('names its setting if the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const metrics = new Registry();
    const { app } = await startApp({ metrics }, { listening: false });
    const disposal = new Disposal(() => undefined);
    await expect(serve(app, { ...LISTEN, OPENSYNC_METRICS_PORT: port }, { disposal, metrics })).rejects.toThrow(
      `OPENSYNC_METRICS_PORT: cannot listen on port ${port} of 127.0.0.1 (EADDRINUSE)`,
    );
    await disposal.run(5000);
    await app.close();
    taken.close();
  });
});
