import { spawn, type ChildProcess } from 'node:child_process';

/**
 * The shell that stands between this process and the server. It starts the server, and a reader on descriptor 3
 * whose other end this process holds: however this process ends, `kill -9` included, the kernel closes that end,
 * the reader wakes, and the server is told to stop. Nothing but the kernel can promise that: exit handlers do not
 * run on SIGKILL, and PR_SET_PDEATHSIG exists on Linux only.
 *
 * The server does not get descriptor 3. The shell is the server's parent, so the number that it signals cannot
 * have become another process's before `wait` returned.
 */
const SCRIPT = `
"$@" 3<&- &
server=$!
{ read -r _ <&3; kill -TERM "$server"; } 2>/dev/null &
reader=$!
exec 3<&-
wait "$server"
status=$?
kill "$reader" 2>/dev/null
exit "$status"
`;

export interface GuardedProcess {
  readonly child: ChildProcess;
  /** Asks the program to stop, as the death of this process would. */
  readonly release: () => void;
  /** Ends the program and its guard at once. */
  readonly kill: () => void;
}

/**
 * Starts a program that dies with this process. It leads a process group and session of its own, so that Ctrl-C
 * in a terminal does not reach it before this process has drained.
 */
export function spawnGuarded(program: string, args: readonly string[], cwd: string): GuardedProcess {
  const child = spawn('sh', ['-c', SCRIPT, 'opensync-guard', program, ...args], {
    cwd,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const lifeline = child.stdio[3] as NodeJS.WritableStream & { destroy(): void };
  lifeline.on('error', () => undefined); // EPIPE where the guard is gone already
  return {
    child,
    release: () => lifeline.destroy(),
    kill: () => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // the group is gone
      }
    },
  };
}
