import { readFile } from 'node:fs/promises';

const KIBIBYTES_PER_MEBIBYTE = 1024;

/** MiB of memory that a process has now, and the most that it ever had: what the system counted, so that no peak is missed. */
export async function memoryOf(pid: number): Promise<{ readonly now: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)![1]) / KIBIBYTES_PER_MEBIBYTE;
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
}
