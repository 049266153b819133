// Finds Helm. Rendering needs it; without it, the recorded digest of the chart still shows whether something was forgotten.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../workspace.mjs';

export const CHART = join(root, 'deploy', 'k8s', 'chart');
/** What is rendered without a cluster is rendered for this version of Kubernetes. */
export const KUBERNETES = '1.34.1';

/** Where `scripts/chart/install-tools.sh` puts its programs, and where test servers of several projects lie. */
const FOLDERS = [
  join(homedir(), '.cache', 'opensync', 'helm'),
  join(process.env.OPENSYNC_SERVERS_CACHE ?? join(homedir(), '.cache', 'opensync-servers'), 'helm'),
];

/**
 * The path of Helm of this major version; undefined if there is none. `HELM` names the one for rendering, version 3 or 4.
 * @param {3 | 4} [major]
 */
export function findHelm(major) {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'helm'));
  const majors = major === undefined ? [3, 4] : [major];
  const candidates = [
    ...(process.env.HELM ? [process.env.HELM] : []),
    ...majors.flatMap((each) => FOLDERS.map((folder) => join(folder, String(each), 'helm'))),
    ...onPath,
  ];
  return candidates.find((path) => existsSync(path) && (major === undefined || majorOf(path) === major));
}

/** @param {string} name such as `kubeconform` */
export function findTool(name) {
  const onPath = (process.env.PATH ?? '').split(delimiter);
  return [...FOLDERS, ...onPath].map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** @param {string} helm */
function majorOf(helm) {
  // A program that was built from its module says `v3.19`; a release, `v3.19.5`.
  const version = execFileSync(helm, ['version', '--short'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return Number(/v?(\d+)\./.exec(version)?.[1]);
}

/**
 * What `helm template` prints, hooks included.
 * @param {string} helm
 * @param {string[]} [options] such as `--values`, a file
 * @throws with what Helm reports
 */
export function template(helm, options = []) {
  const args = ['template', 'opensync', CHART, '--namespace', 'opensync', '--kube-version', KUBERNETES, ...options];
  return execFileSync(helm, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] });
}
