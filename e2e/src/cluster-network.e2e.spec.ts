import { attachToCluster, kubectl, kubectlIn, NAMESPACE } from './harness/cluster.ts';
import { waitFor } from '@opensync/testkit';

const HERE = process.env.OPENSYNC_E2E_TARGET === 'cluster';
const STRANGERS = 'opensync-strangers';
const CONNECT_MS = 5000;

/** Everything that listens, by its name in the cluster. */
const LISTENERS = {
  nats: ['opensync-nats', 4222],
  monitor: ['opensync-nats-headless', 8222],
  mongodb: ['opensync-mongodb', 27017],
  elasticsearch: ['opensync-elasticsearch', 9200],
  qdrant: ['opensync-qdrant', 6333],
  ingest: ['opensync-ingest', 3211],
  query: ['opensync-query', 3211],
  metrics: ['opensync-query', 9464],
  embeddings: ['opensync-embeddings', 8080],
  edge: ['opensync-edge', 80],
} as const satisfies Record<string, readonly [string, number]>;
type Listener = keyof typeof LISTENERS;
const NAMES = Object.keys(LISTENERS) as Listener[];

/** What each part must reach; everything else must be out of its reach. */
const NEEDS: Readonly<Record<string, readonly Listener[]>> = {
  // The edge itself is open to everybody, but not every pod may go there.
  ingest: ['nats', 'mongodb'],
  query: ['nats', 'mongodb', 'elasticsearch', 'qdrant'],
  'projector-all': ['nats', 'mongodb', 'elasticsearch', 'qdrant'],
  embedder: ['nats', 'embeddings'],
  wrapped: ['nats', 'mongodb'],
  keeper: ['nats'],
};

/** Runs in a pod: prints the names of those that accept a connection. */
const probe = (domain: string) => `
  const { connect } = require('node:net');
  const listeners = ${JSON.stringify(LISTENERS)};
  Promise.all(Object.entries(listeners).map(([name, [host, port]]) => new Promise((resolve) => {
    const socket = connect({ host: host + ${JSON.stringify(domain)}, port, timeout: ${CONNECT_MS} });
    const end = (reached) => { socket.destroy(); resolve(reached ? [name] : []); };
    socket.once('connect', () => end(true)).once('timeout', () => end(false)).once('error', () => end(false));
  }))).then((found) => console.log(JSON.stringify(found.flat())));`;

async function reachedFrom(part: string): Promise<Listener[]> {
  const output = await kubectl('exec', `deploy/opensync-${part}`, '--', 'node', '-e', probe(''));
  const reached = JSON.parse(output.trim().split('\n').at(-1)!) as Listener[];
  // No policy keeps a pod from itself.
  return reached.filter((name) => LISTENERS[name][0] !== `opensync-${part}`);
}

/** Removes the policy until what must then be true is true, and puts it back. */
async function without(policy: string, isTrue: () => Promise<boolean>): Promise<void> {
  const { apiVersion, kind, metadata, spec } = JSON.parse(
    await kubectl('get', 'networkpolicy', policy, '--output', 'json'),
  ) as { apiVersion: string; kind: string; metadata: { name: string; labels: object }; spec: object };
  await kubectl('delete', 'networkpolicy', policy);
  try {
    await waitFor(isTrue, { timeoutMs: 30_000, intervalMs: 200, what: `a denial without ${policy}` });
  } finally {
    const { name, labels } = metadata;
    await kubectlIn(
      NAMESPACE,
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion, kind, metadata: { name, labels }, spec }),
    );
  }
}

(HERE ? describe : describe.skip)('network policies (runs in deploy/k8s/cluster-test.sh)', () => {
  beforeAll(async () => {
    await attachToCluster();
    const image = await kubectl(
      'get',
      'deploy/opensync-query',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    );
    await kubectl('create', 'namespace', STRANGERS);
    await kubectlIn(STRANGERS, ['apply', '-f', '-'], JSON.stringify(strangerOf(image)));
    await kubectlIn(STRANGERS, ['wait', '--for=condition=Ready', 'pod/stranger', '--timeout=120s']);
  }, 300_000);
  afterAll(() => kubectl('delete', 'namespace', STRANGERS, '--ignore-not-found', '--wait=false'));

  it('let a pod of another namespace reach the edge, and nothing else', async () => {
    const script = probe(`.${NAMESPACE}.svc.cluster.local`);
    const reached = async () =>
      JSON.parse((await kubectlIn(STRANGERS, ['exec', 'stranger', '--', 'node', '-e', script])).trim()) as Listener[];
    expect(await reached()).toEqual(['edge']);
  }, 60_000);

  it('let the edge reach ingest and query: not without opensync-gateways', async () => {
    const reaches = async (service: string) => {
      const script = `timeout 3 wget -q -O /dev/null http://opensync-${service}:3211/livez && echo reached`;
      return (await kubectl('exec', 'deploy/opensync-edge', '--', 'sh', '-c', `${script} || true`)).includes('reached');
    };
    expect([await reaches('ingest'), await reaches('query')]).toEqual([true, true]);
    await without('opensync-gateways', async () => !(await reaches('query')));
  }, 120_000);

  it.each(Object.entries(NEEDS))(
    'let %s reach what it needs, and nothing else',
    async (part, needs) => {
      expect(await reachedFrom(part)).toEqual(NAMES.filter((name) => needs.includes(name)));
    },
    60_000,
  );

  it.each([
    ['opensync-names', 'query'],
    ['opensync-to-log', 'keeper'],
    ['opensync-nats', 'keeper'],
    ['opensync-to-mongodb', 'ingest'],
    ['opensync-mongodb', 'ingest'],
    ['opensync-to-elasticsearch', 'query'],
    ['opensync-elasticsearch', 'query'],
    ['opensync-to-qdrant', 'query'],
    ['opensync-qdrant', 'query'],
    ['opensync-to-embedding', 'embedder'],
    ['opensync-embeddings', 'embedder'],
  ])(
    'each is needed: without %s, %s does not reach everything',
    async (policy, part) => {
      const needs = NEEDS[part]!;
      const reachesAll = async () => {
        const reached = await reachedFrom(part);
        return needs.every((name) => reached.includes(name));
      };
      await without(policy, async () => !(await reachesAll()));
      await waitFor(reachesAll, { timeoutMs: 30_000, what: 'the way back' });
    },
    120_000,
  );
});

function strangerOf(image: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stranger' },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'stranger', image, command: ['sleep', 'infinity'] }],
    },
  };
}
