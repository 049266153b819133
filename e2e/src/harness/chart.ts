import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kubectl, NAMESPACE } from './cluster.ts';
import { waitFor } from '@opensync/testkit';

const run = promisify(execFile);
const CHART = fileURLToPath(new URL('../../../deploy/k8s/chart', import.meta.url));
const TIMEOUT = ['--timeout', '10m'];
const GONE_MS = 300_000;

const helm = (...args: string[]) =>
  run(process.env.HELM ?? 'helm', [...args, '--namespace', NAMESPACE], { env: process.env });
const set = (values: readonly string[]) => values.flatMap((one) => ['--set', one]);

/** Upgrades the installation to these values, `name=value`, beside those that it has; resolves when all is ready. */
export const upgradeChart = (...values: string[]) =>
  helm('upgrade', 'opensync', CHART, '--reuse-values', '--wait', ...TIMEOUT, ...set(values));

/** Rolls back to what was before the last upgrade; resolves when all is ready. */
export const rollBackChart = () => helm('rollback', 'opensync', '--wait', ...TIMEOUT);

/** The values that the installation was given, as YAML. */
export const valuesOfChart = async () => (await helm('get', 'values', 'opensync', '--output', 'yaml')).stdout;

/** Installs it with the values of a file and these; does not wait. */
export const installChart = (file: string, ...values: string[]) =>
  helm('install', 'opensync', CHART, '--values', file, ...TIMEOUT, ...set(values));

/** Removes the installation with the volumes of its stores; what no release owns stays, such as Secrets and other volumes. */
export async function destroyChart(): Promise<void> {
  await helm('uninstall', 'opensync', '--wait', ...TIMEOUT);
  const pods = async () =>
    kubectl('get', 'pods', '--selector', 'app.kubernetes.io/part-of=opensync', '--output', 'name');
  await waitFor(async () => (await pods()) === '', {
    timeoutMs: GONE_MS,
    intervalMs: 1000,
    what: 'the end of all pods',
  });
  await kubectl('delete', 'persistentvolumeclaims', '--selector', 'app.kubernetes.io/instance=opensync');
}
