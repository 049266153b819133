import type { NestFastifyApplication } from '@nestjs/platform-fastify';
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

  it('finishes what is under way and does not wait for keep-alive', async () => {
    const closing = await startApp();
    const { answer } = await slowRequest(closing.url);
    const closed = closing.app.close();
    gate.open();
    expect((await answer).status).toBe(200);
    const start = performance.now();
    await closed;
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('cuts off what takes too long', async () => {
    const closing = await startApp({ drainLimitMs: 50 });
    const { answer } = await slowRequest(closing.url);
    await closing.app.close();
    await expect(answer).rejects.toThrow();
    gate.open();
  });
});
