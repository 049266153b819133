// The objects that `kubectl apply -k` would send, from the committed files: what tests look at where there is no Helm.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../workspace.mjs';
import { identity, parseObjects } from './objects.mjs';

const FOLDER = join(root, 'deploy', 'k8s');
const load = (path) => parse(readFileSync(path, 'utf8'));

/**
 * @param {string} [component] `dev` or `prod`; the base if not given
 * @returns {import('./objects.mjs').KubernetesObject[]}
 */
export function committed(component) {
  const base = join(FOLDER, 'base');
  const { resources } = load(join(base, 'kustomization.yaml'));
  const listed = new Set(['kustomization.yaml', ...resources]);
  const forgotten = readdirSync(base).filter((name) => !listed.has(name));
  if (forgotten.length > 0) throw new Error(`deploy/k8s/base/kustomization.yaml does not list ${forgotten.join(', ')}`);
  const objects = new Map(
    resources
      .flatMap((name) => parseObjects(readFileSync(join(base, name), 'utf8')))
      .map((object) => [identity(object), object]),
  );
  if (component === undefined) return [...objects.values()];
  const folder = join(FOLDER, 'components', component);
  const { resources: more = [], patches } = load(join(folder, 'kustomization.yaml'));
  for (const name of more)
    for (const object of parseObjects(readFileSync(join(folder, name), 'utf8'))) objects.set(identity(object), object);
  for (const { path, target } of patches) {
    const patch = load(join(folder, path));
    if (target === undefined) objects.delete(identity(patch));
    else {
      const id = `${target.kind}/${target.name}`;
      objects.set(id, patch.reduce(applied, objects.get(id)));
    }
  }
  return [...objects.values()];
}

/** The object after one operation of JSON Patch. */
function applied(object, { op, path, value }) {
  const copy = structuredClone(object);
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop();
  const parent = keys.reduce((at, key) => at[key], copy);
  if (op === 'remove') delete parent[last];
  else parent[last] = value;
  return copy;
}
