// Of a package whose code is in the bundles of the programs, the image has the name, the version and the license.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { NOT_BUNDLED, WITH_FILES } from './not-bundled.mjs';

const root = process.cwd();
const LICENSE = /^(licen[cs]e|notice|copying)/i;

const whole = new Set();
for (const name of [...NOT_BUNDLED, ...WITH_FILES]) keep(name, root);
prune(join(root, 'node_modules'));

/** With what it needs, as Node finds that from there. */
function keep(name, from) {
  const folders = createRequire(join(from, 'package.json')).resolve.paths(name);
  const folder = folders.map((path) => join(path, name)).find((path) => manifestOf(path));
  if (!folder || whole.has(folder)) return;
  whole.add(folder);
  const { dependencies, optionalDependencies } = manifestOf(folder);
  for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) keep(needed, folder);
}

function manifestOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

function prune(modules) {
  for (const { name } of readdirSync(modules, { withFileTypes: true })) {
    const path = join(modules, name);
    if (name.startsWith('@')) prune(path);
    else if (!whole.has(path)) leaveLicense(path);
  }
}

function leaveLicense(folder) {
  for (const { name } of readdirSync(folder, { withFileTypes: true })) {
    if (name === 'node_modules') prune(join(folder, name));
    else if (name !== 'package.json' && !LICENSE.test(name)) rmSync(join(folder, name), { recursive: true });
  }
}
