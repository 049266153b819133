import { join } from 'node:path';

/** One Jest configuration for all projects: TypeScript through SWC as ES modules, workspace packages from their sources. */
export default {
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  runtime: join(import.meta.dirname, 'scripts/jest/runtime.mjs'),
  testEnvironment: join(import.meta.dirname, 'scripts/jest/environment.mjs'),
  testEnvironmentOptions: { customExportConditions: ['opensync-source', 'node', 'node-addons', 'import', 'default'] },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true },
          target: 'es2023',
        },
        module: { type: 'es6' },
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
  maxWorkers: 2,
};
