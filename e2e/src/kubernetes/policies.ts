import { type KubernetesObject, selects, type Workload } from './objects.ts';

/** A part of the installation, as policies see it. */
export interface Component {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Peer {
  readonly podSelector?: Parameters<typeof selects>[0];
  readonly namespaceSelector?: unknown;
  readonly ipBlock?: unknown;
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number }[];
}

interface Policy {
  readonly podSelector: Parameters<typeof selects>[0];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

export const componentOf = ({ component, podLabels }: Workload): Component => ({ name: component, labels: podLabels });

const policiesFor = (objects: readonly KubernetesObject[], { labels }: Component): Policy[] =>
  objects
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ spec }) => spec as Policy)
    .filter(({ podSelector }) => selects(podSelector, labels));

/** A peer of the same namespace; one with `namespaceSelector` or `ipBlock` is elsewhere. */
const isHere = (peer: Peer, { labels }: Component) =>
  peer.podSelector !== undefined && peer.namespaceSelector === undefined && selects(peer.podSelector, labels);

/** The ports through which the policies let each component reach each other one: `ingest → nats:4222`, sorted. */
export function allowedBetween(objects: readonly KubernetesObject[], components: readonly Component[]): string[] {
  const found = new Set<string>();
  for (const client of components) {
    const out = policiesFor(objects, client).flatMap(({ egress = [] }) => egress);
    for (const server of components) {
      const into = policiesFor(objects, server).flatMap(({ ingress = [] }) => ingress);
      const portsOf = (rules: readonly Rule[], side: 'from' | 'to', other: Component) =>
        rules.flatMap((rule) =>
          rule[side]?.some((peer) => isHere(peer, other)) ? (rule.ports ?? []).map(({ port }) => port) : [],
        );
      const accepted = portsOf(into, 'from', client);
      for (const port of portsOf(out, 'to', server))
        if (accepted.includes(port)) found.add(`${client.name} → ${server.name}:${port}`);
    }
  }
  return [...found].sort();
}

/** The components that the policies let reach addresses outside of the cluster. */
export function egressOutside(objects: readonly KubernetesObject[], components: readonly Component[]): string[] {
  return components
    .filter((component) =>
      policiesFor(objects, component)
        .flatMap(({ egress = [] }) => egress)
        // A rule without `to` is about every address.
        .some(({ to }) => to === undefined || to.some(({ ipBlock }) => ipBlock !== undefined)),
    )
    .map(({ name }) => name);
}
