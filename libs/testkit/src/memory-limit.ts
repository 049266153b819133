import { randomUUID } from 'node:crypto';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

/** Memory for the processes that run under it, as a container's limit gives it to them. */
export interface MemoryLimit extends AsyncDisposable {
  readonly bytes: number;
  /** Whether the kernel ends what goes beyond it. If this user may make no cgroup, only Node's heap is bounded. */
  readonly enforced: boolean;
  /** What to spawn so that `program` runs under it. */
  spawn(program: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] };
  /** What to add to the environment of that. */
  readonly env: NodeJS.ProcessEnv;
}

/** Where cgroups of either version are, and the file that takes the limit. */
const HIERARCHIES = [
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
] as const;
/** What Node takes for its heap in a container of little memory. */
const HEAP_SHARE = 0.5;

export async function memoryLimit(bytes: number): Promise<MemoryLimit> {
  for (const { root, limit } of HIERARCHIES) {
    const group = join(root, `opensync-test-${randomUUID()}`);
    try {
      await mkdir(group);
      await writeFile(join(group, limit), String(bytes), { flag: 'r+' });
      return enforcedLimit(bytes, group);
    } catch {
      await rmdir(group).catch(() => undefined);
    }
  }
  const heap = Math.round((bytes * HEAP_SHARE) / 2 ** 20);
  return {
    bytes,
    enforced: false,
    spawn: (command, args) => ({ command, args }),
    env: { NODE_OPTIONS: `--max-old-space-size=${heap}` },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function enforcedLimit(bytes: number, group: string): MemoryLimit {
  const enter = `echo $$ > '${group}/cgroup.procs' && exec "$0" "$@"`;
  return {
    bytes,
    enforced: true,
    spawn: (program, args) => ({ command: 'sh', args: ['-c', enter, program, ...args] }),
    env: {},
    // It is busy until the last process in it is collected.
    [Symbol.asyncDispose]: async () => {
      const removed = () =>
        rmdir(group).then(
          () => true,
          (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
        );
      await waitFor(removed, { timeoutMs: 10_000, what: 'the end of a cgroup' });
    },
  };
}
