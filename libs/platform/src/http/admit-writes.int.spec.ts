import { once } from 'node:events';
import { connect } from 'node:net';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { PositionCodec } from '@opensync/contracts';
import { pino } from 'pino';
import { createRegistry } from '../telemetry/index.ts';
import { Access, AccessForBatches, createHttpApp, type HttpAppOptions } from './index.ts';
import { eventually } from './testing/eventually.ts';
import { bearer, errorOf } from './testing/test-app.ts';

/** Writes wait here until the test answers them. */
const held: (() => void)[] = [];
const wait = () => new Promise<object>((resolve) => held.push(() => resolve({ ok: true })));
const answerAll = () => {
  for (const answer of held.splice(0)) answer();
};

@Controller()
class WritesController {
  @Post('one')
  @HttpCode(200)
  @Access('ingest')
  one(@Body() _body: unknown) {
    return wait();
  }

  @Post('many')
  @HttpCode(200)
  @AccessForBatches()
  many(@Body() _body: unknown) {
    return wait();
  }

  @Post('ask')
  @HttpCode(200)
  @Access('ingest', 'read')
  ask(@Body() _body: unknown) {
    return { ok: true };
  }
}
class WritesModule {}
Module({ controllers: [WritesController] })(WritesModule);

/** More than what is few, so that a wait is for each other; and less than what the first limit lets in. */
const MANY = 20;
const KEY = 'osk_some_key_123456';
const SETTINGS = {
  OPENSYNC_BODY_LIMIT: 64 * 1024,
  OPENSYNC_CORS_ORIGINS: '*',
  OPENSYNC_DAILY_BYTES: 0,
  OPENSYNC_DAILY_EVENTS: 0,
  OPENSYNC_DAILY_REQUESTS: 0,
  OPENSYNC_HEADERS_SECONDS: 10,
  OPENSYNC_INGEST_RATE_LIMIT: 0,
  OPENSYNC_KEYLESS_LIMIT: 0,
  OPENSYNC_MAX_CONNECTIONS: 1000,
  OPENSYNC_ADDRESS_CONNECTIONS: 1000,
  OPENSYNC_READ_RATE_LIMIT: 0,
  OPENSYNC_SHED_FROM: 1,
  OPENSYNC_TRUSTED_PROXIES: '',
  OPENSYNC_WRONG_KEY_LIMIT: 0,
};

async function startWrites(
  settings: Partial<typeof SETTINGS> = {},
  options: Pick<HttpAppOptions, 'bodiesLimit' | 'timeouts'> = {},
) {
  const clock = { now: 0 };
  const metrics = createRegistry('test');
  const log: string[] = [];
  const app = await createHttpApp(WritesModule, {
    settings: { ...SETTINGS, ...settings },
    metrics,
    now: () => clock.now,
    logger: pino({ level: 'warn' }, { write: (line: string) => void log.push(line) }),
    authenticate: async (token) =>
      token === KEY
        ? { workspaceId: 'wsp_1', userId: 'usr_1', role: 'owner', keyId: 'key', scopes: ['ingest'] }
        : undefined,
    positions: new PositionCodec(() => ['test']),
    health: { ready: () => Promise.resolve({}), live: () => Promise.resolve(true) },
    ...options,
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const post = (path: string, headers: Record<string, string> = {}, body = '{}') =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...bearer(KEY), ...headers },
    });
  /** Sends some at once and answers them after so many milliseconds of the clock. */
  const round = async (paths: readonly string[], waitMs: number) => {
    const answers = paths.map((path) => post(path));
    await eventually(() => held.length === paths.length);
    clock.now += waitMs;
    answerAll();
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  return { app, clock, metrics, log, post, round };
}

describe('writes under overload', () => {
  let writes: Awaited<ReturnType<typeof startWrites>>;
  afterEach(async () => {
    answerAll();
    await writes.app.close();
  });
  const overload = async () => {
    for (let n = 0; n < 6; n++) {
      const statuses = await writes.round(Array<string>(MANY).fill('/one'), 200);
      expect(new Set(statuses)).toEqual(new Set([200]));
    }
  };
  it('give way as batches first, while events and everything else are taken', async () => {
    writes = await startWrites();
    await overload();
    const first = writes.post('/many');
    await eventually(() => held.length === 1);
    const refused = await writes.post('/many');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await errorOf(refused)).toMatchObject({
      status: 503,
      code: 'UNAVAILABLE',
      message: expect.stringContaining('batches give way first') as string,
    });
    expect((await writes.post('/ask')).status).toBe(200);
    expect((await writes.post('/many', bearer('osk_another_key_1'))).status).toBe(401);
    const event = writes.post('/one');
    await eventually(() => held.length === 2);
    answerAll();
    expect([(await first).status, (await event).status]).toEqual([200, 200]);
  });

  it('are answered alike by the short way and by the long one', async () => {
    writes = await startWrites();
    await overload();
    const first = writes.post('/many');
    await eventually(() => held.length === 1);
    const given = { 'x-request-id': 'some-request', origin: 'https://app.example' };
    const seen: object[] = [];
    // A path that is written in another way goes the long way.
    for (const path of ['/many', '/many/']) {
      const answer = await writes.post(path, given, JSON.stringify({ text: 'x'.repeat(20_000) }));
      const {
        date,
        connection: _connection,
        'keep-alive': _keepAlive,
        ...headers
      } = Object.fromEntries(answer.headers);
      expect(date).toBeDefined();
      seen.push({ headers, error: await errorOf(answer) });
    }
    expect(seen[0]).toMatchObject({ headers: { 'x-request-id': 'some-request', 'access-control-allow-origin': '*' } });
    expect(seen[1]).toEqual(seen[0]);
    answerAll();
    expect((await first).status).toBe(200);
  });

  it('are counted and not logged, while their beginning and their end are logged', async () => {
    writes = await startWrites();
    await overload();
    const first = writes.post('/many');
    await eventually(() => held.length === 1);
    for (const path of ['/many', '/many', '/many/']) expect((await writes.post(path)).status).toBe(503);
    const shown = await writes.metrics.metrics();
    expect(shown).toContain('opensync_shed_requests_total{class="batch",reason="load"} 3');
    expect(shown).toContain('opensync_writes_in_progress{class="batch"} 1');
    expect(shown).toMatch(/opensync_writes_limit\{class="event"\} \d/);
    expect(shown).toMatch(/request_duration_seconds_count\{method="POST",route="\/many",status="503"\} 3/);
    answerAll();
    await first;
    writes.clock.now += 10_000;
    await writes.round(['/one'], 10);
    expect(await writes.round(['/many', '/many'], 10)).toEqual([200, 200]);
    expect(await writes.metrics.metrics()).not.toContain('opensync_writes_limit{');
    expect(writes.log.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      expect.stringMatching(/turning some away/),
      expect.stringMatching(/taken again/),
    ]);
  });

  it('whose bodies go on arriving slowly after the refusal are disconnected', async () => {
    writes = await startWrites({}, { timeouts: { slowUploadMs: 100, uploadRate: 1024 * 1024, checkMs: 10 } });
    await overload();
    const first = writes.post('/many');
    await eventually(() => held.length === 1);
    const socket = connect(Number(new URL(await writes.app.getUrl()).port), '127.0.0.1');
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (data) => (received += String(data)));
    await once(socket, 'connect');
    socket.write(`POST /many HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer(KEY).authorization}\r\n`);
    socket.write('Content-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{');
    const drip = setInterval(() => socket.writable && socket.write(' '), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    expect(received).toMatch(/^HTTP\/1.1 503 /);
    // Nothing follows it, which a proxy would take for the answer to the next request.
    expect(received.match(/HTTP\/1.1/g)).toHaveLength(1);
    answerAll();
    expect((await first).status).toBe(200);
  });

  it('are never turned away with 0 as the setting', async () => {
    writes = await startWrites({ OPENSYNC_SHED_FROM: 0 });
    await overload();
    expect(await writes.round(['/many', '/many', '/many'], 200)).toEqual([200, 200, 200]);
    expect(await writes.metrics.metrics()).not.toContain('opensync_writes_in_progress{');
  });

  it('count bodies that find no memory as well', async () => {
    writes = await startWrites({}, { bodiesLimit: 40_000 });
    const large = JSON.stringify({ text: 'x'.repeat(30_000) });
    const first = writes.post('/many', {}, large);
    await eventually(() => held.length === 1);
    expect((await writes.post('/many', {}, large)).status).toBe(503);
    expect(await writes.metrics.metrics()).toContain('opensync_shed_requests_total{class="batch",reason="memory"} 1');
    answerAll();
    expect((await first).status).toBe(200);
  });
});
