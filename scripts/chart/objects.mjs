// The objects of a rendered chart, and how two renderings differ as patches of Kustomize.
import { parseAllDocuments, stringify } from 'yaml';

/** @typedef {{ apiVersion: string, kind: string, metadata: Record<string, any>, [field: string]: any }} KubernetesObject */

const HELM_LABELS = ['helm.sh/chart', 'app.kubernetes.io/managed-by'];

/**
 * @param {string} text
 * @returns {KubernetesObject[]}
 */
export function parseObjects(text) {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    })
    .filter((object) => object !== null && object !== undefined);
}

/**
 * The objects as `kubectl apply` should have them: without what only Helm reads, and without the Job that runs before an upgrade,
 * because nothing here knows that it is one: the keeper and the projectors create at their start what that Job creates earlier.
 * @param {KubernetesObject[]} objects
 */
export function withoutHelm(objects) {
  return objects
    .filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== 'pre-upgrade')
    .map((object) => {
      const copy = structuredClone(object);
      for (const label of HELM_LABELS) delete copy.metadata.labels?.[label];
      const { annotations } = copy.metadata;
      for (const name of Object.keys(annotations ?? {})) if (name.startsWith('helm.sh/')) delete annotations[name];
      if (annotations && Object.keys(annotations).length === 0) delete copy.metadata.annotations;
      return copy;
    });
}

/** @param {KubernetesObject} object */
export const identity = ({ kind, metadata: { name } }) => `${kind}/${name}`;

/** @param {KubernetesObject} object */
export const fileNameOf = ({ kind, metadata: { name } }) => `${kind.toLowerCase()}-${name}.yaml`;

/** @param {unknown} value */
export const yaml = (value) => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: false });

/**
 * The operations of JSON Patch that turn one value into another. Lists are compared item by item if they have as many.
 * @param {any} from
 * @param {any} to
 * @param {string} [path]
 * @returns {{ op: 'add' | 'remove' | 'replace', path: string, value?: unknown }[]}
 */
export function patchBetween(from, to, path = '') {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length)
    return from.flatMap((item, index) => patchBetween(item, to[index], `${path}/${index}`));
  const isMap = (/** @type {unknown} */ value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(from) || !isMap(to)) return [{ op: 'replace', path, value: to }];
  const under = (/** @type {string} */ key) => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.flatMap((name) => {
    if (!(name in to)) return [{ op: /** @type {const} */ ('remove'), path: under(name) }];
    if (!(name in from)) return [{ op: /** @type {const} */ ('add'), path: under(name), value: to[name] }];
    return patchBetween(from[name], to[name], under(name));
  });
}
