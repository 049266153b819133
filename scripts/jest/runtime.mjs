// How Jest loads a spec file: as Node's own ES module, so that the spec files of a worker share what they import. Jest's own
// runtime links and evaluates every import again for each spec file, in a sandbox. Only a spec that replaces modules needs
// that; it begins with `@jest-environment node`.
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { compileOnLoad } from '../compile-on-load.mjs';
import NativeEnvironment from './environment.mjs';

const require = createRequire(import.meta.url);
const JEST_GLOBALS = new URL('globals.mjs', import.meta.url).href;
/** Where Jest's runner registers its handlers, for as long as the process runs. */
const EVENT_HANDLERS = Symbol.for('EVENT_HANDLERS');

compileOnLoad((message) => {
  throw new SyntaxError(message);
});
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === '@jest/globals') return { url: JEST_GLOBALS, shortCircuit: true };
    // Packages of the workspace from their sources.
    return nextResolve(specifier, { ...context, conditions: ['opensync-source', ...context.conditions] });
  },
});

/** What Jest's runner asks of a runtime. */
class NativeRuntime {
  unstable_shouldLoadAsEsm() {
    return true;
  }

  async unstable_importModule(path) {
    await import(pathToFileURL(path).href);
  }

  requireModule(path) {
    return require(path);
  }

  /** The runner's own code. It collects the tests of a file in module variables, so each file gets a new copy. */
  requireInternalModule(path) {
    delete globalThis[EVENT_HANDLERS];
    delete require.cache[path];
    return require(path);
  }

  setGlobalsForRuntime() {}

  enterTestCode() {}

  leaveTestCode() {}

  /** Node applies the source maps. */
  getSourceMaps() {
    return new Map();
  }

  getAllCoverageInfoCopy() {
    return undefined;
  }

  teardown() {}
}

export default class Runtime {
  constructor(config, environment, ...others) {
    if (environment instanceof NativeEnvironment) return new NativeRuntime();
    const { default: JestRuntime } = require('jest-runtime');
    return new JestRuntime(config, environment, ...others);
  }
}
