import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connectLog } from '@opensync/event-log';
import { KeyDirectory } from '@opensync/event-log/keys';
import { scriptedMongo } from '@opensync/stores/testing';
import {
  startTestNats,
  temporaryFolder,
  waitFor,
  type TemporaryFolder,
  type TestNats,
  ServiceProcess,
} from '@opensync/testkit';
import { authorization, get, KEY, metric, post, search } from './testing/client.ts';
import { mainOf, SERVICES, type ServiceName } from './testing/services.ts';
import { startTraceCollector } from './testing/trace-collector.ts';

let nats: TestNats;
let folder: TemporaryFolder;
let running: ServiceProcess[];
beforeEach(async () => {
  nats = await startTestNats({ token: 'secret' });
  folder = await temporaryFolder();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((service) => service[Symbol.asyncDispose]()));
  await nats.stop();
  await folder.remove();
});

/** Starts a service on the log and the stores of this test. */
function start(name: ServiceName, env: NodeJS.ProcessEnv = {}): ServiceProcess {
  const service = new ServiceProcess(mainOf(name), {
    NATS_URL: nats.url,
    NATS_TOKEN: 'secret',
    OPENSYNC_DATA_DIR: folder.path,
    OPENSYNC_BOOTSTRAP_KEY: KEY,
    ...env,
  });
  running.push(service);
  return service;
}

/** One of each, by name; resolves with their URLs. */
async function startAll(env: NodeJS.ProcessEnv = {}): Promise<Record<ServiceName, string>> {
  const urls = await Promise.all(SERVICES.map(async (name) => [name, await start(name, env).url()] as const));
  return Object.fromEntries(urls) as Record<ServiceName, string>;
}

interface Ready {
  readonly parts: Readonly<Record<string, string>>;
}

/** Changes the log as an administrator can. */
async function onLog(work: (manager: JetStreamManager) => Promise<unknown>): Promise<void> {
  const nc = await connectLog({ servers: nats.url, token: 'secret', name: 'test' });
  await work(await jetstreamManager(nc));
  await nc.close();
}

describe('services as separate processes', () => {
  it('do together what the all-in-one does, show their state, and stop cleanly', async () => {
    const { ingest, projector, embedder, query } = await startAll();
    const message = { sessionExternalId: 'one', externalId: 'm', role: 'user', textContent: 'The cookie expires' };
    expect(await post(`${ingest}/sync/message`, message)).toBe(200);
    await waitFor(async () => (await search(query, 'cookie')).results[0]?.externalId === 'one');
    await waitFor(
      async () => (await search(query, 'when the cookie expires', 'semantic')).results[0]?.externalId === 'one',
    );
    expect(await get(`${ingest}/sync/sessions/list`)).toEqual({ sessionIds: ['one'] });

    const stores = { documents: 'up', search: 'up', vectors: 'up' };
    expect(await get(`${ingest}/readyz`)).toEqual({
      status: 'ok',
      parts: { log: 'up', keys: 'up', documents: 'up', payloads: 'up', streams: 'up' },
    });
    expect(await get(`${query}/readyz`)).toEqual({
      status: 'ok',
      parts: { log: 'up', keys: 'up', payloads: 'up', streams: 'up', ...stores },
    });
    expect(await get(`${projector}/readyz`)).toEqual({
      status: 'ok',
      parts: { log: 'up', consumers: 'up', payloads: 'up', streams: 'up', ...stores },
    });
    expect(await get(`${embedder}/readyz`)).toEqual({ status: 'ok', parts: { log: 'up' } });
    for (const url of [ingest, projector, embedder, query]) expect((await fetch(`${url}/livez`)).status).toBe(200);

    expect(await metric(ingest, 'opensync_http_request_duration_seconds_count', 'route="/sync/message"')).toBe(1);
    expect(await metric(ingest, 'opensync_publish_duration_seconds_count', 'outcome="ok"')).toBe(1);
    expect(await metric(ingest, 'opensync_published_events_total')).toBe(1);
    expect(await metric(ingest, 'opensync_publish_pending_events')).toBe(0);
    expect(await metric(projector, 'opensync_consumer_pending_messages', 'consumer="documents"')).toBe(0);
    await waitFor(
      async () => (await metric(projector, 'opensync_consumer_ack_pending_messages', 'consumer="vectors"')) === 0,
    );
    expect(await metric(projector, 'opensync_consumer_blocked', 'consumer="search"')).toBe(0);
    expect(await metric(projector, 'opensync_consumer_batch_size_sum', 'consumer="documents"')).toBe(1);
    expect(await metric(projector, 'opensync_dead_letters', 'consumer="documents"')).toBe(0);
    expect(await metric(projector, 'opensync_fold_conflicts_total')).toBe(0);
    expect(
      await metric(projector, 'opensync_store_operation_duration_seconds_count', 'store="documents",operation="save"'),
    ).toBeGreaterThan(0);
    expect(await metric(embedder, 'opensync_embed_texts_total')).toBeGreaterThan(1);
    expect(await metric(embedder, 'opensync_embed_tokens_total')).toBeGreaterThan(4);
    expect(await metric(embedder, 'opensync_embed_cost_dollars_total')).toBe(0);
    expect(await metric(query, 'process_cpu_seconds_total')).toBeGreaterThan(0);

    const ends = await Promise.all(running.map((service) => service.stop()));
    expect(ends.map(({ code }) => code)).toEqual(running.map(() => 0));
    // Warnings may occur on a slow machine; errors (50 and more) must not.
    expect(ends.map(({ stderr }) => stderr).join('')).not.toMatch(/"level":[56]0/);
  });

  it('share the work with their replicas: nothing is lost or counted twice', async () => {
    const [first, second, query] = await Promise.all(
      (['ingest', 'ingest', 'query', 'projector', 'projector'] as const).map((name) => start(name).url()),
    );
    const sessions = Array.from({ length: 5 }, (_, index) => `session-${index}`);
    const writes = Array.from({ length: 200 }, (_, index) => ({
      url: `${index % 2 === 0 ? first : second}/sync/message`,
      body: { sessionExternalId: sessions[index % 5], externalId: `m${index}`, role: 'user', promptTokens: 1 },
    }));
    const statuses = await Promise.all(writes.map(({ url, body }) => post(url, body)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    const totals = () => get<{ sessions: { externalId: string; messageCount: number }[] }>(`${query}/api/sessions`);
    const isWhole = ({ messageCount }: { messageCount: number }) => messageCount >= 40;
    await waitFor(async () => (await totals()).sessions.filter(isWhole).length === 5, {
      what: '40 messages in each session',
    });
    const counts = (await totals()).sessions.map(({ externalId, messageCount }) => `${externalId} ${messageCount}`);
    expect(counts.sort()).toEqual(sessions.map((id) => `${id} 40`));
    // The three that were given the first key at the same moment created it once.
    const nc = await connectLog({ servers: nats.url, token: 'secret', name: 'test' });
    const keys = await KeyDirectory.open(nc);
    await keys.ready();
    expect(keys.list().map(({ name }) => name)).toEqual(['first key']);
    await keys.close();
    await nc.close();
  });

  it('each keep up only what their role says', async () => {
    const documents = await start('projector', { OPENSYNC_PROJECTOR_ROLES: 'documents' }).url();
    const [ingest, query] = await Promise.all([start('ingest').url(), start('query').url()]);
    expect(await post(`${ingest}/sync/session`, { externalId: 'one', title: 'Flaky login' })).toBe(200);
    await waitFor(async () => (await get<{ sessions: unknown[] }>(`${query}/api/sessions`)).sessions.length === 1);
    expect(await get(`${documents}/readyz`)).toEqual({
      status: 'ok',
      parts: { log: 'up', consumers: 'up', payloads: 'up', streams: 'up', documents: 'up' },
    });
    expect(await metric(documents, 'opensync_consumer_pending_messages', 'consumer="search"')).toBeUndefined();
    expect((await search(query, 'flaky')).results).toEqual([]);
    await start('projector', { OPENSYNC_PROJECTOR_ROLES: 'search' }).url();
    await waitFor(async () => (await search(query, 'flaky')).results.length === 1);
  });

  it('report that they are not ready while the log is unavailable, and recover alone', async () => {
    const [ingest, query] = await Promise.all([start('ingest').url(), start('query').url()]);
    await nats.kill();
    await waitFor(async () => (await fetch(`${ingest}/readyz`)).status === 503);
    expect((await fetch(`${ingest}/livez`)).status).toBe(200);
    expect(await get(`${query}/readyz`)).toMatchObject({ status: 'degraded', parts: { log: 'degraded' } });
    expect((await fetch(`${ingest}/metrics`)).status).toBe(200);
    await nats.restart();
    await waitFor(async () => (await fetch(`${ingest}/readyz`)).status === 200);
    await waitFor(async () => (await post(`${ingest}/sync/session`, { externalId: 'after' })) === 200);
  });

  it('notice a missing consumer, recreate it, and update its index', async () => {
    const roles = (names: string) => start('projector', { OPENSYNC_PROJECTOR_ROLES: names, LOG_LEVEL: 'silent' });
    const [ingest, query] = await Promise.all([start('ingest').url(), start('query').url(), roles('documents').url()]);
    const write = (id: string) => ({
      sessionExternalId: id,
      externalId: 'm',
      role: 'user',
      textContent: `words ${id}`,
    });
    const seen = (count: number) =>
      waitFor(async () => (await get<{ sessions: unknown[] }>(`${query}/api/sessions`)).sessions.length === count);
    expect(await post(`${ingest}/sync/message`, write('before'))).toBe(200);
    await seen(1);
    await onLog((manager) => manager.consumers.delete('CHANGES', 'search'));
    // Nobody keeps this for the index.
    expect(await post(`${ingest}/sync/message`, write('meanwhile'))).toBe(200);
    await seen(2);
    const projector = await roles('search').url();
    await waitFor(async () => (await search(query, 'words')).results.length === 2, { timeoutMs: 20_000 });
    await waitFor(async () => (await fetch(`${projector}/readyz`)).status === 200);

    await onLog((manager) => manager.consumers.delete('CHANGES', 'search'));
    await waitFor(async () => (await get<Ready>(`${projector}/readyz`)).parts.consumers === 'down');
    expect(await metric(projector, 'opensync_consumer_blocked', 'consumer="search"')).toBe(1);
    expect((await fetch(`${projector}/livez`)).status).toBe(200);
    await waitFor(async () => (await get<Ready>(`${projector}/readyz`)).parts.consumers === 'up', {
      timeoutMs: 20_000,
    });
  });

  it('continue after the log has lost everything: new events take effect', async () => {
    const quiet = { LOG_LEVEL: 'silent' };
    const [ingest, query] = await Promise.all(
      (['ingest', 'query', 'projector'] as const).map((name) => start(name, quiet).url()),
    );
    const titles = async () =>
      (await get<{ sessions: { title: string }[] }>(`${query}/api/sessions`)).sessions.map(({ title }) => title);
    for (const title of ['one', 'two', 'three']) {
      expect(await post(`${ingest}/sync/session`, { externalId: 'one', title })).toBe(200);
    }
    await waitFor(async () => (await titles()).includes('three'));
    await onLog(async (manager) => {
      for (const name of await Array.fromAsync(manager.streams.names())) await manager.streams.delete(name);
    });
    // Its sequence must be above those that the document has.
    const write = () => post(`${ingest}/sync/session`, { externalId: 'one', title: 'after' });
    await waitFor(async () => (await write()) === 200, { timeoutMs: 20_000 });
    await waitFor(async () => (await get<Ready>(`${ingest}/readyz`)).parts.log === 'up', { timeoutMs: 20_000 });
    await waitFor(async () => (await titles()).includes('after'), { timeoutMs: 20_000 });
  });

  it.each([
    ['NATS_URL', { NATS_URL: '' }, /must be set/],
    ['NATS_TOKEN', { NATS_TOKEN: 'wrong' }, /the server at nats:\/\/\S+ refuses it; use the token from/],
    [
      'OPENSYNC_PROJECTOR_ROLES',
      { OPENSYNC_PROJECTOR_ROLES: 'documents,serach' },
      /"documents,serach" is not a list of documents, search/,
    ],
    ['MONGODB_URL', { MONGODB_URL: 'http://localhost' }, /"http:.*" is not a URL that starts with mongodb:/],
    ['OPENSYNC_DATA_DIR', { OPENSYNC_DATA_DIR: '/dev/null/data' }, /cannot create/],
  ])('name %s in one line if it is invalid: %j', async (name, env, why) => {
    const { code, stdout, stderr } = await start('projector', env).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^opensync-projector: ${name}: [^\\n]+\\n$`));
    expect(stderr).toMatch(why);
  });

  it('start while a store is unavailable: ingest accepts writes, query reports what is missing', async () => {
    const env = { MONGODB_URL: 'mongodb://127.0.0.1:1', LOG_LEVEL: 'silent' };
    const [ingest, query, projector] = await Promise.all(
      (['ingest', 'query', 'projector'] as const).map((name) => start(name, env).url()),
    );
    expect(await get(`${ingest}/readyz`)).toMatchObject({ status: 'degraded', parts: { documents: 'degraded' } });
    expect(await post(`${ingest}/sync/session`, { externalId: 'one' })).toBe(200);
    for (const url of [query!, projector!]) {
      const ready = await fetch(`${url}/readyz`);
      expect([ready.status, ((await ready.json()) as { parts: object }).parts]).toEqual([
        503,
        expect.objectContaining({ documents: 'down', search: 'up', vectors: 'up' }),
      ]);
      expect((await fetch(`${url}/livez`)).status).toBe(200);
    }
    const refused = await fetch(`${query}/api/sessions`, { headers: authorization });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await metric(projector!, 'opensync_consumer_blocked', 'consumer="documents"')).toBe(1);
  });

  it('fail to start if the documents store rejects the user, except ingest, which needs no store', async () => {
    await using mongo = await scriptedMongo((name) =>
      name === 'buildInfo' ? { ok: 0, code: 13, codeName: 'Unauthorized', errmsg: 'not authorized' } : undefined,
    );
    const refused = 'MONGODB_URL: the server rejected the user; ';
    for (const name of ['projector', 'query'] as const) {
      const { code, stderr } = await start(name, { MONGODB_URL: mongo.url }).ended;
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^opensync-${name}: ${refused}[^\\n]+\\n$`));
    }
    const service = start('ingest', { MONGODB_URL: mongo.url });
    const ingest = await service.url();
    expect(await get(`${ingest}/readyz`)).toMatchObject({ status: 'degraded', parts: { documents: 'degraded' } });
    expect(await post(`${ingest}/sync/session`, { externalId: 'one' })).toBe(200);
    expect(service.log).toMatch(new RegExp(`"level":50.*"msg":"${refused}`));
    // A setting that no server can fix is different.
    const malformed = await start('ingest', { MONGODB_URL: 'mongodb://ada:hush@host:port/' }).ended;
    expect(malformed.code).toBe(1);
    expect(malformed.stderr).toMatch(/^opensync-ingest: MONGODB_URL: [^\n]+\n$/);
    expect(malformed.stderr).not.toContain('hush');
  });

  it('stop while they still wait for the log', async () => {
    await nats.kill();
    const service = start('ingest', { LOG_LEVEL: 'info' });
    await waitFor(() => service.log.includes('starting'), { timeoutMs: 30_000 });
    const asked = performance.now();
    const { code, stdout } = await service.stop();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    // Long before its own timeout, which would be a failure.
    expect(performance.now() - asked).toBeLessThan(5000);
  });

  it('ignore invalid settings of others', async () => {
    const url = await start('embedder', { OPENSYNC_REPLICAS: '3', OPENSYNC_PROJECTOR_ROLES: 'nothing' }).url();
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it('name PORT if it is already in use', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const { code, stderr } = await start('ingest', { PORT: String(port) }).ended;
    squatter.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^opensync-ingest: PORT: ${port} on localhost is already in use[^\\n]*\\n$`));
  });

  it('carry one trace from the request through the log to the stores', async () => {
    await using collector = await startTraceCollector();
    const { ingest, query } = await startAll({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const body = { sessionExternalId: 'one', externalId: 'm', role: 'user', textContent: 'words to embed' };
    expect(await post(`${ingest}/sync/message`, body, { traceparent })).toBe(200);
    // Until it is answered by meaning: before that, words answer in its place.
    await waitFor(async () => {
      const { results, degraded } = await search(query, 'words to embed', 'semantic');
      return results.length === 1 && !degraded;
    });

    const ofTrace = () => collector.spans.filter((span) => span.traceId === traceId);
    await waitFor(() => ofTrace().some(({ name }) => name === 'vectors.upsert'), { what: 'the last spans' });
    // A search with hits: one without reads no session.
    const byMeaning = (trace: string) =>
      collector.spans.some(({ traceId: of, name }) => of === trace && name === 'vectors.search');
    const lookUp = () =>
      collector.spans.find(
        ({ service, name, traceId: trace }) =>
          service === 'opensync-query' && name === 'documents.sessionsById' && byMeaning(trace),
      );
    await waitFor(lookUp, { what: 'the spans of a read' });
    await Promise.all(running.map((service) => service.stop()));
    const names = new Set(ofTrace().map(({ service, name }) => `${service} ${name}`));
    expect(names).toEqual(
      new Set([
        'opensync-ingest POST /sync/message',
        'opensync-ingest publish EVENTS',
        'opensync-projector process documents',
        'opensync-projector documents.load',
        'opensync-projector documents.messageSummaries',
        'opensync-projector documents.save',
        'opensync-projector documents.wholeMessages',
        'opensync-projector process search',
        'opensync-projector search.indexed',
        'opensync-projector search.index',
        'opensync-projector process vectors',
        'opensync-projector vectors.indexed',
        'opensync-projector vectors.upsert',
        'opensync-embedder embed',
      ]),
    );
    // A read is a trace of its own.
    const read = lookUp()!.traceId;
    const ofRead = collector.spans.filter((span) => span.traceId === read).map(({ name }) => name);
    expect(ofRead).toEqual(expect.arrayContaining(['GET /api/search', 'embed', 'vectors.search']));
    // Every span except the first has its parent in the trace: none is orphaned.
    const ids = new Set(ofTrace().map(({ spanId }) => spanId));
    const roots = ofTrace().filter(({ parentSpanId }) => !ids.has(parentSpanId ?? ''));
    expect(roots.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ['POST /sync/message', '00f067aa0ba902b7'],
    ]);
  });

  it('link a batch to each of its requests', async () => {
    await using collector = await startTraceCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const ingest = await start('ingest', env).url();
    const ids = Array.from({ length: 40 }, (_, index) => String(index + 1).padStart(32, '0'));
    for (const id of ids) {
      const traceparent = `00-${id}-00f067aa0ba902b7-01`;
      expect(await post(`${ingest}/sync/session`, { externalId: id }, { traceparent })).toBe(200);
    }
    // All of them wait on the stream by now: they are delivered in a few batches.
    const projector = start('projector', env);
    const batches = () => collector.spans.filter(({ name }) => name === 'process documents');
    await waitFor(() => batches().flatMap(({ links }) => links).length === ids.length, { what: 'all links' });
    expect(
      batches()
        .flatMap(({ links }) => links)
        .sort(),
    ).toEqual(ids);
    const shared = batches().filter(({ links }) => links.length > 1);
    expect(shared.length).toBeGreaterThan(0);
    for (const { traceId } of shared) expect(ids).not.toContain(traceId);
    expect((await projector.stop()).code).toBe(0);
  });
});
