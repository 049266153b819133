// Lets Node run the sources as they are, for `npm run dev` and for Jest. Node strips types by itself but has no decorators, so
// SWC compiles each file when it is loaded. A cache under node_modules keeps what did not change, because a restart should
// take as long as a start of the built product, and each worker of Jest loads most files.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, enableCompileCache, registerHooks } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'opensync-dev');
const options = {
  swcrc: false,
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true },
    target: 'es2024',
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};
const require = createRequire(import.meta.url);
const compiler = JSON.stringify([require('@swc/core/package.json').version, options]);

let failed;

/** @param {(message: string) => never} onError called with what is wrong with a file that does not compile */
export function compileOnLoad(onError) {
  failed = onError;
  mkdirSync(cache, { recursive: true });
  enableCompileCache(cache);
  process.setSourceMapsEnabled(true);
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
      return { format: 'module', shortCircuit: true, source: compiled(fileURLToPath(url)) };
    },
  });
}

/** One file of the cache for each source, which begins with the hash of what it was made from. */
function compiled(file) {
  const source = readFileSync(file, 'utf8');
  const name = relative(root, file);
  const mark = `/* ${createHash('sha256').update(compiler).update(source).digest('hex')} */`;
  const cached = join(cache, `${name.replaceAll(sep, '!')}.js`);
  try {
    const content = readFileSync(cached, 'utf8');
    if (content.startsWith(mark)) return content;
  } catch {
    // not compiled yet
  }
  const content = mark + transformed(file, source);
  // Whole or not at all: worker threads read it, too.
  const unfinished = `${cached}.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, cached);
  return content;
}

function transformed(file, source) {
  try {
    return require('@swc/core').transformSync(source, { ...options, filename: file, sourceFileName: file }).code;
  } catch (error) {
    // Only what is wrong with the file: the rest is about the compiler.
    return failed(error.message.split('\n\nCaused by:')[0].trimEnd());
  }
}
