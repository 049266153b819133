// Runs the end-to-end suite on one deployment of suites.mjs: node e2e/run-suite.mjs <deployment> [options of Jest]. `compose` is for
// deploy/compose-test.sh, `cluster` and `chart` for deploy/k8s/cluster-test.sh, which have started it. `services` uses the stores of
// TEST_…_URL, else containers that run for as long as the suite; without either it writes the report of a suite that was not run,
// which the summary names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STORE_SERVERS, serverFor, serverNeeds, stopServers } from '@opensync/testkit';
import { jestOptions } from './suites.mjs';

const REPORTS = {
  'all-in-one': 'reports/e2e.json',
  services: 'reports/e2e-services.json',
  compose: 'reports/e2e-compose.json',
  cluster: 'reports/e2e-cluster.json',
  chart: 'reports/e2e-chart.json',
};

/** With store servers at hand, the suite on services runs beside that of the all-in-one; two suites are what a small machine takes. */
const runsBeside = Object.values(STORE_SERVERS).every(({ variable }) => process.env[variable]);
/** Spec files at a time. Those of the services share store servers, those of compose one installation. */
const WORKERS = { 'all-in-one': runsBeside ? 1 : 2, services: 1, compose: 1, cluster: 1, chart: 1 };

const [deployment = '', ...options] = process.argv.slice(2);
const report = REPORTS[deployment];
if (report === undefined) throw new Error(`${deployment} is none of ${Object.keys(REPORTS).join(', ')}`);
mkdirSync('reports', { recursive: true });
process.exitCode = deployment === 'services' ? await runWithServers() : await runJest(process.env);

async function runWithServers() {
  const env = { ...process.env };
  const missing = [];
  try {
    for (const [kind, { variable }] of Object.entries(STORE_SERVERS)) {
      const url = await serverFor(kind);
      if (url === undefined) missing.push(serverNeeds(kind));
      else env[variable] = url;
    }
    return missing.length > 0 ? notRun(missing) : await runJest(env);
  } finally {
    await stopServers();
  }
}

function notRun(missing) {
  const title = `all of the end-to-end suite on services apart (not run: needs ${missing.join(', ')})`;
  const test = { status: 'pending', ancestorTitles: [], title };
  const totals = { numPassedTests: 0, numPendingTests: 1, numTodoTests: 0 };
  writeFileSync(report, JSON.stringify({ ...totals, testResults: [{ status: 'passed', assertionResults: [test] }] }));
  return 0;
}

async function runJest(env) {
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = ['node_modules/jest/bin/jest.js', '--config', 'jest.preset.mjs', '--rootDir', 'e2e'];
  const order = ['--testSequencer', join(import.meta.dirname, 'sequencer.mjs')];
  const child = spawn(
    process.execPath,
    [
      ...[...node, ...jest, ...order, `--maxWorkers=${WORKERS[deployment]}`, ...options, ...jestOptions(deployment)],
      ...['--json', '--outputFile', report],
    ],
    { env: { ...env, OPENSYNC_E2E_TARGET: deployment }, stdio: 'inherit' },
  );
  const [code] = await once(child, 'close');
  return code ?? 1;
}
