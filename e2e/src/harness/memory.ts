import { readFile, writeFile } from 'node:fs/promises';

const KIBIBYTES_PER_MEBIBYTE = 1024;

/** The most memory that a process had since {@link forgetPeak}, MiB: what the system counted, so that no peak is missed. */
export async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) / KIBIBYTES_PER_MEBIBYTE;
}

/**
 * The memory that a process has now and the system cannot take back, MiB: without pages of files, such as a mapped database,
 * which a container's limit does not end it for.
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
