import { readFileSync } from 'node:fs';

/**
 * The memory that a process and its children have, in MiB. `RssAnon` is what is theirs alone: `VmRSS` also counts the pages of database files
 * that are mapped, which the system takes back when it needs them.
 */
export function residentMiB(pid: number, of: 'VmRSS' | 'RssAnon' = 'VmRSS'): number {
  const match = new RegExp(String.raw`${of}:\s+(\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  const own = Math.round(Number(match?.[1] ?? 0) / 1024);
  return children.reduce((sum, child) => sum + residentMiB(child, of), own);
}
