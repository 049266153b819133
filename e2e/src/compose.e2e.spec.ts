import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { waitFor } from '@opensync/testkit';
import { type Api } from './harness/api.ts';
import { auditDocuments, auditSearch } from './harness/audit.ts';
import { attachToCompose, compose, containerOf, type ComposeTarget } from './harness/compose.ts';
import { Load } from './harness/load.ts';
import { embedded, projected, searchable } from './harness/settled.ts';
import { countsOf } from './harness/status.ts';

const run = promisify(execFile);
const APART = process.env.OPENSYNC_E2E_TARGET === 'compose';
const MEBIBYTE = 1024 * 1024;

/** Local images under the official names; what they keep in memory is gone when they restart. */
const isStandIn = async (service: string) => 'standin' in (await containerOf(service)).Config.Labels;

(APART ? describe : describe.skip)('docker compose (runs in deploy/compose-test.sh)', () => {
  let target: ComposeTarget;
  let api: Api;

  beforeAll(async () => {
    target = await attachToCompose();
    api = await target.api('ada@example.com');
    const sequence = await api.syncBatch({
      sessions: [{ externalId: 'kept', title: 'Herons at the river' }],
      messages: [{ sessionExternalId: 'kept', externalId: 'm1', role: 'user', textContent: 'Where do herons nest?' }],
    });
    await searchable(api, sequence);
    await embedded(api, sequence);
  }, 120_000);
  // Whatever a test has stopped.
  afterAll(() => target?.up(), 120_000);

  /** As a client sees it. Search by meaning may take a moment: a freshly started embedder loads its model. */
  async function expectKept(): Promise<void> {
    expect(await api.session('kept')).toMatchObject({ title: 'Herons at the river', messageCount: 1 });
    const whole = async () => {
      const answer = await api.search('where do herons nest', 'hybrid');
      expect(answer.results[0]).toMatchObject({ title: 'Herons at the river' });
      return answer.degraded === undefined && answer;
    };
    const { results } = await waitFor(whole, { timeoutMs: 60_000, intervalMs: 100, what: 'search in full' });
    expect(results[0]!.matchedIn).toEqual(['fulltext', 'semantic']);
  }

  it('runs a small image, without tests or sources, as an unprivileged user that can change nothing', async () => {
    const { Image } = await containerOf('query');
    const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{.Size}}', Image]);
    expect(Number(stdout)).toBeLessThan(360 * MEBIBYTE);

    const inside = (script: string) => compose('exec', '-T', 'query', 'sh', '-c', script);
    expect((await inside('id -u')).trim()).toBe('1000');
    expect((await inside('find libs services -name "*.spec.*" -o -name "*.ts" | wc -l')).trim()).toBe('0');
    // The files that programs read beside their code.
    for (const path of ['/openapi.json', '/docs/api', '/docs/operations']) {
      expect({ path, status: (await fetch(target.url + path)).status }).toEqual({ path, status: 200 });
    }
    expect((await inside('touch /app/x 2>/dev/null || touch /home/node/x 2>/dev/null || echo refused')).trim()).toBe(
      'refused',
    );
  });

  it('takes the bootstrap key, and the command line in its container works on the cluster', async () => {
    const stats = await fetch(`${target.url}/api/stats`, {
      headers: { authorization: `Bearer ${process.env.OPENSYNC_BOOTSTRAP_KEY}` },
    });
    expect(stats.status).toBe(200);
    await waitFor(async () => {
      const { consumers } = JSON.parse(await target.command('status', '--json')) as { consumers: { lag?: number }[] };
      return consumers.length === 3;
    });
    // Exit code 0, or this throws.
    expect(await target.command('doctor')).toContain('nats-server');
  });

  it('answers on one address, under the id that the caller sent', async () => {
    for (const path of ['/api/stats', '/sync/sessions/list', '/api/nothing']) {
      const { headers } = await api.request(path, { headers: { 'x-request-id': 'given-1' } });
      expect({ path, id: headers.get('x-request-id') }).toEqual({ path, id: 'given-1' });
    }
    const { headers } = await api.request('/api/stats', { headers: { 'x-request-id': 'not "sane"' } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    // Metrics for operators are not public.
    expect(await api.request('/metrics')).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
  });

  it('reads while it cannot write, says so, and follows the gateway to its new address', async () => {
    await compose('rm', '--stop', '--force', 'ingest');
    const refused = await api.request('/sync/session', { json: { externalId: 'later' } });
    expect(refused).toMatchObject({
      status: 503,
      body: { error: { code: 'UNAVAILABLE', requestId: expect.stringMatching(/\S/) } },
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${target.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${target.url}/livez`)).status).toBe(200);
    await expectKept();

    await target.up();
    await waitFor(async () => (await api.request('/sync/session', { json: { externalId: 'later' } })).status === 200, {
      what: 'the edge to find the new gateway',
    });
  }, 120_000);

  it('accepts writes through an edge that started while the read side was unavailable', async () => {
    await compose('rm', '--stop', '--force', 'query');
    await compose('restart', 'edge');
    const session = { externalId: 'unread', title: 'Bitterns' };
    await waitFor(async () => (await api.request('/sync/session', { json: session })).status === 200, {
      timeoutMs: 30_000,
      what: 'the edge to reach ingest',
    });
    expect(await api.request('/api/stats')).toMatchObject({ status: 503, body: { error: { code: 'UNAVAILABLE' } } });
    await target.up();
    expect(await api.session('unread')).toMatchObject({ title: 'Bitterns' });
  }, 120_000);

  it('continues while Elasticsearch is killed, and catches up when it is back', async () => {
    await compose('kill', 'elasticsearch');
    const sequence = await api.syncSession({ externalId: 'unindexed', title: 'Spoonbills' });
    expect(await api.session('unindexed', sequence)).toMatchObject({ title: 'Spoonbills' });
    expect((await api.search('herons', 'hybrid')).degraded).toEqual(['fulltext']);
    await target.up();
    await searchable(api, sequence);
    expect((await api.search('spoonbills', 'fulltext')).results).toHaveLength(1);
    await expectKept();
  }, 180_000);

  it('loses and duplicates nothing when the stores are killed under load, one after the other', async () => {
    const owners = await Promise.all(['bob', 'cyn'].map((name) => target.api(`${name}@example.com`)));
    // It goes on for as long as a store takes to come back: fast, that would be a test of how fast all is caught up with.
    await using load = new Load(owners, 4, { pauseMs: 600 });
    const killed: string[] = [];
    for (const store of ['elasticsearch', 'qdrant', 'mongo']) {
      // A MongoDB stand-in that forgets its data when it is killed cannot show that nothing is lost.
      if (await isStandIn(store)) continue;
      await load.progress(30);
      await compose('kill', store);
      killed.push(store);
      for (let n = 0; n < 10; n++) await owners[0]!.syncSession({ externalId: 'by-the-test' });
      // The load's clients wait where reads are away.
      if (store !== 'mongo') await load.progress(30);
      await target.up();
    }
    expect(killed).toContain('elasticsearch');
    await load.progress(20);
    await load.stop();
    for (const ledger of load.ledgers) {
      ledger.sessions.add('by-the-test');
      await projected(ledger.api, await ledger.api.syncSession({ externalId: 'by-the-test' }));
      expect({ problems: await auditDocuments(ledger), unexpected: ledger.unexpected }).toEqual({
        problems: [],
        unexpected: [],
      });
      expect(await auditSearch(ledger)).toEqual([]);
    }
    // For all writers: the index has exactly one row per document.
    const rows = async () => {
      const { documents, search } = countsOf(await target.status());
      return search!.rows === documents!.sessions! + documents!.messages! && search!.sessions === documents!.sessions;
    };
    await waitFor(rows, { timeoutMs: 60_000, intervalMs: 500, what: 'as many rows as documents' });
  }, 300_000);

  it('spreads requests over the replicas of a service', async () => {
    await target.up('--no-recreate', '--scale', 'query=2');
    expect((await compose('ps', '--quiet', 'query')).trim().split('\n')).toHaveLength(2);
    const upstreams = async () => {
      await api.request('/api/stats');
      const lines = (await compose('logs', '--no-color', '--no-log-prefix', '--tail', '50', 'edge')).split('\n');
      const stats = lines.filter((line) => line.includes('"path":"/api/stats"'));
      return new Set(stats.map((line) => (JSON.parse(line) as { upstream: string }).upstream));
    };
    await waitFor(async () => (await upstreams()).size >= 2, { intervalMs: 50, what: 'both replicas to be asked' });
    await target.up('--no-recreate', '--scale', 'query=1');
    // As soon as the edge has noticed that one is gone, and before that through the other.
    await expectKept();
  }, 120_000);

  it('keeps everything through a restart', async () => {
    const services = (await compose('ps', '--services')).trim().split('\n');
    const lasting = [];
    for (const service of services) if (!(await isStandIn(service))) lasting.push(service);
    expect(lasting).toEqual(expect.arrayContaining(['nats', 'elasticsearch', 'ingest', 'projector', 'query', 'edge']));
    await compose('stop', ...lasting);
    await target.up();
    await expectKept();
  }, 180_000);

  it('keeps everything through an upgrade', async () => {
    const services = ['keeper', 'ingest', 'projector', 'embedder', 'query', 'wrapped'];
    const before = await Promise.all(services.map(containerOf));
    // Another image under the same name, like a new version.
    process.env.OPENSYNC_REVISION = 'upgraded';
    await compose('build', 'ingest');
    await target.up();
    const after = await Promise.all(services.map(containerOf));
    services.forEach((service, index) => {
      expect({ service, image: after[index]!.Image }).not.toEqual({ service, image: before[index]!.Image });
    });
    await expectKept();
    const sequence = await api.syncSession({ externalId: 'after-the-upgrade', title: 'Egrets' });
    expect(await api.session('after-the-upgrade', sequence)).toMatchObject({ title: 'Egrets' });
  }, 300_000);
});
