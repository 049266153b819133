// Writes what follows from deploy/k8s/chart: copies of the files that containers share with docker-compose.yml, the table of its
// README, the list of its images, the base and the components of Kustomize. `--check` writes nothing and fails if a committed file
// differs. Without Helm, a digest of the chart that was recorded with the rendering shows whether it is up to date.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { format } from 'prettier';
import { root } from '../workspace.mjs';
import { CHART, findHelm, template } from './helm.mjs';
import { base, component } from './kustomize.mjs';
import { imagesOf } from './images.mjs';
import { parseObjects, withoutHelm } from './objects.mjs';
import { valuesTable } from './values-table.mjs';

const KUBERNETES = join(root, 'deploy', 'k8s');
const DIGEST = join(KUBERNETES, 'rendered.sha256');
/** Components, and the files of values of the chart that they stand for. */
export const COMPONENTS = { dev: 'values-dev.yaml', prod: 'values-medium.yaml' };
/** Files that containers have, by their folder below `deploy`; the chart may not read outside of itself. */
const SHARED = [
  'nats/users.conf',
  'edge/edge.sh',
  'edge/nginx.conf.template',
  'mongo/health.js',
  'elasticsearch/health.sh',
  'qdrant/start.sh',
];

/** @param {{ check: boolean }} options @returns {Promise<number>} how many files differ */
export async function generateChart({ check }) {
  let drifted = 0;
  const put = (path, wanted) => {
    if (read(path) === wanted) return;
    drifted++;
    if (check) return void console.error(`${relative(root, path)} is not what the chart says: run npm run generate`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, wanted);
    console.log(`wrote ${relative(root, path)}`);
  };
  for (const file of SHARED) put(join(CHART, 'files', file), readFileSync(join(root, 'deploy', file), 'utf8'));
  put(join(CHART, 'README.md'), await readme());

  const helm = findHelm();
  if (helm === undefined) {
    if (read(DIGEST) === digest()) return drifted;
    console.error(
      'deploy/k8s/base is not what the chart says, or was changed by hand: install Helm, then npm run generate',
    );
    return drifted + 1;
  }
  const render = (options) => withoutHelm(parseObjects(template(helm, options)));
  const plain = render([]);
  const folders = new Map([['base', base(plain)]]);
  for (const [name, values] of Object.entries(COMPONENTS))
    folders.set(`components/${name}`, component(plain, render(['--values', join(CHART, values)])));
  for (const [folder, files] of folders) {
    for (const [name, content] of files) put(join(KUBERNETES, folder, name), content);
    for (const name of list(join(KUBERNETES, folder))) {
      if (files.has(name)) continue;
      drifted++;
      if (check) console.error(`deploy/k8s/${folder}/${name} is no longer rendered: run npm run generate`);
      else rmSync(join(KUBERNETES, folder, name));
    }
  }
  put(
    join(KUBERNETES, 'images.txt'),
    imagesOf(parseObjects(template(helm, ['--values', join(CHART, 'values-everything.yaml')]))),
  );
  put(DIGEST, digest());
  return drifted;
}

/** A digest of the chart and of everything that was rendered from it. */
function digest() {
  const hash = createHash('sha256');
  for (const folder of ['chart', 'base', 'components', 'images.txt']) {
    for (const path of filesUnder(join(KUBERNETES, folder)))
      hash.update(`${relative(KUBERNETES, path)}\n`).update(readFileSync(path));
  }
  return `${hash.digest('hex')}\n`;
}

async function readme() {
  const path = join(CHART, 'README.md');
  const table = valuesTable(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  const text = read(path).replace(
    /(<!-- values: npm run generate -->)[\s\S]*?(<!-- \/values -->)/,
    (_all, start, end) => `${start}\n\n${table}\n\n${end}`,
  );
  return format(text, { filepath: path, singleQuote: true, printWidth: 120 });
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function filesUnder(path) {
  const entries = (() => {
    try {
      return readdirSync(path, { withFileTypes: true });
    } catch (error) {
      if (error.code === 'ENOTDIR') return undefined;
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  })();
  if (entries === undefined) return [path];
  return entries.flatMap((entry) => filesUnder(join(path, entry.name))).sort();
}
