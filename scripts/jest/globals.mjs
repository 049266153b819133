// `@jest/globals` for the spec files that runtime.mjs loads, which share this module.
import { JEST_OBJECT } from './environment.mjs';

export const jest = new Proxy({}, { get: (_, name) => globalThis[JEST_OBJECT][name] });
