import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The major version of Node that the product is built for and tested on. */
const NODE_MAJOR = 24;

/** Whether this Node has the features that the product imports, such as `node:sqlite` and zstd in `node:zlib`. */
export function isRecentNode(version: string = process.versions.node): boolean {
  return Number(version.split('.')[0]) >= NODE_MAJOR;
}

/**
 * The Node that `npm ci` installs with the dependencies, as `moduleUrl` would import it.
 * @returns the path of its program; undefined if it is not installed
 */
export function pinnedNode(moduleUrl: string): string | undefined {
  try {
    const program = join(dirname(createRequire(moduleUrl).resolve('node/package.json')), 'bin', 'node');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}
