import { readFileSync } from 'node:fs';

/** The memory that a process and its children have, in MiB. */
export function residentMiB(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  const own = Math.round(Number(match?.[1] ?? 0) / 1024);
  return children.reduce((sum, child) => sum + residentMiB(child), own);
}
