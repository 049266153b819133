import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSettingOf, SECRET_SETTINGS, settingsSchema } from '@opensync/platform';
import { Ajv } from 'ajv';
import {
  committed,
  containersOf,
  isLongRunning,
  type KubernetesObject,
  mebibytes,
  millicores,
  REPOSITORY,
  selects,
  type Workload,
  workloadsOf,
} from './kubernetes/objects.ts';

/** Kinds of others, which the cluster of `npm run test:cluster` checks. */
const KINDS_OF_OTHERS = [
  'keda.sh/v1alpha1/ScaledObject',
  'monitoring.coreos.com/v1/PodMonitor',
  'monitoring.coreos.com/v1/PrometheusRule',
];
/** Variables that are no settings of OpenSync, by the images that read them. */
const OWN_VARIABLES = [
  'NODE_OPTIONS',
  'OPENSYNC_INSTALLATION',
  'OPENSYNC_NAMESPACE',
  'OPENSYNC_NATS_SERVERS',
  'OPENSYNC_STORES',
];
/** How long a service takes at most for what is in progress, after its drain. */
const FINISH_S = 9;

interface Schemas {
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: object;
}

const idOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata.name}`;
const scalersOf = (objects: readonly KubernetesObject[]) =>
  objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject');
const policiesOf = (objects: readonly KubernetesObject[]) => objects.filter(({ kind }) => kind === 'NetworkPolicy');
const isOurs = (image: string) => /^opensync:/.test(image);
const names = (workloads: readonly Workload[]) => workloads.map(idOf);

async function mistakes(objects: readonly KubernetesObject[]): Promise<string[]> {
  const text = await readFile(new URL('fixtures/kubernetes-schemas.json', import.meta.url), 'utf8');
  const { kinds, definitions } = JSON.parse(text) as Schemas;
  const ajv = new Ajv({ strict: false, allErrors: true, allowUnionTypes: true });
  ajv.addSchema({ $id: 'kubernetes', definitions });
  return objects.flatMap((object) => {
    const type = `${object.apiVersion}/${object.kind}`;
    if (KINDS_OF_OTHERS.includes(type)) return [];
    const definition = kinds[type];
    if (definition === undefined) return [`${type} is unknown`];
    const validate = ajv.getSchema(`kubernetes#/definitions/${definition}`)!;
    if (validate(object)) return [];
    return validate.errors!.map(
      ({ instancePath, message, params }) => `${idOf(object)}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  });
}

describe.each([['base'], ['dev'], ['prod']] as const)('the objects of deploy/k8s: %s', (name) => {
  let objects: KubernetesObject[];
  let workloads: Workload[];
  beforeAll(async () => {
    objects = await committed(name === 'base' ? undefined : name);
    workloads = workloadsOf(objects);
    expect(workloads.length).toBeGreaterThan(9);
  });

  it('are what Kubernetes 1.34 knows, without a field that it does not', async () => {
    expect(await mistakes(objects)).toEqual([]);
  });

  it('have each name once, and one namespace', () => {
    const ids = objects.map(idOf);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['opensync']));
  });

  it('have pods that the restricted Pod Security Standard allows', () => {
    for (const workload of workloads) {
      const { pod } = workload;
      expect([idOf(workload), pod.securityContext]).toEqual([
        idOf(workload),
        expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }),
      ]);
      expect(pod).not.toHaveProperty('hostNetwork');
      expect((pod.volumes ?? []).filter(({ hostPath }) => hostPath)).toEqual([]);
      for (const container of containersOf(workload)) {
        expect([idOf(workload), container.name, container.securityContext]).toEqual([
          idOf(workload),
          container.name,
          {
            allowPrivilegeEscalation: false,
            // Elasticsearch writes its password among its configuration.
            readOnlyRootFilesystem: container.name !== 'elasticsearch',
            capabilities: { drop: ['ALL'] },
          },
        ]);
      }
    }
  });

  it('give no pod a token of a service account but the Job that writes the Secrets', () => {
    const withToken = workloads.filter(({ pod }) => pod.automountServiceAccountToken !== false);
    expect(names(withToken)).toEqual(['Job/opensync-secrets']);
    expect(withToken[0]!.pod.serviceAccountName).toBe('opensync-secrets');
  });

  it('limit the memory of each container, and size heaps by it', () => {
    for (const workload of workloads) {
      for (const { name: container, env = [], resources, image } of containersOf(workload)) {
        const limit = mebibytes(resources.limits.memory);
        expect(mebibytes(resources.requests.memory)).toBeLessThanOrEqual(limit);
        expect(millicores(resources.requests.cpu)).toBeGreaterThan(0);
        const heap = /--max-old-space-size=(\d+)/.exec(env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '');
        if (heap) expect(Number(heap[1])).toBeLessThan(limit * 0.7);
        else
          expect([idOf(workload), container, isOurs(image) && isLongRunning(workload)]).toContain(
            container === 'wait-for-log',
          );
      }
    }
  });

  it('set each variable once, none of them a secret, and only settings that exist', () => {
    const secrets = [...SECRET_SETTINGS, ...SECRET_SETTINGS.map(fileSettingOf)] as string[];
    for (const workload of workloads) {
      for (const { env = [], image } of containersOf(workload)) {
        const variables = env.map(({ name }) => name);
        expect(variables.filter((variable, at) => variables.indexOf(variable) !== at)).toEqual([]);
        expect(variables.filter((variable) => secrets.includes(variable))).toEqual([]);
        if (!isOurs(image)) continue;
        const known = (variable: string) => variable in settingsSchema.shape || OWN_VARIABLES.includes(variable);
        expect([idOf(workload), variables.filter((variable) => !known(variable))]).toEqual([idOf(workload), []]);
      }
    }
  });

  it('mount only Secrets that the Job writes, or that may be missing', () => {
    const role = objects.find(({ kind }) => kind === 'Role')!;
    const written = role.rules!.flatMap(({ resourceNames = [] }) => resourceNames);
    const mounted = workloads.flatMap(({ pod }) =>
      (pod.volumes ?? []).flatMap(({ secret, projected }) => [
        ...(secret ? [secret.secretName] : []),
        ...(projected?.sources ?? []).filter((source) => !source.secret.optional).map((source) => source.secret.name),
      ]),
    );
    expect(mounted.length).toBeGreaterThan(6);
    expect(mounted.filter((secret) => !written.includes(secret))).toEqual([]);
    // From which all others follow: nobody mounts it.
    expect(mounted).not.toContain('opensync-passwords');
  });

  it('ask each long-running container whether it has started, is ready and lives', () => {
    for (const workload of workloads.filter(isLongRunning)) {
      for (const container of workload.pod.containers) {
        const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
        const isWithout = ['cli', 'exporter'].includes(container.name);
        expect([container.name, probes.filter(Boolean).length]).toEqual([container.name, isWithout ? 0 : 3]);
      }
    }
  });

  it('drain what clients reach for longer than the network takes to notice, and kill nothing before its time', () => {
    const drained = workloads.filter(({ component }) => ['ingest', 'query'].includes(component));
    expect(drained).toHaveLength(2);
    for (const { pod } of drained) {
      const [{ lifecycle, env }] = pod.containers as [Workload['pod']['containers'][number]];
      const seconds = lifecycle!.preStop.sleep!.seconds;
      const drain = Number(env!.find(({ name: variable }) => variable === 'OPENSYNC_DRAIN_SECONDS')!.value);
      expect(seconds).toBeGreaterThanOrEqual(7);
      // Long enough for the edge to use most of the connections that it keeps.
      expect(drain).toBeGreaterThanOrEqual(5);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(seconds + drain + FINISH_S);
    }
    // Names of single pods would be known to the edge for as long as name servers keep them, which is longer than any drain.
    for (const { component } of drained) {
      const service = objects.find(
        ({ kind, metadata }) => kind === 'Service' && metadata.name === `opensync-${component}`,
      )!;
      expect(service.spec.clusterIP).toBeUndefined();
    }
    const edge = workloads.find(({ component }) => component === 'edge')!;
    expect(edge.pod.containers[0]!.lifecycle!.preStop.exec).toBeDefined();
  });

  it('leave the replicas to the scaler of a Deployment, of which there is one at most', () => {
    const targets = scalersOf(objects).map(
      ({ spec }) => (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name,
    );
    expect(targets.filter((target, at) => targets.indexOf(target) !== at)).toEqual([]);
    for (const { kind, metadata, spec } of workloads) {
      if (kind !== 'Deployment') continue;
      expect([metadata.name, spec.replicas !== undefined]).toEqual([metadata.name, !targets.includes(metadata.name)]);
    }
    const deployments = workloads.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name);
    expect(targets.filter((target) => !deployments.includes(target))).toEqual([]);
  });

  it('have Services and disruption budgets that select pods, and ports that these have', () => {
    for (const { kind, metadata, spec } of objects) {
      if (kind !== 'Service' && kind !== 'PodDisruptionBudget') continue;
      const selector = kind === 'Service' ? { matchLabels: spec.selector } : spec.selector;
      const selected = workloads.filter(({ podLabels }) => selects(selector, podLabels));
      expect([metadata.name, selected.length]).toEqual([metadata.name, 1]);
      const ports = selected[0]!.pod.containers.flatMap(({ ports: has = [] }) => has.map(({ name: port }) => port));
      for (const { targetPort } of (spec.ports ?? []) as { targetPort: string }[]) expect(ports).toContain(targetPort);
    }
  });

  it('deny every pod all traffic that no other policy names, and name only pods that exist', () => {
    const [denial, ...others] = policiesOf(objects).sort((a) => (a.metadata.name === 'opensync-deny-all' ? -1 : 1));
    expect(denial!.spec).toEqual({ podSelector: expect.anything(), policyTypes: ['Ingress', 'Egress'] });
    for (const { podLabels } of workloads) expect(selects(denial!.spec.podSelector, podLabels)).toBe(true);
    const components = workloads.map(({ component }) => component);
    // This Job is not in the base: Helm alone runs something before an upgrade.
    const known = [...components, 'prepare'];
    for (const policy of others) {
      const mentioned = [...JSON.stringify(policy.spec).matchAll(/"app.kubernetes.io\/component":"([^"]+)"/g)].map(
        ([, component]) => component!,
      );
      const listed = [...JSON.stringify(policy.spec).matchAll(/"operator":"In","values":\[([^\]]*)\]/g)].flatMap(
        ([, values]) => JSON.parse(`[${values!}]`) as string[],
      );
      expect([policy.metadata.name, [...mentioned, ...listed].filter((one) => !known.includes(one))]).toEqual([
        policy.metadata.name,
        [],
      ]);
    }
  });
});

describe('the overlay dev', () => {
  it('asks for about one processor core', async () => {
    const workloads = workloadsOf(await committed('dev')).filter(isLongRunning);
    const requested = workloads.map(({ pod, spec }) => {
      const each = pod.containers.reduce((sum, { resources }) => sum + millicores(resources.requests.cpu), 0);
      return each * (spec.replicas as number);
    });
    expect(requested.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(1000);
    expect(workloads.filter(({ spec }) => spec.replicas !== 1)).toEqual([]);
  });

  it('syncs the log, which has one copy, before it acknowledges', async () => {
    const configuration = (await committed('dev')).find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'opensync-nats',
    )!.data!['nats-server.conf']!;
    expect(configuration).toMatch(/^ +sync_interval: always$/m);
    expect(configuration).not.toContain('cluster {');
  });
});

describe('the overlay prod', () => {
  let objects: KubernetesObject[];
  beforeAll(async () => {
    objects = await committed('prod');
  });

  it('runs three NATS servers, started together, in three zones', () => {
    const nats = workloadsOf(objects).find(({ component }) => component === 'nats')!;
    expect(nats.spec).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel' });
    expect(nats.pod.topologySpreadConstraints).toContainEqual(
      expect.objectContaining({ topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' }),
    );
    expect(JSON.stringify(nats.pod.containers[0]!.startupProbe)).toContain('js-server-only=true');
  });

  it('scales projectors and the embedder by the backlog of consumers that exist, with a fallback', () => {
    const scaled = objects.filter(({ kind }) => kind === 'ScaledObject');
    expect(scaled.map(({ metadata }) => metadata.name).sort()).toEqual([
      'opensync-embedder',
      'opensync-projector-documents',
      'opensync-projector-search',
      'opensync-projector-vectors',
    ]);
    for (const { spec } of scaled) {
      expect(spec.fallback).toMatchObject({ failureThreshold: 3, replicas: expect.any(Number) });
      for (const { metadata } of spec.triggers as { metadata: Record<string, string> }[]) {
        expect([metadata.stream, metadata.consumer]).toEqual([
          metadata.consumer === 'documents' ? 'EVENTS' : 'CHANGES',
          expect.stringMatching(/^(documents|search|vectors)$/),
        ]);
      }
    }
  });

  it('runs no store', () => {
    const stores = workloadsOf(objects).filter(({ component }) => /mongodb|elasticsearch|qdrant/.test(component));
    expect(names(stores)).toEqual([]);
  });

  it('has requests of memory that are its limits', () => {
    // The edge and the command line use far less than they may most of the time.
    const workloads = workloadsOf(objects).filter(({ component }) => !['edge', 'cli', 'nats'].includes(component));
    for (const { pod } of workloads) {
      for (const { resources } of pod.containers) expect(resources.requests.memory).toBe(resources.limits.memory);
    }
  });
});

it('the images are pinned, and those of docker-compose.yml', async () => {
  const list = (await readFile(join(REPOSITORY, 'deploy/k8s/images.txt'), 'utf8')).trim().split('\n');
  const compose = await readFile(join(REPOSITORY, 'docker-compose.yml'), 'utf8');
  const theirs = Array.from(compose.matchAll(/^ +image: (?!\$)(\S+)$/gm), ([, image]) => image!);
  expect(list).toEqual(expect.arrayContaining(theirs));
  for (const image of list) expect(image).toMatch(/:v?\d+\.\d[\w.-]*$/);
  const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  // What the repository builds.
  expect(list).toEqual(expect.arrayContaining([`opensync:${version}`, `opensync-embeddings:${version}`]));
});
