import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { inboxPrefixOf } from '@opensync/event-log/permissions';
import { waitFor } from '@opensync/testkit';
import { Api } from './api.ts';
import { Keys } from './command.ts';
import { readStatus, type Status } from './status.ts';
import type { Ending, Target } from './target.ts';

const run = promisify(execFile);
const START_TIMEOUT_MS = 240_000;
export const NAMESPACE = 'opensync';
/** What may be killed at any time. The stores are left alone: stand-ins keep their data in memory. */
export const PARTS = [
  'edge',
  'ingest',
  'query',
  'projector-all',
  'embedder',
  'embeddings',
  'wrapped',
  'keeper',
  'nats',
] as const;
export type Part = (typeof PARTS)[number];

export const labelOf = (part: string) => `app.kubernetes.io/component=${part}`;

/** `kubectl …` in the namespace of the installation; resolves with its output. */
export async function kubectl(...args: string[]): Promise<string> {
  return kubectlIn(NAMESPACE, args);
}

export async function kubectlIn(namespace: string, args: readonly string[], stdin = ''): Promise<string> {
  const running = run('kubectl', ['--namespace', namespace, ...args], {
    env: process.env,
    maxBuffer: 64 * 1024 * 1024,
  });
  running.child.stdin!.on('error', () => undefined).end(stdin);
  return (await running).stdout;
}

export interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly name: string; readonly restartCount: number }[];
    readonly initContainerStatuses?: readonly { readonly name: string; readonly restartCount: number }[];
  };
}

/** The pods of a part, or of the installation, but those that are about to end. */
export async function podsOf(part?: string): Promise<Pod[]> {
  const selector = part === undefined ? 'app.kubernetes.io/part-of=opensync' : labelOf(part);
  const { items } = JSON.parse(await kubectl('get', 'pods', '--selector', selector, '--output', 'json')) as {
    items: Pod[];
  };
  return items.filter(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase !== 'Succeeded',
  );
}

export const isReady = ({ status }: Pod) =>
  status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;

/** How often containers of these pods ended and were started again. */
export const restartsOf = (pods: readonly Pod[]) =>
  pods
    .flatMap(({ status }) => [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);

/** The installation of deploy/k8s/cluster-test.sh, shared by all spec files: each has its own workspace in it. */
export class ClusterTarget implements Target {
  readonly url: string;
  readonly isShared = true;
  readonly #workspace = `e2e-${randomUUID()}`;
  readonly #keys = new Keys((...args) => this.command(...args));

  constructor(url: string) {
    this.url = url;
  }

  async api(email: string, workspace?: string): Promise<Api> {
    const owner = ['--user', email, '--workspace', workspace ? `${this.#workspace}-${workspace}` : this.#workspace];
    return new Api(this.url, await this.#keys.create(...owner));
  }

  async revoke(api: Api): Promise<void> {
    await this.#keys.revoke(api.key);
    for (const path of ['/api/stats', '/sync/sessions/list'])
      await waitFor(async () => (await api.request(path)).status === 401, { what: 'the end of the key' });
  }

  /** The command line in its pod. */
  command(...args: string[]): Promise<string> {
    return kubectl('exec', 'deploy/opensync-cli', '--', 'opensync', ...args);
  }

  async status(): Promise<Status> {
    return readStatus(await this.command('status', '--json'));
  }

  async log(): Promise<{ servers: string; token: undefined; inboxPrefix: string }> {
    const file = await kubectl('exec', 'deploy/opensync-cli', '--', 'cat', '/run/opensync/NATS_URL');
    const address = await kubectl('get', 'service', 'opensync-nats', '--output', 'jsonpath={.spec.clusterIP}');
    return {
      servers: file.replace('opensync-nats:', `${address}:`),
      token: undefined,
      inboxPrefix: inboxPrefixOf('cli'),
    };
  }

  /** Ends a part's pods at once, without asking them. */
  async killPods(...parts: readonly Part[]): Promise<void> {
    const selector = `app.kubernetes.io/component in (${parts.join(',')})`;
    await kubectl('delete', 'pods', '--selector', selector, '--grace-period=0', '--force', '--wait=false');
  }

  kill(): Promise<void> {
    return this.killPods(...PARTS);
  }

  /** Kubernetes does; resolves when everything is ready. */
  async start(): Promise<void> {
    await waitFor(
      async () => {
        const pods = await podsOf();
        return pods.every(isReady) && (await fetch(`${this.url}/readyz`).catch(() => undefined))?.ok === true;
      },
      { timeoutMs: START_TIMEOUT_MS, intervalMs: 500, what: 'the start of all pods' },
    );
  }

  async killLog(): Promise<void> {
    await this.killPods('nats');
    await this.start();
  }

  interrupt(): Promise<Ending> {
    throw new Error('Kubernetes replaces what is interrupted: cluster.e2e.spec.ts ends pods under load');
  }

  /** Its data goes with the installation. */
  async stop(): Promise<void> {}
}

/** The installation of this test run, serving. */
export async function attachToCluster(): Promise<ClusterTarget> {
  const url = process.env.OPENSYNC_E2E_URL;
  if (!url) throw new Error('OPENSYNC_E2E_URL is not set: run npm run test:cluster');
  const target = new ClusterTarget(url);
  await target.start();
  return target;
}
