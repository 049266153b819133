import { once } from 'node:events';
import { connect } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { gate, startApp } from './testing/test-app.ts';

let app: NestFastifyApplication;
let url: string;
beforeAll(async () => {
  ({ app, url } = await startApp());
});
afterAll(() => app.close());

describe('health', () => {
  it.each(['/health', '/livez', '/readyz'])('%s is public', async (path) => {
    const response = await fetch(url + path);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ok' });
  });

  it.each([
    ['degraded', 200],
    ['down', 503],
  ] as const)('/readyz says which part is %s', async (state, status) => {
    const limping = await startApp({
      health: { live: () => Promise.resolve(false), ready: () => Promise.resolve({ log: 'up', vectors: state }) },
    });
    try {
      const response = await fetch(`${limping.url}/readyz`);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ status: state, parts: { log: 'up', vectors: state } });
      expect((await fetch(`${limping.url}/livez`)).status).toBe(503);
    } finally {
      await limping.app.close();
    }
  });
});

describe('close', () => {
  const slowRequest = async (to: string) => {
    const before = gate.arrived;
    const answer = fetch(`${to}/slow`);
    answer.catch(() => {});
    const health = `${to}/health`;
    while (gate.arrived === before) await (await fetch(health)).arrayBuffer();
    return { answer };
  };
  beforeEach(() => {
    gate.opened = new Promise((resolve) => (gate.open = resolve));
  });

  it('finishes requests in progress and does not wait for keep-alive', async () => {
    const closing = await startApp();
    const { answer } = await slowRequest(closing.url);
    const closed = closing.app.close();
    gate.open();
    expect((await answer).status).toBe(200);
    const start = performance.now();
    await closed;
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  it.each([
    ['nothing', ''],
    ['half of a head', 'GET /health HTTP/1.1\r\nhost: x\r\n'],
    ['a request, and half of the next one', 'GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /heal'],
  ])('does not wait for a connection that has sent %s', async (_what, sent) => {
    const closing = await startApp();
    const { answer } = await slowRequest(closing.url);
    const accepted = once(closing.app.getHttpServer(), 'connection');
    const silent = connect(closing.port, '127.0.0.1');
    silent.on('error', () => undefined).resume();
    const closedByServer = once(silent, 'close');
    await accepted;
    if (sent) await new Promise((written) => silent.write(sent, written));
    const start = performance.now();
    const closed = closing.app.close();
    await closedByServer;
    gate.open();
    expect((await answer).status).toBe(200);
    await closed;
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  it('announces the end of a connection that is in use, before the process closes', async () => {
    const stopping = await startApp();
    const announced = async () => (await fetch(`${stopping.url}/health`)).headers.get('connection');
    expect(await announced()).toBe('keep-alive');
    (stopping.app.getHttpAdapter().getInstance() as FastifyInstance).isStopping = true;
    expect(await announced()).toBe('close');
    await stopping.app.close();
  });

  it('answers a request whose head was in transit', async () => {
    const closing = await startApp();
    const accepted = once(closing.app.getHttpServer(), 'connection');
    const client = connect(closing.port, '127.0.0.1');
    let answer = '';
    client.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    client.write('GET /health HTTP/1.1\r\nhost: x\r\n');
    await accepted;
    const closed = closing.app.close();
    const ended = once(client, 'close');
    client.write('\r\n');
    await ended;
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    await closed;
  });

  it('cuts off requests that take too long', async () => {
    const closing = await startApp({ drainLimitMs: 50 });
    const { answer } = await slowRequest(closing.url);
    await closing.app.close();
    await expect(answer).rejects.toThrow();
    gate.open();
  });
});
