// The base of Kustomize, which is the chart as it renders with its own values, and a component for each other file of values,
// which is how that rendering differs: an overlay therefore never differs from the chart.
import { fileNameOf, identity, patchBetween, yaml } from './objects.mjs';

const GENERATED = '# Written by npm run generate from deploy/k8s/chart.\n';

/**
 * @param {import('./objects.mjs').KubernetesObject[]} objects
 * @returns {Map<string, string>} contents by path
 */
export function base(objects) {
  const files = new Map();
  for (const object of objects) files.set(fileNameOf(object), GENERATED + yaml(object));
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [...files.keys()].sort(),
  };
  return new Map([['kustomization.yaml', GENERATED + yaml(kustomization)], ...files]);
}

/**
 * @param {import('./objects.mjs').KubernetesObject[]} from the base
 * @param {import('./objects.mjs').KubernetesObject[]} to
 */
export function component(from, to) {
  const wanted = new Map(to.map((object) => [identity(object), object]));
  const present = new Map(from.map((object) => [identity(object), object]));
  const files = new Map();
  const resources = [];
  const patches = [];
  for (const [id, object] of wanted) {
    const name = fileNameOf(object);
    const before = present.get(id);
    if (before === undefined) {
      files.set(name, GENERATED + yaml(object));
      resources.push(name);
      continue;
    }
    const operations = patchBetween(before, object);
    if (operations.length === 0) continue;
    files.set(`patch-${name}`, GENERATED + yaml(operations));
    patches.push({ path: `patch-${name}`, target: targetOf(object) });
  }
  for (const [id, object] of present) {
    if (wanted.has(id)) continue;
    const { apiVersion, kind, metadata } = object;
    const removal = {
      $patch: 'delete',
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace },
    };
    files.set(`remove-${fileNameOf(object)}`, GENERATED + yaml(removal));
    patches.push({ path: `remove-${fileNameOf(object)}` });
  }
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1alpha1',
    kind: 'Component',
    ...(resources.length > 0 && { resources: resources.sort() }),
    patches: patches.sort((a, b) => a.path.localeCompare(b.path, 'en')),
  };
  return new Map([['kustomization.yaml', GENERATED + yaml(kustomization)], ...files]);
}

/** @param {import('./objects.mjs').KubernetesObject} object */
function targetOf({ apiVersion, kind, metadata: { name } }) {
  const [version, group] = apiVersion.split('/').reverse();
  return { ...(group !== undefined && { group }), version, kind, name };
}
