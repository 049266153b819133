import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { installThrough, type FetchContext } from './install-through.ts';

/** What `go install` builds; Go verifies it against its public checksum database. */
export const GO_MODULE = 'github.com/nats-io/nats-server/v2@v2.15.2';

const LIMIT_MS = 600_000;
const REPORT_EVERY_MS = 15_000;

/**
 * Builds the pinned module with the `go` on PATH and puts the program at `target`.
 * @throws Error if there is no `go` or it fails
 */
export async function goInstall(target: string, { signal, report }: FetchContext = {}): Promise<void> {
  const startedAt = Date.now();
  const progress = setInterval(
    () => report?.(`  still building, ${Math.round((Date.now() - startedAt) / 1000)} s`),
    REPORT_EVERY_MS,
  );
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    await installThrough(target, (folder) => run(folder, AbortSignal.any([limit, ...(signal ? [signal] : [])])));
  } finally {
    clearInterval(progress);
  }
}

async function run(folder: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // A separate process group: `go` starts compilers, which a signal to it alone would leave running.
  const child = spawn('go', ['install', GO_MODULE], {
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // the group is gone
    }
  };
  signal.addEventListener('abort', end);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint = (complaint + chunk).slice(-4000)));
  try {
    const [code, endedBy] = (await once(child, 'close')) as [number | null, string | null];
    signal.throwIfAborted();
    if (code !== 0)
      throw new Error(complaint.trim().split('\n').at(-1) || `go ended with ${endedBy ?? `code ${code}`}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('Go is not installed', { cause: error });
  } finally {
    signal.removeEventListener('abort', end);
  }
}
