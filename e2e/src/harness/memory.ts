import { readFile, writeFile } from 'node:fs/promises';

const KIBIBYTES_PER_MEBIBYTE = 1024;

/** The maximum memory of a process since {@link forgetPeak}, MiB: counted by the system, so that no peak is missed. */
export async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) / KIBIBYTES_PER_MEBIBYTE;
}

/**
 * The unreclaimable memory of a process, MiB: without pages of files, such as a mapped database, for which a
 * container's limit does not kill it.
 */
export async function anonymousOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const sizes = status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
  return [...sizes].reduce((sum, [, size]) => sum + Number(size), 0) / KIBIBYTES_PER_MEBIBYTE;
}

/** Resets the peak memory of a process to what it has now; see proc(5), `clear_refs`. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}
