import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FetchContext {
  /** Aborts the fetch; it then throws soon. */
  readonly signal?: AbortSignal | undefined;
  /** Receives a progress line now and then. */
  readonly report?: ((line: string) => void) | undefined;
}

/**
 * Lets `fill` create `nats-server` in a temporary folder, then moves it to `target` in one step, so that two
 * processes may do this at once and an interrupted one leaves nothing behind.
 */
export async function installThrough(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}-`);
  try {
    await fill(folder);
    const program = join(folder, 'nats-server');
    await chmod(program, 0o755);
    await rename(program, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
