// Which spec file runs on which deployments, for run-suite.mjs. docs/adr/0040-each-spec-runs-where-it-can-fail.md has the rule.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `all-in-one`: one process on embedded stores. `services`: the services as processes on MongoDB, Elasticsearch and Qdrant.
 * `compose`: the containers of docker-compose.yml. `cluster`: the overlay dev on Kubernetes. `chart`: the chart there.
 * @typedef {'all-in-one' | 'services' | 'compose' | 'cluster' | 'chart'} Deployment
 */

/** Can fail on one deployment and not on another, because containers, networks or volumes take part. @type {Deployment[]} */
const EVERYWHERE = ['all-in-one', 'services', 'compose', 'cluster'];
/** As EVERYWHERE; on Kubernetes, a spec of its own kills pods. @type {Deployment[]} */
const EVERYWHERE_BUT_PODS = ['all-in-one', 'services', 'compose'];
/** What the code does with each kind of store, and across processes; containers run the same code. @type {Deployment[]} */
const BOTH_KINDS_OF_STORES = ['all-in-one', 'services'];
/** Needs the way of a request from its client to a service, and no particular store. @type {Deployment[]} */
const THROUGH_THE_EDGE = ['all-in-one', 'compose'];
/** Is about one deployment, or about none: then it runs with the suite that needs the least. */
const ONLY = /** @type {Record<Deployment, Deployment[]>} */ ({
  'all-in-one': ['all-in-one'],
  services: ['services'],
  compose: ['compose'],
  cluster: ['cluster'],
  chart: ['chart'],
});

/** @type {Readonly<Record<string, readonly Deployment[]>>} */
export const SPECS = {
  // Each process writes the log with its own user of the event log.
  'access-log.e2e': EVERYWHERE,
  'access.e2e': BOTH_KINDS_OF_STORES,
  'all-in-one.cluster.e2e': ONLY['all-in-one'],
  'all-in-one.dev-script.e2e': ONLY['all-in-one'],
  'all-in-one.document-links': ONLY['all-in-one'],
  'all-in-one.documents.e2e': ONLY['all-in-one'],
  'all-in-one.e2e': ONLY['all-in-one'],
  'all-in-one.package-names.e2e': ONLY['all-in-one'],
  'all-in-one.start-script.e2e': ONLY['all-in-one'],
  asvs: ONLY['all-in-one'],
  bundle: ONLY['all-in-one'],
  'claude-code-sync.e2e': BOTH_KINDS_OF_STORES,
  'clients.e2e': THROUGH_THE_EDGE,
  'cluster-backup.e2e': ONLY.chart,
  'cluster-chart.e2e': ONLY.chart,
  'cluster-network.e2e': ONLY.cluster,
  'cluster-scale.e2e': ONLY.chart,
  'cluster.e2e': ONLY.cluster,
  'compose-file': ONLY['all-in-one'],
  'compose-operations.e2e': ONLY.compose,
  'compose-security.e2e': ONLY.compose,
  'compose.e2e': ONLY.compose,
  // In a browser; what it asks of the API is tested on every kind of store.
  'console.e2e': ONLY['all-in-one'],
  // Two of the roles on services.
  'console-roles.e2e': BOTH_KINDS_OF_STORES,
  'console-account.e2e': ONLY['all-in-one'],
  'curation.e2e': BOTH_KINDS_OF_STORES,
  'deletion.e2e': EVERYWHERE,
  'durability.e2e': EVERYWHERE_BUT_PODS,
  // nginx with the configuration of deploy/edge, started by the spec.
  'edge.e2e': ONLY['all-in-one'],
  'home.e2e': THROUGH_THE_EDGE,
  'erasure.e2e': BOTH_KINDS_OF_STORES,
  'fuzz-judge': ONLY['all-in-one'],
  'hostile-input.e2e': BOTH_KINDS_OF_STORES,
  'kubernetes-chart': ONLY['all-in-one'],
  'kubernetes-compose': ONLY['all-in-one'],
  'kubernetes-objects': ONLY['all-in-one'],
  'kubernetes-secrets': ONLY['all-in-one'],
  // The edge must not hold events back, and projectors tell other processes.
  'live.e2e': EVERYWHERE,
  // Services with a limit of memory each, on store servers.
  'memory.e2e': ONLY.services,
  'merging.e2e': BOTH_KINDS_OF_STORES,
  'opencode-clients.e2e': BOTH_KINDS_OF_STORES,
  'outages.e2e': ONLY.services,
  'owners.e2e': BOTH_KINDS_OF_STORES,
  'poison.e2e': BOTH_KINDS_OF_STORES,
  'read-your-writes.e2e': BOTH_KINDS_OF_STORES,
  // Limits before authentication aside, no deployment changes what a route answers.
  'security.e2e': ONLY['all-in-one'],
  'supply-chain': ONLY['all-in-one'],
  'visibility.e2e': BOTH_KINDS_OF_STORES,
};

const SUFFIX = '.spec.ts';
const SOURCES = join(import.meta.dirname, 'src');

/**
 * The options that leave out every spec file that does not run on the deployment.
 * @param {Deployment} deployment
 * @throws if a spec file is not in the table, or the table has one that does not exist
 */
export function jestOptions(deployment) {
  const files = readdirSync(SOURCES).filter((name) => name.endsWith(SUFFIX));
  const names = files.map((name) => name.slice(0, -SUFFIX.length));
  const unknown = names.filter((name) => !(name in SPECS));
  const missing = Object.keys(SPECS).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`e2e/suites.mjs does not say where these specs run: ${unknown.join(', ')}`);
  if (missing.length > 0) throw new Error(`e2e/suites.mjs names specs that do not exist: ${missing.join(', ')}`);
  const others = names.filter((name) => !SPECS[name].includes(deployment));
  return ['--testPathIgnorePatterns', ...others.map((name) => `/src/${name.replaceAll('.', '\\.')}\\.spec\\.ts$`)];
}
