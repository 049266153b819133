import { waitFor } from '@opensync/testkit';
import { upgradeChart } from './harness/chart.ts';
import { attachToCluster, type ClusterTarget, isReady, kubectl, podsOf } from './harness/cluster.ts';
import { figure } from './harness/figure.ts';
import { keptBy } from './harness/kept.ts';
import { Load } from './harness/load.ts';
import { searchable } from './harness/settled.ts';

const HERE = process.env.OPENSYNC_E2E_TARGET === 'chart';
/** Unset where KEDA is not installed. */
const HAS_KEDA = Boolean(process.env.OPENSYNC_E2E_KEDA);
const CLIENTS = 12;
/** As many as take a node some tens of seconds. */
const MESSAGES = 2000;
const PATIENCE_MS = 240_000;

(HERE ? describe : describe.skip)('scaling on Kubernetes (runs in deploy/k8s/cluster-test.sh)', () => {
  let target: ClusterTarget;
  beforeAll(async () => {
    target = await attachToCluster();
  }, 300_000);

  it.each([1, 3])(
    'stores and indexes what clients send as fast as they can, with %i projectors',
    async (replicas) => {
      await kubectl('scale', 'deploy/opensync-projector-all', `--replicas=${replicas}`);
      const isScaled = async () => {
        const pods = await podsOf('projector-all');
        return pods.length === replicas && pods.every(isReady);
      };
      await waitFor(isScaled, { timeoutMs: PATIENCE_MS, intervalMs: 500, what: `${replicas} projectors` });
      await using load = new Load([await target.api(`ada@rate-${replicas}.example.com`)], CLIENTS, {
        patienceMs: PATIENCE_MS,
      });
      const startedAt = performance.now();
      await load.progress(MESSAGES);
      await load.stop();
      const perSecond = () => Math.round((1000 * load.acknowledged) / (performance.now() - startedAt));
      figure(`messages acknowledged per second, ${replicas} projectors`, perSecond());
      const [{ api, positions }] = load.ledgers as [(typeof load.ledgers)[number]];
      // Those of all clients that were under way last.
      for (const position of positions.slice(-CLIENTS)) await searchable(api, position);
      figure(`messages searchable per second, ${replicas} projectors`, perSecond());
      await keptBy(load);
    },
    900_000,
  );

  (HAS_KEDA ? it : it.skip)(
    `runs more projectors while there is a backlog, no embedder without one, and fewer again${HAS_KEDA ? '' : ' (not run: needs KEDA)'}`,
    async () => {
      await upgradeChart(
        'projectorDefaults.keda.enabled=true',
        'projectorDefaults.keda.minReplicas=1',
        'projectorDefaults.keda.maxReplicas=3',
        'projectorDefaults.keda.lagThreshold=50',
        'projectorDefaults.keda.pollingSeconds=5',
        'projectorDefaults.keda.cooldownSeconds=15',
        'embedder.keda.enabled=true',
        'embedder.keda.pollingSeconds=5',
        'embedder.keda.cooldownSeconds=15',
      );
      const replicasOf = async (part: string) =>
        Number((await kubectl('get', `deploy/opensync-${part}`, '--output', 'jsonpath={.spec.replicas}')) || '0');
      const patient = { timeoutMs: 300_000, intervalMs: 1000 };
      await waitFor(async () => (await replicasOf('embedder')) === 0, { ...patient, what: 'no embedder' });
      await using load = new Load([await target.api('ada@scale.example.com')], CLIENTS, { patienceMs: PATIENCE_MS });
      const startedAt = performance.now();
      const since = () => Math.round((performance.now() - startedAt) / 1000);
      await waitFor(async () => (await replicasOf('embedder')) >= 1, { ...patient, what: 'an embedder' });
      figure('first embedder after seconds', since());
      await waitFor(async () => (await replicasOf('projector-all')) >= 2, { ...patient, what: 'more projectors' });
      figure('more projectors after seconds', since());
      await load.stop();
      figure('messages acknowledged by then', load.acknowledged);
      const stoppedAt = performance.now();
      await keptBy(load);
      await waitFor(async () => (await replicasOf('projector-all')) === 1 && (await replicasOf('embedder')) === 0, {
        timeoutMs: 900_000,
        intervalMs: 2000,
        what: 'the scale of before',
      });
      figure(
        'one projector and no embedder again, seconds after the load',
        Math.round((performance.now() - stoppedAt) / 1000),
      );
    },
    1_800_000,
  );
});
