// What the scripts share: is everything installed, is it built, which Node runs it.
// Dependency-free and content with Node 20: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The pinned Node 24, an npm package of the workspace; the one on PATH may be older. */
export const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');

const programs = join(root, 'node_modules', '.bin');

/** The environment for what runs in the workspace: its own programs, the pinned Node among them, come first. */
export function workspaceEnvironment() {
  return { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH ?? ''}` };
}

/**
 * Runs a program in the workspace and resolves with its exit code, 128 and more when a signal ended it.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env: workspaceEnvironment(), stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

/** Installs the dependencies unless exactly what the lockfile says is there. Exits when that fails. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  console.error('Installing dependencies (npm ci) …');
  const code = await run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], { env: process.env });
  if (code !== 0) {
    console.error('npm ci failed; see above.');
    process.exit(code);
  }
  writeFileSync(stamp, lockfileHash());
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

/** Builds what changed, up to the all-in-one. Says so only when it takes a while. Exits when that fails. */
export async function ensureBuilt() {
  const notice = setTimeout(() => console.error('Building …'), 2000);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const code = await run(pinnedNode, [tsc, '-b', 'services/opensync']);
  clearTimeout(notice);
  if (code !== 0) {
    console.error('The build failed; see above.');
    process.exit(code);
  }
}
