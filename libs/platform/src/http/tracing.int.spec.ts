import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { startTracing } from '../telemetry/index.ts';
import { bearer, INGEST_KEY, startApp } from './testing/test-app.ts';

interface Exported {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly traceId: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
      }[];
    }[];
  }[];
}

it('lets only callers with a key decide that their requests are traced', async () => {
  const spans: Exported['resourceSpans'][number]['scopeSpans'][number]['spans'][number][] = [];
  const collector = createServer((request, response) => {
    void json(request).then((exported) => {
      const { resourceSpans } = exported as Exported;
      for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const stop = await startTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OPENSYNC_TRACE_RATIO: 0 }, 'test');
  const { app, url } = await startApp();
  try {
    let traces = 0;
    const send = async (path: string, headers: Record<string, string> = {}) => {
      const traceId = String(++traces).padStart(32, '0');
      const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
      const write = {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json', traceparent, ...headers },
      };
      return { traceId, status: (await fetch(url + path, write)).status };
    };
    expect((await send('/write')).status).toBe(401);
    expect((await send('/write', bearer('osk_unknown_key_123'))).status).toBe(401);
    expect((await send('/nowhere', bearer(INGEST_KEY))).status).toBe(404);
    const stranger = { traceparent: `00-${'f'.repeat(32)}-00f067aa0ba902b7-01` };
    expect((await fetch(`${url}/things/1`, { headers: stranger })).status).toBe(200);
    const before = Date.now();
    const { traceId, status } = await send('/write', bearer(INGEST_KEY));
    expect(status).toBe(201);
    await app.close();
    await stop!();
    expect(spans).toEqual([expect.objectContaining({ name: 'POST /write', traceId })]);
    expect(Number(spans[0]!.startTimeUnixNano) / 1e6).toBeGreaterThanOrEqual(before - 1);
    expect(Number(spans[0]!.endTimeUnixNano)).toBeGreaterThanOrEqual(Number(spans[0]!.startTimeUnixNano));
  } finally {
    await app.close();
    collector.closeAllConnections();
    collector.close();
  }
});
