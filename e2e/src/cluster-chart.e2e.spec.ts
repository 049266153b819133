import { waitFor } from '@opensync/testkit';
import { rollBackChart, upgradeChart } from './harness/chart.ts';
import { attachToCluster, type ClusterTarget, kubectl } from './harness/cluster.ts';
import { figure } from './harness/figure.ts';
import { keptBy } from './harness/kept.ts';
import { Load } from './harness/load.ts';
import { Reader } from './harness/reader.ts';

const HERE = process.env.OPENSYNC_E2E_TARGET === 'chart';
const CLIENTS = 4;
const PAUSE_MS = 200;
const PATIENCE_MS = 240_000;

(HERE ? describe : describe.skip)('the chart on Kubernetes (runs in deploy/k8s/cluster-test.sh)', () => {
  let target: ClusterTarget;
  beforeAll(async () => {
    target = await attachToCluster();
  }, 300_000);

  const imageOf = (part: string) =>
    kubectl('get', `deploy/opensync-${part}`, '--output', 'jsonpath={.spec.template.spec.containers[0].image}');

  it('is upgraded and rolled back under load: no acknowledged message is lost, and no request refused', async () => {
    const apis = await Promise.all(['ada', 'bob'].map((name) => target.api(`${name}@upgrade.example.com`)));
    await using load = new Load(apis, CLIENTS, { pauseMs: PAUSE_MS, patienceMs: PATIENCE_MS });
    await using reader = new Reader(apis[0]!, PAUSE_MS);
    await load.progress(20);
    const before = await imageOf('ingest');
    const startedAt = performance.now();
    await upgradeChart(`image.tag=${process.env.OPENSYNC_NEXT_TAG!}`);
    figure('upgrade of every service, seconds', Math.round((performance.now() - startedAt) / 1000));
    expect(await imageOf('ingest')).not.toBe(before);
    await load.progress(20);
    const backAt = performance.now();
    await rollBackChart();
    figure('rollback of every service, seconds', Math.round((performance.now() - backAt) / 1000));
    expect(await imageOf('ingest')).toBe(before);
    await load.progress(20);
    await Promise.all([load.stop(), reader.stop()]);
    // Before the audit, which says less about what went wrong.
    expect([...load.ledgers.flatMap(({ refusals }) => refusals), ...reader.failures]).toEqual([]);
    await keptBy(load);
    const refused = load.ledgers.reduce((sum, { unsettled }) => sum + [...unsettled.values()].flat().length, 0);
    figure('messages acknowledged during upgrade and rollback, and refused attempts', [load.acknowledged, refused]);
    figure('reads meanwhile, and those without an answer', [reader.asked, reader.failed]);
    expect(refused).toBe(0);
    const letters = JSON.parse(await target.command('dlq', 'list', '--json')) as unknown[];
    expect(letters).toEqual([]);
  }, 1_500_000);

  it('keeps its passwords at an upgrade', async () => {
    const passwords = () => kubectl('get', 'secret', 'opensync-passwords', '--output', 'jsonpath={.data}');
    const before = await passwords();
    await upgradeChart('ingest.podAnnotations.again=yes');
    expect(await passwords()).toBe(before);
  }, 700_000);

  it('prepares an upgrade again after the Job was killed half-way', async () => {
    const upgrading = upgradeChart('query.podAnnotations.again=yes');
    await waitFor(
      async () => (await kubectl('get', 'pods', '-l', 'app.kubernetes.io/component=prepare', '-o', 'name')) !== '',
      { timeoutMs: 120_000, intervalMs: 200, what: 'the Job before the upgrade' },
    );
    await kubectl('delete', 'pods', '-l', 'app.kubernetes.io/component=prepare', '--grace-period=0', '--force');
    await upgrading;
    expect(await target.command('doctor')).toContain('nats-server');
  }, 700_000);
});
