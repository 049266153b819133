import type { AccessEntry, Owner } from '@opensync/contracts';
import { pino } from 'pino';
import { Registry } from '../telemetry/index.ts';
import { bearer, INGEST_KEY, READ_KEY, startApp } from './testing/test-app.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

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

  it('hands requests with a valid key to the access log, failures included, and no others', async () => {
    const entries: AccessEntry[] = [];
    const accessLog = { record: (_owner: Owner, entry: AccessEntry) => void entries.push(entry) };
    const { app, url } = await startApp({ accessLog });
    const send = (path: string, key: string) => fetch(`${url}${path}`, { headers: bearer(key) });
    await send('/both?secret=1', READ_KEY);
    await send('/large?bytes=-1', READ_KEY);
    await fetch(`${url}/write`, { method: 'POST', body: '{}', headers: bearer(READ_KEY) });
    await fetch(`${url}/write`, { method: 'POST', body: '{', headers: { ...bearer(INGEST_KEY), ...JSON_TYPE } });
    await send('/both', 'osk_unknown_key_12');
    await fetch(`${url}/both`);
    await send('/livez', READ_KEY);
    await app.close();
    expect(entries.map(({ method, route, status, keyId }) => `${keyId} ${method} ${route} ${status}`)).toEqual([
      'key-r GET /both 200',
      'key-r GET /large 500',
      'key-r POST /write 403',
      'key-i POST /write 400',
    ]);
    for (const { requestId, at, durationMs } of entries) {
      expect([typeof requestId, at > Date.now() - 60_000, durationMs > 0]).toEqual(['string', true, true]);
    }
    expect(JSON.stringify(entries)).not.toMatch(/secret|osk_/);
  });

  it('says that a client went away before its answer', async () => {
    const recorded = Promise.withResolvers<AccessEntry>();
    const { app, url } = await startApp({ accessLog: { record: (_owner, entry) => recorded.resolve(entry) } });
    const leaving = new AbortController();
    // More than the buffers between server and client hold.
    await fetch(`${url}/large?bytes=${32 * 1024 * 1024}`, { headers: bearer(READ_KEY), signal: leaving.signal });
    leaving.abort();
    expect(await recorded.promise).toMatchObject({ route: '/large', status: 499 });
    await app.close();
  });
});
