// What a package of the workspace brings with it when it is installed without development dependencies, from the lockfile.
// `npm sbom --omit=dev` is no help here: it leaves out every package that is also a development dependency of another workspace.

/**
 * @typedef {{ path: string, name: string, version: string, license: string | undefined, integrity: string | undefined }} Shipped
 */

/** What is passed on: the programs, and the console, whose packages are bundled into its files. */
export const SHIPPED_FOLDERS = ['services/opensync', 'apps/console'];

/**
 * Every package that the workspace folders need to run, its own packages apart, in the order of their names. Those for other
 * platforms are included.
 * @param {{ packages: Record<string, Record<string, any>> }} lockfile
 * @param {string[]} folders e.g. `services/opensync`
 * @returns {Shipped[]}
 */
export function shippedPackages({ packages }, ...folders) {
  const found = new Map();
  const pending = [...folders];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (found.has(path)) continue;
    const entry = packages[path];
    found.set(path, entry);
    // npm also installs optional peers that something else has brought into the lockfile.
    const { dependencies, optionalDependencies, peerDependencies } = entry;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const target = resolved(packages, path, name);
      if (target !== undefined) pending.push(target);
    }
  }
  return [...found]
    .filter(([path]) => path.includes('node_modules/'))
    .map(([path, { version, license, integrity }]) => ({ path, name: nameOf(path), version, license, integrity }))
    .sort((a, b) => `${a.name}@${a.version}`.localeCompare(`${b.name}@${b.version}`, 'en'));
}

/** The path of a dependency as Node resolves it: beside the package, then in each folder above. A link leads to its folder. */
function resolved(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = packages[path];
    if (entry) return entry.link ? entry.resolved : path;
    if (folder === '') return undefined; // optional, and for no platform that the lockfile knows
  }
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
