// What says which version this is, and whether all of it says the same.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SEMANTIC = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/** Each place that names the version, with what it says. */
export function versionsOf(root) {
  const text = (path) => readFileSync(join(root, path), 'utf8');
  const found = {};
  const packages = ['libs', 'services', 'apps']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')));
  for (const path of ['package.json', ...packages.filter((path) => existsSync(join(root, path)))]) {
    found[path] = JSON.parse(text(path)).version;
  }
  found['Dockerfile (VERSION, the label of the image)'] = /^ARG VERSION=(\S+)$/m.exec(text('Dockerfile'))?.[1];
  const chart = 'deploy/k8s/chart/Chart.yaml';
  if (existsSync(join(root, chart)))
    found[`${chart} (appVersion)`] = /^appVersion: ['"]?([^'"\s]+)/m.exec(text(chart))?.[1];
  return found;
}

/** Why this is not the version that is about to be released; empty if it is. */
export function versionProblems(root, version) {
  const problems = SEMANTIC.test(version) ? [] : [`${version} is not a semantic version`];
  for (const [place, says] of Object.entries(versionsOf(root))) {
    if (says !== version) problems.push(`${place} says ${says} instead of ${version}`);
  }
  if (changesOf(root, version) === '') problems.push(`CHANGELOG.md has no section [${version}]`);
  return problems;
}

/** The section of a version in the changelog, without its heading. */
export function changesOf(root, version) {
  const sections = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m);
  const section = sections.find((one) => one.startsWith(`[${version}]`));
  return section === undefined ? '' : section.split('\n').slice(1).join('\n').trim();
}
