import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROJECTION = 'bench/src/processes/projection.ts';

/**
 * Builds a commit of this repository in an empty folder, with the dependencies of its lock file. Returns the folder of its programs,
 * which are run on the Node of this process. A commit from before this comparison gets today's projection program.
 */
export async function buildCommit(ref: string, folder: string): Promise<URL> {
  const archive = join(folder, 'source.tar');
  await run('git', ['archive', '--format=tar', '-o', archive, ref], { cwd: ROOT });
  await run('tar', ['-xf', archive, '-C', folder]);
  await copyFile(join(ROOT, PROJECTION), join(folder, PROJECTION), constants.COPYFILE_EXCL).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder });
  const compiler = join(folder, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-b', 'bench'], { cwd: folder });
  const bundle = join(folder, 'scripts/bundle.mjs');
  // Programs were modules of the compiler before there was a bundle.
  if (existsSync(bundle)) await run(process.execPath, [bundle], { cwd: folder });
  return new URL(`file://${folder}/bench/dist/processes/`);
}
