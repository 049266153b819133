import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Ends a server that an earlier process left running with this configuration file: two servers on one store would
 * destroy it. The process id in the pid file may have been reused, so only a process whose command line names the
 * configuration file counts.
 * @param graceMs how long it may take to stop before it is killed
 */
export async function evictLeftover(pidFile: string, configFile: string, graceMs = 10_000): Promise<void> {
  const pid = await serverPid(pidFile, configFile);
  if (pid === undefined) return;
  signal(pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (await serverPid(pidFile, configFile)) {
    if (Date.now() > deadline) signal(pid, 'SIGKILL');
    await delay(50);
  }
}

/** The process that runs a server with this configuration file, or undefined. */
export async function serverPid(pidFile: string, configFile: string): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return (await commandLine(pid)).includes(configFile) ? pid : undefined;
}

/** Empty for a process that does not exist, or is a zombie. */
async function commandLine(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    if (process.platform === 'linux') return '';
  }
  return run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // it ended meanwhile
  }
}
