import { waitFor } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { auditDocuments, auditSearch } from './harness/audit.ts';
import { attachToCluster, type ClusterTarget, isReady, kubectl, PARTS, podsOf, restartsOf } from './harness/cluster.ts';
import { figure } from './harness/figure.ts';
import { Load } from './harness/load.ts';
import { seededRandom } from './harness/random.ts';
import { Reader } from './harness/reader.ts';
import { projected } from './harness/settled.ts';

const HERE = process.env.OPENSYNC_E2E_TARGET === 'cluster';
/** How long pods are killed; five minutes before a release. */
const KILLING_MS = Number(process.env.CLUSTER_KILL_SECONDS ?? '60') * 1000;
const SEED = Number(process.env.OPENSYNC_E2E_SEED ?? Date.now() % 1_000_000);
const PAUSE_MS = 100;
/** How long a part that was killed may be away: one after the other, on a machine with other work. */
const RETURN_MS = 240_000;
/** How long requests may fail in 30 days, at an objective of 99.9 %. */
const ERROR_BUDGET_MS = 30 * 24 * 3_600_000 * 0.001;

(HERE ? describe : describe.skip)('the overlay dev on Kubernetes (runs in deploy/k8s/cluster-test.sh)', () => {
  let target: ClusterTarget;
  const everybody: Api[] = [];

  beforeAll(async () => {
    target = await attachToCluster();
  }, 300_000);

  it('was ready at first without the restart of a container', async () => {
    const pods = await podsOf();
    expect(pods.length).toBeGreaterThanOrEqual(10);
    expect(pods.filter((pod) => !isReady(pod)).map(({ metadata }) => metadata.name)).toEqual([]);
    expect(restartsOf(pods)).toBe(0);
  });

  it('finds nothing wrong with itself, once everything has had its first look around', async () => {
    // What is wrong makes the command fail; it prints the same.
    const doctor = () => target.command('doctor').catch(({ stdout }: { stdout: string }) => stdout);
    let found = '';
    const isWell = async () => !/^✗/m.test((found = await doctor()));
    await waitFor(isWell, { timeoutMs: 120_000, intervalMs: 1000 }).catch(() => undefined);
    expect(found).toMatch(/^✓ event log/m);
    expect(found).not.toMatch(/^✗/m);
  }, 180_000);

  it('keeps each acknowledged message once, searchable, while pods are killed at random under load', async () => {
    const random = seededRandom(SEED);
    const apis = await Promise.all(['ada', 'bob'].map((name) => target.api(`${name}@kills.example.com`)));
    everybody.push(...apis);
    await using load = new Load(apis, 6, { pauseMs: PAUSE_MS, patienceMs: RETURN_MS });
    const killed: string[] = [];
    await using reader = new Reader(apis[0]!, PAUSE_MS);
    const began = performance.now();
    const until = began + KILLING_MS;
    while (performance.now() < until) {
      await load.progress(20);
      const part = PARTS[Math.floor(random() * PARTS.length)]!;
      // Half of them may end by themselves, as when a node is drained.
      if (random() < 0.5) await target.killPods(part);
      else await kubectl('delete', 'pods', '--selector', `app.kubernetes.io/component=${part}`, '--wait=false');
      killed.push(part);
      await waitFor(async () => (await podsOf(part)).some(isReady), {
        timeoutMs: RETURN_MS,
        intervalMs: 500,
        what: `the return of ${part}`,
      });
    }
    await reader.stop();
    const seconds = Math.round((performance.now() - began) / 1000);
    await target.start();
    await load.progress(20);
    await load.stop();
    const unacknowledged = load.ledgers.reduce((sum, { unsettled }) => sum + [...unsettled.values()].flat().length, 0);
    expect(killed.length).toBeGreaterThan(0);
    figure('killed', killed);
    figure('acknowledged messages, and attempts without an acknowledgement', [load.acknowledged, unacknowledged]);
    figure('reads, and those without an answer', [reader.asked, reader.failed]);
    figure('seconds of killing, and those without an answer to a reader', [seconds, Math.round(reader.downMs / 1000)]);
    figure(
      'error budget of 30 days at 99.9 %, percent used',
      Math.round((1000 * reader.downMs) / ERROR_BUDGET_MS) / 10,
    );
    for (const ledger of load.ledgers) {
      ledger.sessions.add('the-last');
      await projected(ledger.api, await ledger.api.syncSession({ externalId: 'the-last' }));
      const context = { seed: SEED, unexpected: ledger.unexpected };
      expect({ ...context, problems: await auditDocuments(ledger) }).toEqual({
        seed: SEED,
        unexpected: [],
        problems: [],
      });
      expect({ seed: SEED, problems: await auditSearch(ledger) }).toEqual({ seed: SEED, problems: [] });
    }
  }, 1_200_000);
});
