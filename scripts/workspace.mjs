// What the scripts share: where things are, which Node runs them, and what has to be installed and built first.
// Dependency-free and content with Node 20: it runs before anything is installed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, step } from './steps.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The pinned Node 24, an npm package of the workspace; the one on PATH may be older. */
export const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');

/** Flags with which the pinned Node takes the workspace's packages from their sources instead of what was built. */
export const fromSources = ['--conditions=opensync-source', '--disable-warning=ExperimentalWarning'];

const programs = join(root, 'node_modules', '.bin');

/** The environment for what runs in the workspace: its own programs, the pinned Node among them, come first. */
export function workspaceEnvironment() {
  return { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH ?? ''}` };
}

/**
 * Runs a program of the workspace and resolves with its exit code, 128 and more if a signal ended it.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function runHere(program, args, options = {}) {
  return run(program, args, { cwd: root, env: workspaceEnvironment(), stdio: 'inherit', ...options });
}

/** Installs what the lockfile names, unless exactly that is there. Ends this process if it fails. */
export async function ensureInstalled() {
  if (!isInstalled()) {
    // Before npm begins to remove things: what is there from here on is not whole.
    rmSync(stamp, { force: true });
    await step('Installing dependencies (npm ci)', 'npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
      cwd: root,
      failure: 'The installation failed. Fix what npm reports above, then run the command again.',
    });
    writeFileSync(stamp, lockfileHash());
  }
  if (!existsSync(pinnedNode)) {
    // An `npm ci --ignore-scripts` leaves it out.
    await step('Installing Node 24 (npm rebuild node)', 'npm', ['rebuild', 'node', '--loglevel=error'], {
      cwd: root,
      failure: 'Node 24 could not be installed. Fix what npm reports above, then run the command again.',
    });
  }
}

/** Left by an installation of ours: the hash of the lockfile that it followed. */
const stamp = join(root, 'node_modules', '.opensync-installed');

function lockfileHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/**
 * Our stamp; else, after an `npm install` by hand, the record that npm keeps of what it installed, and writes last.
 * Contents, because modification times say nothing after a clone or a checkout.
 */
function isInstalled() {
  try {
    if (readFileSync(stamp, 'utf8') === lockfileHash()) return true;
  } catch {
    // there was none of ours
  }
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf(join('node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, { version, link, optional, devOptional }]) => {
    if (!path.includes('node_modules/')) return true; // the workspace's own packages
    const found = present[path];
    if (!found) return Boolean(optional || devOptional); // for another platform
    return link ? found.link === true : found.version === version;
  });
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(join(root, lockfile), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Builds what `npm start` runs, where sources have changed. Ends this process if it fails. */
export async function ensureProductBuilt() {
  await ensureProgramsBuilt();
  await step('Building the console', pinnedNode, [join(root, 'apps', 'console', 'build.mjs')], {
    cwd: root,
    failure: 'The console could not be built; the reason is above.',
    quietMs: 1000,
  });
}

/** Only the programs, without the console. Ends this process if it fails. */
export async function ensureProgramsBuilt() {
  await step('Building', pinnedNode, [join(root, 'scripts', 'bundle.mjs')], {
    cwd: root,
    failure: 'The build failed; the reason is above.',
    quietMs: 1000,
  });
}

/** Compiles what changed in these projects, for what runs their modules one by one. Ends this process if it fails. */
export async function ensureBuilt(...projects) {
  await step('Building', pinnedNode, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', ...projects], {
    cwd: root,
    failure: 'The build failed; the compiler reports why above.',
    quietMs: 1000,
  });
}
