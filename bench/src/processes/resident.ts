import { readFileSync } from 'node:fs';

/**
 * What is resident: `RssAnon` is what belongs to a process alone; `VmRSS` also counts the pages of database files that are mapped, which the
 * system takes back when it needs them.
 */
export type Resident = 'VmRSS' | 'RssAnon';

/** The memory that a process and its children have, in MiB. */
export function residentMiB(pid: number, of: Resident = 'VmRSS'): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.reduce((sum, child) => sum + residentMiB(child, of), ownResidentMiB(pid, of));
}

/** The memory of a process without its children, in MiB. */
export function ownResidentMiB(pid: number, of: Resident): number {
  const match = new RegExp(String.raw`${of}:\s+(\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}
