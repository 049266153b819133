import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { allowedBetween, componentOf, egressOutside } from './kubernetes/policies.ts';
import {
  committed,
  type KubernetesObject,
  mebibytes,
  REPOSITORY,
  type Workload,
  workloadsOf,
} from './kubernetes/objects.ts';

interface ComposeService {
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly (string | object)[];
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly deploy: { readonly resources: { readonly limits: { readonly memory: string } } };
}

/** What a service of docker-compose.yml is called here, where the name differs. */
const COMPONENTS: Readonly<Record<string, string>> = { mongo: 'mongodb', projector: 'projector-all' };
/** What answers in each network of docker-compose.yml, and on which port. */
const SERVERS: Readonly<Record<string, readonly (readonly [service: string, port: number])[]>> = {
  gateways: [
    ['ingest', 3211],
    ['query', 3211],
  ],
  log: [['nats', 4222]],
  documents: [['mongo', 27017]],
  search: [['elasticsearch', 9200]],
  vectors: [['qdrant', 6333]],
  embeddings: [['embeddings', 8080]],
};
/** Settings that say what a process is; all others are for the administrator. */
const OF_THE_PROCESS = ['NATS_INBOX_PREFIX', 'OPENSYNC_LOG_KEEPER'];
const nameOf = (service: string) => COMPONENTS[service] ?? service;
/** `${NAME:-default}` as it is where the variable is not set. */
const unset = (value: string) =>
  value.replace(/\$\{[A-Z_]+(?::-([^}]*))?\}/g, (_all, fallback?: string) => fallback ?? '');
const inMebibytes = (memory: string) => mebibytes(memory.replace(/m$/, 'Mi').replace(/g$/, 'Gi'));

describe('Kubernetes runs what docker-compose.yml runs', () => {
  let services: Record<string, ComposeService>;
  let objects: KubernetesObject[];
  let workloads: Workload[];
  const workloadOf = (service: string) => workloads.find(({ component }) => component === nameOf(service));

  beforeAll(async () => {
    const text = await readFile(join(REPOSITORY, 'docker-compose.yml'), 'utf8');
    ({ services } = parse(text, { merge: true }) as { services: Record<string, ComposeService> });
    objects = await committed();
    workloads = workloadsOf(objects);
    expect(Object.keys(services).length).toBeGreaterThan(12);
  });

  it('has a workload for each service, and none besides', () => {
    const wanted = Object.keys(services).map(nameOf);
    expect(workloads.map(({ component }) => component).toSorted()).toEqual(wanted.toSorted());
  });

  it('starts the same program with the same memory, and as the same process', () => {
    for (const [service, { command, environment = {}, deploy, entrypoint }] of Object.entries(services)) {
      const container = workloadOf(service)!.pod.containers[0]!;
      // Its work is a request to Kubernetes instead of files.
      if (service === 'secrets') continue;
      const memory = [service, mebibytes(container.resources.limits.memory)];
      expect(memory).toEqual([service, inMebibytes(deploy.resources.limits.memory)]);
      if (entrypoint === undefined && container.image.startsWith('opensync:'))
        expect([service, container.args]).toEqual([service, command]);
      for (const name of OF_THE_PROCESS.filter((each) => each in environment)) {
        const value = container.env!.find((variable) => variable.name === name)?.value;
        expect([service, name, value]).toEqual([service, name, unset(environment[name]!)]);
      }
    }
  });

  it('mounts the passwords of the same holder', () => {
    for (const [service, { volumes = [] }] of Object.entries(services)) {
      if (service === 'secrets') continue;
      const given = volumes.flatMap((volume) =>
        typeof volume === 'string' ? [/^secrets-([a-z]+):/.exec(volume)?.[1] ?? []] : [],
      );
      const generated = new Set(['stores', 'embedding', 'login', 'mail'].map((name) => `opensync-${name}`));
      const mounted = (workloadOf(service)!.pod.volumes ?? []).flatMap(({ secret, projected }) => [
        ...(secret ? [secret.secretName] : []),
        ...(projected?.sources ?? []).map((source) => source.secret.name),
      ]);
      const wanted = given
        .flat()
        .map((holder) => `opensync-${nameOf(holder) === 'projector-all' ? 'projector' : nameOf(holder)}`);
      expect([service, mounted.filter((name) => !generated.has(name))]).toEqual([service, wanted]);
    }
  });

  it('lets the same parts reach each other, and nothing else', () => {
    const wanted = Object.entries(SERVERS).flatMap(([network, servers]) => {
      const members = Object.keys(services).filter((service) => services[service]!.networks?.includes(network));
      const serving = servers.map(([server]) => server);
      return servers.flatMap(([server, port]) =>
        members
          // Its clients share a network there; here they do not reach each other.
          .filter((client) => !serving.includes(client))
          .map((client) => `${nameOf(client)} → ${nameOf(server)}:${port}`),
      );
    });
    expect(allowedBetween(objects, workloads.map(componentOf))).toEqual(wanted.toSorted());
  });

  it('lets the same parts out', () => {
    const out = Object.keys(services).filter((service) => services[service]!.networks?.includes('outside'));
    expect(egressOutside(objects, workloads.map(componentOf)).toSorted()).toEqual(
      [...out.map(nameOf), 'secrets'].toSorted(),
    );
  });
});
