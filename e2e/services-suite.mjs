// The end-to-end suite against services apart on MongoDB, Elasticsearch and Qdrant: those of TEST_…_URL, else containers that
// run for as long as the suite. Without either it writes the report of a suite that was not run, which the summary names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { STORE_SERVERS, serverFor, serverNeeds, stopServers } from '@opensync/testkit';

const REPORT = 'reports/e2e-services.json';
const TITLE = 'all of the end-to-end suite on services apart';

mkdirSync('reports', { recursive: true });
const env = { ...process.env, OPENSYNC_E2E_TARGET: 'services' };
const missing = [];
for (const [kind, { variable }] of Object.entries(STORE_SERVERS)) {
  const url = await serverFor(kind);
  if (url === undefined) missing.push(serverNeeds(kind));
  else env[variable] = url;
}
try {
  process.exitCode = missing.length > 0 ? notRun(missing) : await runSuite();
} finally {
  await stopServers();
}

function notRun(missing) {
  const title = `${TITLE} (not run: needs ${missing.join(', ')})`;
  const test = { status: 'pending', ancestorTitles: [], title };
  const report = { numPassedTests: 0, numPendingTests: 1, numTodoTests: 0 };
  writeFileSync(REPORT, JSON.stringify({ ...report, testResults: [{ status: 'passed', assertionResults: [test] }] }));
  return 0;
}

async function runSuite() {
  const jest = ['node_modules/jest/bin/jest.js', '--config', 'jest.preset.mjs', '--rootDir', 'e2e', '--runInBand'];
  const others = ['--testPathIgnorePatterns', 'all-in-one', 'compose'];
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      ...jest,
      ...others,
      ...process.argv.slice(2),
    ].concat('--json', '--outputFile', REPORT),
    { env, stdio: 'inherit' },
  );
  const [code] = await once(child, 'close');
  return code ?? 1;
}
