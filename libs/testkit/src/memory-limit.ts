import { randomUUID } from 'node:crypto';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

/** A memory limit for child processes, like that of a container. */
export interface MemoryLimit extends AsyncDisposable {
  readonly bytes: number;
  /**
   * Whether the kernel kills processes beyond it. If this user may not create a cgroup, only Node's heap is limited.
   */
  readonly enforced: boolean;
  /** The command that runs `program` under the limit. */
  spawn(program: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] };
  /** Additional environment of that command. */
  readonly env: NodeJS.ProcessEnv;
}

/** Where cgroups of either version are, and the file that takes the limit. */
const HIERARCHIES = [
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
] as const;
/** Node's heap limit in a container of little memory. */
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
    // It is busy until its last process is reaped.
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
