// What `npm test` makes of Nx's record of its tasks and of Jest's reports.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Targets whose every test counts; of the others the task as a whole counts as one. */
const JEST_TARGETS = new Set(['test', 'e2e', 'services', 'compose']);
/** Targets of a project beside its `test` or `e2e`, whose reports are named for them. */
const SECOND_TARGETS = new Set(['services', 'compose']);

const REASON_LINES = 15;
const REASON_CHARACTERS = 300;

/**
 * @typedef {{ project: string, target: string }} Task
 * @typedef {{ name: string, passed: number, skipped: number, notRun: string[], failures: string[], again?: string[] }} Result
 * `again`: what failed, and passed when its spec file was run again
 */

/** The projects of the workspace: their folders by name. @returns {Map<string, string>} */
export function foldersOf(root) {
  return new Map(projects(root).map(({ name, folder }) => [name, folder]));
}

/** Every task that these targets stand for, so that one which never ran is missed. @returns {Task[]} */
export function expectedTasks(root, targets) {
  return projects(root).flatMap(({ name, targets: declared }) =>
    targets.filter((target) => target in declared).map((target) => ({ project: name, target })),
  );
}

function projects(root) {
  const within = (group) => readdirSync(join(root, group)).map((folder) => `${group}/${folder}`);
  return [...within('apps'), ...within('libs'), ...within('services'), 'e2e', 'bench', 'scripts']
    .filter((folder) => existsSync(join(root, folder, 'project.json')))
    .map((folder) => ({ folder, ...readJson(join(root, folder, 'project.json')) }));
}

/** Where a task of Jest writes its report. @param {Task} task */
export function reportOf(reports, { project, target }) {
  return join(reports, SECOND_TARGETS.has(target) ? `${project}-${target}.json` : `${project}.json`);
}

/** @param {{ tasks: Task[], runFile: string, reports: string }} from @returns {Result[]} */
export function collect({ tasks, runFile, reports }) {
  const ran = new Map(
    (existsSync(runFile) ? readJson(runFile).tasks : []).map(({ taskId, status }) => [taskId, status]),
  );
  return tasks.map(({ project, target }) => {
    const name = `${project}:${target}`;
    const status = ran.get(name);
    const report = reportOf(reports, { project, target });
    if (status === undefined) return failure(name, 'did not run: something that it needs failed');
    if (JEST_TARGETS.has(target)) {
      return existsSync(report) ? ofJest(name, status, readJson(report)) : failure(name, 'ended without a report');
    }
    return checked(name, status);
  });
}

/** The spec files in which something failed, or that did not run. @returns {string[]} */
export function failedFiles(report) {
  return existsSync(report)
    ? readJson(report)
        .testResults.filter(({ status }) => status === 'failed')
        .map(({ name }) => name)
    : [];
}

/**
 * A result of which some spec files were run again: what passed then is named as such.
 * @param {Result} first
 * @param {{ status: number, before: object, report: string }} second its exit code, the first report, and where the second one is
 * @returns {Result}
 */
export function afterSecondRun(first, { status, before, report }) {
  if (!existsSync(report)) return first;
  const again = readJson(report);
  const files = new Set(again.testResults.map(({ name }) => name));
  const passedBefore = before.testResults
    .filter(({ name }) => files.has(name))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((test) => test.status === 'passed').length;
  const result = ofJest(first.name, status, again);
  const isStill = (text) => result.failures.some((other) => firstLine(other) === firstLine(text));
  return {
    ...first,
    passed: first.passed - passedBefore + result.passed,
    failures: result.failures,
    again: first.failures.filter((text) => !isStill(text)),
  };
}

/** A task that passes or fails as a whole. @returns {Result} */
export function checked(name, exitCode) {
  return exitCode === 0 ? { name, passed: 1, skipped: 0, notRun: [], failures: [] } : failure(name, 'failed');
}

/** A task that this run was not to have: named in the summary, with what it would have needed. @returns {Result} */
export function leftOut(name, what) {
  return { name, passed: 0, skipped: 0, notRun: [`${name}: ${what}`], failures: [] };
}

/** @returns {Result} */
function ofJest(name, status, report) {
  const failures = report.testResults.flatMap(({ name: file, status: outcome, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (outcome === 'failed' && failed.length === 0) return [`${file}: did not run: ${firstLine(message)}`];
    return failed.map((test) => [[...test.ancestorTitles, test.title].join(' › '), ...reasons(test)].join('\n'));
  });
  // Jest can fail without a failed test, by a handle that stays open or a crash at the end.
  if (status !== 0 && failures.length === 0) failures.push(`ended with exit code ${status}`);
  return {
    name,
    passed: report.numPassedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    notRun: skippedTitles(report).map((title) => `${name}: ${title}`),
    failures: failures.map((text) => `${name}: ${text}`),
  };
}

/** Why a test failed: the beginning of what it threw, indented, so that the summary alone says it. @returns {string[]} */
function reasons({ failureMessages }) {
  return failureMessages.flatMap((message) =>
    stripVTControlCharacters(message)
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, REASON_LINES)
      .map((line) => `    ${line.slice(0, REASON_CHARACTERS)}`),
  );
}

/**
 * The skipped suites: the largest suites of which nothing ran, by their titles, which say what they need, otherwise
 * each test.
 */
function skippedTitles(report) {
  const tests = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ status, ancestorTitles, title }) => ({ status, path: [...ancestorTitles, title] }));
  const prefixes = (path) => path.map((_, at) => path.slice(0, at + 1).join(' › '));
  const ran = new Set(tests.filter(({ status }) => status !== 'pending').flatMap(({ path }) => prefixes(path)));
  const skipped = tests.filter(({ status }) => status === 'pending');
  return [...new Set(skipped.map(({ path }) => prefixes(path).find((prefix) => !ran.has(prefix)) ?? path.join(' › ')))];
}

/** @returns {Result} */
function failure(name, reason) {
  return { name, passed: 0, skipped: 0, notRun: [], failures: [`${name}: ${reason}`] };
}

/**
 * The summary: a line a task that has tests, what failed and what was not run by name, and the totals last.
 * @param {Result[]} results
 */
export function summarize(results) {
  const failures = results.flatMap((result) => result.failures);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const skipped = results.reduce((sum, result) => sum + result.skipped, 0);
  const width = Math.max(...results.map(({ name }) => name.length));
  const lines = results.map(({ name, passed, skipped, notRun, failures }) => {
    const nothingRan = passed + failures.length === 0 && notRun.length > 0;
    const mark = failures.length > 0 ? '✗' : nothingRan ? '–' : '✓';
    const notes = [
      nothingRan ? 'not run' : `${passed} passed`,
      ...(failures.length > 0 ? [`${failures.length} failed`] : []),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ];
    return `${mark} ${name.padEnd(width)}  ${notes.join(', ')}`;
  });
  if (failures.length > 0) lines.push('', 'Failed:', ...failures.map((text) => `  ${text}`));
  const again = results.flatMap((result) => result.again ?? []);
  if (again.length > 0) {
    lines.push('', 'Failed, and passed when run again (a fault of the test or of the product, to be mended):');
    lines.push(...again.map((text) => `  ${text}`));
  }
  const notRun = results.flatMap((result) => result.notRun);
  if (notRun.length > 0) lines.push('', 'Not run:', ...notRun.map((text) => `  ${text}`));
  if (skipped > 0) lines.push('', `${skipped} skipped`);
  lines.push('', `${passed} passed, ${failures.length} failed`);
  return { lines, failed: failures.length };
}

function firstLine(text = '') {
  return text.split('\n').find((line) => line.trim()) ?? 'no reason given';
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
