// Runs failed spec files once more, alone: on a shared machine a test can run into a limit of time that has nothing to do with
// the change. The summary names what passed only then, so that it is not forgotten. For CI (TEST_AGAIN=1).
import { afterSecondRun, failedFiles, readJson, reportOf } from './test-report.mjs';

/** More failures than this are no accident. */
const MOST_FILES = 6;

/** How each target takes the options of Jest. */
const COMMANDS = {
  test: (folder) => [
    'node',
    ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
    ...['--config', 'jest.preset.mjs', '--rootDir', folder],
  ],
  e2e: () => ['node', 'e2e/run-suite.mjs', 'all-in-one'],
  services: () => ['node', 'e2e/run-suite.mjs', 'services'],
  compose: () => ['deploy/compose-test.sh'],
};

/**
 * The results, with those of a second run in place of failures.
 * @param {import('./test-report.mjs').Result[]} results
 * @param {{ reports: string, folderOf: (project: string) => string, run: (program: string, args: string[]) => Promise<number> }} with
 * @returns {Promise<import('./test-report.mjs').Result[]>}
 */
export async function runAgain(results, { reports, folderOf, run }) {
  const done = [];
  for (const result of results) {
    const [project, target] = result.name.split(':');
    const report = reportOf(reports, { project, target });
    const files = result.failures.length > 0 && target in COMMANDS ? failedFiles(report) : [];
    if (files.length === 0 || files.length > MOST_FILES) {
      done.push(result);
      continue;
    }
    const before = readJson(report);
    console.log(`\nRunning again: ${files.join(', ')}`);
    const [program, ...args] = COMMANDS[target](folderOf(project));
    const options = target === 'test' ? ['--json', '--outputFile', report] : [];
    const status = await run(program, [...args, ...options, '--runTestsByPath', ...files]);
    done.push(afterSecondRun(result, { status, before, report }));
  }
  return done;
}
