import { loadSettings, createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { openStores } from '@opensync/stores';
import { describeWith, toxicProxy, startTestNats, waitFor, type TestNats, ServiceProcess } from '@opensync/testkit';
import { startSystem } from './system/app.ts';
import { get, KEY, metric, post, search } from './testing/client.ts';
import { ownStores, type OwnStores } from './testing/own-stores.ts';
import { mainOf, SERVICES, type ServiceName } from './testing/services.ts';

await describeWith(
  ['mongodb', 'elasticsearch', 'qdrant'],
  'services on MongoDB, Elasticsearch and Qdrant',
  (servers) => {
    let nats: TestNats;
    let own: OwnStores;
    let env: NodeJS.ProcessEnv;
    let running: ServiceProcess[];
    beforeEach(async () => {
      nats = await startTestNats();
      running = [];
      own = ownStores(servers);
      env = {
        NATS_URL: nats.url,
        OPENSYNC_BOOTSTRAP_KEY: KEY,
        ...own.env,
      };
    });
    afterEach(async () => {
      await Promise.all(running.map((service) => service[Symbol.asyncDispose]()));
      await nats.stop();
      await own.remove();
    });

    function start(name: ServiceName, changed: NodeJS.ProcessEnv = {}): ServiceProcess {
      const service = new ServiceProcess(mainOf(name), { ...env, ...changed });
      running.push(service);
      return service;
    }

    it('write, find by full text and by meaning, and need no disk', async () => {
      const [ingest, projector, , query] = await Promise.all(SERVICES.map((name) => start(name).url()));
      const body = { sessionExternalId: 'one', externalId: 'm', role: 'user', textContent: 'The cookie expires' };
      expect(await post(`${ingest}/sync/message`, body)).toBe(200);
      await waitFor(async () => (await search(query!, 'cookie')).results[0]?.externalId === 'one', {
        timeoutMs: 20_000,
      });
      // By meaning: while that side cannot answer, full text does in its place.
      const byMeaning = () => search(query!, 'when the cookie expires', 'semantic');
      await waitFor(async () => (await byMeaning()).results[0]?.matchedIn.includes('semantic') === true, {
        timeoutMs: 40_000,
      });
      expect(await get(`${query}/readyz`)).toMatchObject({ status: 'ok', parts: { search: 'up', vectors: 'up' } });
      expect(
        await metric(
          projector!,
          'opensync_store_operation_duration_seconds_count',
          'store="vectors",operation="upsert"',
        ),
      ).toBeGreaterThan(0);

      const disposal = new Disposal(() => undefined);
      const logger = createLogger('silent', 'test');
      const stores = await openStores(loadSettings(env), ['documents', 'search', 'vectors'], { logger, disposal });
      const engines = await Promise.all(Object.values(stores).map(async (store) => (await store.describe()).engine));
      await disposal.run(5000);
      expect(engines).toEqual([
        expect.stringMatching(/MongoDB/),
        expect.stringMatching(/Elasticsearch/),
        expect.stringMatching(/Qdrant/),
      ]);
    });

    it('also run in one process, which then needs no data folder', async () => {
      const disposal = new Disposal(() => undefined);
      try {
        const context = { logger: createLogger('silent', 'test'), report: () => undefined, disposal };
        const system = await startSystem(loadSettings({ ...env, PORT: '0' }), context);
        expect(system.dataDir).toBeUndefined();
        expect(await post(`${system.url}/sync/session`, { externalId: 'one', title: 'Flaky login' })).toBe(200);
        await waitFor(async () => (await search(system.url, 'flaky')).results.length === 1, { timeoutMs: 20_000 });
      } finally {
        await disposal.run(5000);
      }
    });

    it('continue without an index whose server rejects the key, until that is fixed', async () => {
      let refuses = true;
      const unauthorized = {
        status: 401,
        body: JSON.stringify({ error: { type: 'security_exception' }, status: 401 }),
      };
      const proxy = await toxicProxy(servers.elasticsearch, async (_, forward) => {
        const { headers, ...reply } = refuses ? { ...unauthorized, headers: {} } : await forward();
        return { ...reply, headers: { ...headers, 'x-elastic-product': 'Elasticsearch' } };
      });
      const changed = { ELASTICSEARCH_URL: proxy.url, ELASTICSEARCH_API_KEY: 'hush' };
      try {
        const services = (['ingest', 'projector', 'query'] as const).map((name) => start(name, changed));
        const [ingest, projector, query] = await Promise.all(services.map((service) => service.url()));
        for (const url of [projector!, query!]) {
          expect(await get(`${url}/readyz`)).toMatchObject({ status: 'degraded', parts: { search: 'degraded' } });
        }
        expect(await post(`${ingest}/sync/session`, { externalId: 'one', title: 'Flaky login' })).toBe(200);
        const listed = async () => (await get<{ sessions: unknown[] }>(`${query}/api/sessions`)).sessions.length;
        await waitFor(async () => (await listed()) === 1, { timeoutMs: 20_000 });
        for (const { log } of services.slice(1)) {
          const told = log
            .split('\n')
            .filter((line) => /"level":50.*"ELASTICSEARCH_API_KEY: http.* set a valid/.test(line));
          expect(told).toHaveLength(1);
          expect(log).not.toContain('hush');
        }
        refuses = false;
        await waitFor(async () => (await search(query!, 'flaky')).results.length === 1, { timeoutMs: 30_000 });
      } finally {
        await proxy.close();
      }
    });

    it('count each message once, however many projectors share the work', async () => {
      const [ingest, query] = await Promise.all(
        (['ingest', 'query', 'projector', 'projector', 'projector'] as const).map((name) => start(name).url()),
      );
      const writes = Array.from({ length: 150 }, (_, index) => ({
        sessionExternalId: `session-${index % 3}`,
        externalId: `m${index}`,
        role: 'user',
        promptTokens: 1,
      }));
      const statuses = await Promise.all(writes.map((body) => post(`${ingest}/sync/message`, body)));
      expect(new Set(statuses)).toEqual(new Set([200]));
      const counts = async () =>
        (
          await get<{ sessions: { externalId: string; messageCount: number; promptTokens: number }[] }>(
            `${query}/api/sessions`,
          )
        ).sessions.map(({ externalId, messageCount, promptTokens }) => `${externalId} ${messageCount} ${promptTokens}`);
      await waitFor(async () => (await counts()).filter((line) => line.endsWith(' 50 50')).length === 3, {
        timeoutMs: 30_000,
        what: '50 messages in each session',
      });
      expect((await counts()).sort()).toEqual(['session-0 50 50', 'session-1 50 50', 'session-2 50 50']);
    });
  },
);
