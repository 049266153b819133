import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: {
    readonly requests: { readonly cpu: string; readonly memory: string };
    readonly limits: { readonly memory: string };
  };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly lifecycle?: { readonly preStop: { readonly sleep?: { readonly seconds: number }; readonly exec?: unknown } };
  readonly startupProbe?: unknown;
  readonly readinessProbe?: unknown;
  readonly livenessProbe?: unknown;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly terminationGracePeriodSeconds?: number;
  readonly automountServiceAccountToken?: boolean;
  readonly serviceAccountName: string;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string; readonly whenUnsatisfiable: string }[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string };
    readonly hostPath?: unknown;
    readonly projected?: {
      readonly sources: readonly { readonly secret: { readonly name: string; readonly optional?: boolean } }[];
    };
  }[];
}

/** An object, with the parts of its specification that the tests look at. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly rules?: readonly { readonly resourceNames?: readonly string[] }[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as many shapes as kinds
  readonly spec?: any;
}

export interface Workload extends KubernetesObject {
  readonly component: string;
  readonly pod: PodSpec;
  readonly podLabels: Readonly<Record<string, string>>;
}

const script = (name: string) => pathToFileURL(join(REPOSITORY, 'scripts/chart', name)).href;

/** The objects of the base, or of the base with a component, from the committed files. */
export async function committed(component?: 'dev' | 'prod'): Promise<KubernetesObject[]> {
  const module = (await import(script('committed.mjs'))) as {
    committed: (component?: string) => KubernetesObject[];
  };
  return module.committed(component);
}

/** The paths of Helm 3 and Helm 4, as far as this machine has them. */
export async function findHelms(): Promise<string[]> {
  const { findHelm } = (await import(script('helm.mjs'))) as { findHelm: (major: number) => string | undefined };
  return [findHelm(3), findHelm(4)].filter((path) => path !== undefined);
}

/** What one Helm renders with these options. @throws with what Helm reports */
export async function rendered(helm: string, options: readonly string[] = []): Promise<KubernetesObject[]> {
  const [{ template }, { parseObjects }] = (await Promise.all([
    import(script('helm.mjs')),
    import(script('objects.mjs')),
  ])) as [
    { template: (helm: string, options: readonly string[]) => string },
    { parseObjects: (text: string) => KubernetesObject[] },
  ];
  return parseObjects(template(helm, options));
}

/** What has pods. */
export function workloadsOf(objects: readonly KubernetesObject[]): Workload[] {
  return objects.flatMap((object) => {
    const spec = object.kind === 'CronJob' ? object.spec.jobTemplate.spec : object.spec;
    const template = spec?.template as { metadata: { labels: Record<string, string> }; spec: PodSpec } | undefined;
    if (template?.spec?.containers === undefined) return [];
    const component = template.metadata.labels['app.kubernetes.io/component']!;
    return [{ ...object, component, pod: template.spec, podLabels: template.metadata.labels }];
  });
}

export const isLongRunning = ({ kind }: KubernetesObject) => kind === 'Deployment' || kind === 'StatefulSet';
export const containersOf = ({ pod }: Workload) => [...(pod.initContainers ?? []), ...pod.containers];

export function mebibytes(quantity: string): number {
  const [, number, unit] = /^([\d.]+)(Mi|Gi)$/.exec(quantity)!;
  return Number(number) * (unit === 'Gi' ? 1024 : 1);
}

export function millicores(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values: string[] }[];
}

export function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => operator === 'In' && values.includes(labels[key] ?? ''))
  );
}
