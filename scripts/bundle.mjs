// The programs of the product, from their sources into `build`: one file each and the chunks that they share, unless exactly these
// sources are there already. A start then reads a few large files in place of thousands of small ones
// (docs/adr/0090-programs-are-bundled.md). Types are checked by the compiler, apart from this.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { NOT_BUNDLED } from './not-bundled.mjs';

const root = join(import.meta.dirname, '..');
const build = join(root, 'build');
/** Hash of what `build` was made from. */
const stamp = join(build, '.sources');
/** A program that runs may load a chunk of the build before for this long. */
const OLD_MS = 24 * 60 * 60 * 1000;

const PROGRAMS = ['opensync', 'ingest', 'projector', 'embedder', 'query', 'wrapped', 'keeper'];

/** Modules of threads, each beside the module that starts it. */
const WORKERS = [
  'libs/stores/src/documents/sqlite/worker.ts',
  'libs/stores/src/search/fts5/worker.ts',
  'libs/stores/src/vectors/sqlite-vec/worker.ts',
  'services/embedder/src/local/local-embedder.worker.ts',
  'services/embedder/src/local/onnx-embedder.worker.ts',
];

/** A package that finds its files in this way cannot be bundled. */
const CJS_ADDRESS = /\b__dirname\b|\b__filename\b/;
/** These name it in a text, or do without it. */
const HARMLESS = /\/(undici\/index|@colors\/colors\/lib\/colors)\.js$/;

/** A module finds files by its own address, which is another one in the build. */
const ADDRESS = /\bimport\.meta\.(url|dirname|filename)\b/;
const PLACE = /"@place:([^"]+)"/g;

const files = await sourceFiles();
const sources = await hashOf(files);
if ((await readFile(stamp, 'utf8').catch(() => '')) !== sources) {
  const output = await bundle();
  await rm(stamp, { force: true });
  await write(output);
  await removeOld(new Set(output.map(({ fileName }) => fileName)));
  await writeFile(stamp, sources);
}

/** What may be in a program, relative to the root. */
async function sourceFiles() {
  const found = [];
  for (const group of ['libs', 'services']) {
    for (const project of await readdir(join(root, group))) {
      const folder = join(root, group, project, 'src');
      // A folder without sources is what a removed project has left.
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
        if (!entry.isFile() || !/\.(ts|json)$/.test(entry.name) || /\.(spec|d)\.ts$/.test(entry.name)) continue;
        found.push(relative(root, join(entry.parentPath, entry.name)));
      }
    }
  }
  return found.sort();
}

async function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of [...paths, 'package-lock.json', 'scripts/bundle.mjs', 'scripts/not-bundled.mjs']) {
    const content = await readFile(join(root, path));
    hash.update(`${path} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

async function bundle() {
  const programs = PROGRAMS.map((name) => [name, join(root, 'services', name, 'src', 'main.ts')]);
  const workers = WORKERS.map((file) => [inBuild(file), join(root, file)]);
  const bundler = await rolldown({
    cwd: root,
    platform: 'node',
    input: Object.fromEntries([...programs, ...workers]),
    resolve: { conditionNames: ['opensync-source', 'node', 'import', 'module', 'default'] },
    transform: { target: 'es2024', decorator: { legacy: true } },
    tsconfig: false,
    external: NOT_BUNDLED,
    plugins: [
      {
        name: 'addresses',
        transform: { filter: { code: [ADDRESS, CJS_ADDRESS] }, handler: withPlaces },
        renderChunk: (code, { fileName }) => withAddresses(code, dirname(fileName)),
      },
    ],
    onLog(level, log, next) {
      // Optional parts of Nest and others, which are not installed.
      if (log.code === 'UNRESOLVED_IMPORT' && log.id?.includes('/node_modules/')) return;
      if (level === 'warn') throw new Error(log.message);
      next(level, log);
    },
  });
  const { output } = await bundler.generate({
    format: 'esm',
    // Logs and errors name classes.
    keepNames: true,
    // reflect-metadata runs before what it is for.
    strictExecutionOrder: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  });
  return output;
}

/** The path of a worker in the build, without its extension. */
function inBuild(file) {
  return file.slice(0, -extname(file).length);
}

/**
 * Marks where a module says where it is. Its place is that of its source, so that it finds the files of its package; with a
 * worker beside it, it is the place in the build; and a program is where the build has it.
 */
function withPlaces(code, id) {
  const file = relative(root, id);
  if (CJS_ADDRESS.test(code) && !HARMLESS.test(id)) {
    throw new Error(`${file} uses __dirname: name its package in scripts/not-bundled.mjs`);
  }
  if (/^services\/[^/]+\/src\/main\.ts$/.test(file)) return undefined;
  const place = code.includes('workerEntry(') ? `build/${inBuild(file)}.js` : file;
  const url = `new URL("@place:${place}", import.meta.url)`;
  const pathOf = (address) => `process.getBuiltinModule('node:url').fileURLToPath(${address})`;
  return code
    .replaceAll('import.meta.url', `${url}.href`)
    .replaceAll('import.meta.filename', pathOf(url))
    .replaceAll('import.meta.dirname', pathOf(`new URL('.', ${url})`));
}

/** @param {string} folder of the chunk in the build */
function withAddresses(code, folder) {
  if (!code.includes('"@place:')) return undefined;
  return code.replaceAll(PLACE, (_, place) => JSON.stringify(relative(join('build', folder), place)));
}

/** Each file whole or not at all, the programs last: another process may read them at this moment. */
async function write(output) {
  for (const file of output.toSorted((one, other) => Number(one.isEntry) - Number(other.isEntry))) {
    const path = join(build, file.fileName);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.${process.pid}`, file.code ?? file.source);
    await rename(`${path}.${process.pid}`, path);
  }
}

async function removeOld(current) {
  for (const entry of await readdir(build, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || current.has(relative(build, path))) continue;
    if (Date.now() - (await stat(path)).mtimeMs > OLD_MS) await rm(path);
  }
}
