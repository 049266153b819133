import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process under `root`, at any depth, without `root` itself. */
export async function descendants(root: number): Promise<ProcessInfo[]> {
  const all = await processes();
  const found: ProcessInfo[] = [];
  const pending = [root];
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    const children = all.filter((process) => process.parent === parent);
    found.push(...children);
    pending.push(...children.map(({ pid }) => pid));
  }
  return found;
}

/** Those that still run. A reused process id does not count. */
export async function survivors(of: readonly ProcessInfo[]): Promise<ProcessInfo[]> {
  const now = new Map((await processes()).map((process) => [process.pid, process.command]));
  return of.filter(({ pid, command }) => now.get(pid) === command);
}

/** All processes but those that have ended and only wait to be collected. */
async function processes(): Promise<ProcessInfo[]> {
  const { stdout } = await run('ps', ['-ww', '-eo', 'pid=,ppid=,state=,command='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (!match || match[3]!.startsWith('Z')) return [];
    return { pid: Number(match[1]), parent: Number(match[2]), command: match[4]! };
  });
}
