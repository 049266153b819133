// `npm run build`: the console into `dist`, unless exactly these sources are there already. Assets are compressed once, here.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const here = import.meta.dirname;
const dist = join(here, 'dist');
/** Hash of what the console in `dist` was built from. */
const stamp = join(dist, '.sources');
const COMPRESSIBLE = /\.(js|css|svg|html|json)$/;
const SMALLEST_BYTES = 512;

const sources = await hashOfSources();
if ((await readFile(stamp, 'utf8').catch(() => '')) !== sources) {
  const { build } = await import('vite');
  await build({ root: here, configFile: join(here, 'vite.config.ts'), logLevel: 'warn' });
  await compressAssets();
  await writeFile(stamp, sources);
}

async function hashOfSources() {
  const hash = createHash('sha256');
  const own = (await readdir(join(here, 'src'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.includes('.spec.'))
    .map(({ parentPath, name }) => join(parentPath, name));
  const others = [
    'index.html',
    'vite.config.ts',
    'svelte.config.js',
    'build.mjs',
    'package.json',
    '../../package-lock.json',
  ];
  for (const path of [...own, ...others.map((name) => join(here, name))].sort()) {
    const content = await readFile(path);
    hash.update(`${relative(here, path)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

async function compressAssets() {
  const folder = join(dist, 'app', 'assets');
  await rm(stamp, { force: true });
  for (const name of await readdir(folder)) {
    if (!COMPRESSIBLE.test(name)) continue;
    const content = await readFile(join(folder, name));
    if (content.length < SMALLEST_BYTES) continue;
    const brotli = {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    };
    await writeFile(join(folder, `${name}.br`), await promisify(brotliCompress)(content, brotli));
    await writeFile(join(folder, `${name}.gz`), await promisify(gzip)(content, { level: 9 }));
  }
}
