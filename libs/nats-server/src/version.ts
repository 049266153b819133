import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The version in the output of `nats-server --version` (`nats-server: v2.15.2`), without the `v`. */
export function parseVersion(output: string): string | undefined {
  return /^nats-server: v(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1];
}

/** Whether `version` is `minimum` or later; a pre-release counts as its release. */
export function isAtLeast(version: string, minimum: string): boolean {
  return version.localeCompare(minimum, 'en', { numeric: true }) >= 0;
}

/** The version of the program at `bin`, or why there is none, e.g. `not found`. */
export async function programVersion(bin: string): Promise<{ version: string } | { problem: string }> {
  try {
    const { stdout } = await run(bin, ['--version'], { timeout: 10_000 });
    const version = parseVersion(stdout);
    return version ? { version } : { problem: `${bin} is not a nats-server` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problem: code === 'ENOENT' ? `${bin} does not exist` : `${bin} cannot be executed (${code ?? 'failed'})` };
  }
}
