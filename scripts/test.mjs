// `npm test`: installs where needed, then lint, typecheck, unit, integration and end-to-end tests of every project
// through Nx (cached), and one summary whose last line is `N passed, N failed`.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, pinnedNode, root, run, workspaceEnvironment } from './workspace.mjs';
import { collect, expectedTasks, leftOut, summarize } from './test-report.mjs';

await ensureInstalled();

const reports = join(root, 'reports');
rmSync(reports, { recursive: true, force: true });

const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
const env = { ...workspaceEnvironment(), NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true' };
// End-to-end tests run alone: they start whole systems and measure time.
const stages = [['lint', 'typecheck', 'test'], ['e2e'], ['services']];
const results = [];
// Minutes, and it needs a Docker engine: CI says where there is one.
if (process.env.TEST_COMPOSE) stages.push(['compose']);
else results.push(leftOut('e2e:compose', 'docker-compose.yml with all of the end-to-end suite (TEST_COMPOSE=1)'));

for (const targets of stages) {
  const runFile = join(root, '.nx', 'cache', 'run.json');
  rmSync(runFile, { force: true });
  await run(pinnedNode, [nx, 'run-many', '-t', ...targets, '--parallel=2', '--outputStyle=static'], { env });
  results.push(...collect({ tasks: expectedTasks(root, targets), runFile, reports }));
}

const { lines, failed } = summarize(results);
console.log(`\n${lines.join('\n')}`);
process.exit(failed > 0 ? 1 : 0);
