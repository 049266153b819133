import { pino } from 'pino';
import { Registry } from '../telemetry/index.ts';
import { bearer, INGEST_KEY, startApp } from './testing/test-app.ts';

describe('observation of requests', () => {
  it('records durations by route, method and status, whatever the path', async () => {
    const metrics = new Registry();
    const { app, url } = await startApp({ metrics });
    await fetch(`${url}/things/secret-1`);
    await fetch(`${url}/things/secret-2`);
    await fetch(`${url}/things/busy`);
    await fetch(`${url}/nowhere/at/all`);
    const shown = await fetch(`${url}/metrics`);
    const text = await shown.text();
    await app.close();
    expect(shown.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const counts = [...text.matchAll(/^opensync_http_request_duration_seconds_count\{(.*)\} (\d+)$/gm)];
    expect(counts.map(([, labels, count]) => `${labels} ${count}`).sort()).toEqual([
      'method="GET",route="/things/:id",status="200" 2',
      'method="GET",route="/things/:id",status="503" 1',
      'method="GET",route="none",status="404" 1',
    ]);
    expect(text).not.toContain('secret');
  });

  it('writes a log line per request, at level info, without a key', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const { app, url } = await startApp({ logger });
    await fetch(`${url}/write`, {
      method: 'POST',
      body: '{}',
      headers: { ...bearer(INGEST_KEY), 'x-request-id': 'mine', 'content-type': 'application/json' },
    });
    await fetch(`${url}/livez`);
    await app.close();
    const requests = lines.map((line) => JSON.parse(line) as object).filter((line) => 'route' in line);
    expect(requests).toEqual([
      expect.objectContaining({
        requestId: 'mine',
        method: 'POST',
        route: '/write',
        status: 201,
        keyId: 'key-i',
        durationMs: expect.any(Number),
      }),
    ]);
    expect(lines.join('')).not.toContain(INGEST_KEY);
  });
});
