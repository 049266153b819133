import { spawn, type ChildProcess } from 'node:child_process';
/**
 * The shell between this process and the program. It starts the program, here called the server, and a reader on descriptor 3 whose other end
 * this process holds: however this process ends, even by `kill -9`, the kernel closes that end, the reader wakes, and
 * the server is stopped. Only the kernel can guarantee that: exit handlers do not run on SIGKILL, and
 * PR_SET_PDEATHSIG exists on Linux only.
 * The server does not get descriptor 3. The shell is the server's parent, so the process id that it signals cannot be
 * reused before `wait` has returned.
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

/** What a program needs of the environment: never the keys and passwords among the settings, which another process could read there. */
const PASSED_ON = /^(PATH|HOME|TMPDIR|TZ|LANG|LC_[A-Z]+|GO[A-Z]+)$/;

/** The environment of a program: what it needs of this process' and its own variables. */
export function environment(own: NodeJS.ProcessEnv, more = /^$/): NodeJS.ProcessEnv {
  const passedOn = Object.entries(process.env).filter(([name]) => PASSED_ON.test(name) || more.test(name));
  return { ...own, ...Object.fromEntries(passedOn) };
}

export interface GuardedProcess {
  readonly child: ChildProcess;
  /** Asks the program to stop, like the death of this process would. */
  readonly release: () => void;
  /** Kills the program and its guard. */
  readonly kill: () => void;
}

/**
 * Starts a program that dies with this process. It leads its own process group and session, so that Ctrl-C in a
 * terminal does not reach it before this process has drained.
 */
export function spawnGuarded(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): GuardedProcess {
  const child = spawn('sh', ['-c', SCRIPT, 'opensync-guard', program, ...args], {
    cwd,
    env: environment(env),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const lifeline = child.stdio[3] as NodeJS.WritableStream & { destroy(): void };
  lifeline.on('error', () => undefined); // EPIPE if the guard is already gone
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

/** Resolves with the reason when the guarded process has exited; never rejects. */
export function ending({ child }: GuardedProcess): Promise<string> {
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-2000);
  });
  return new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => {
      const how = signal ? `signal ${signal}` : `exit code ${code}`;
      const finish = () => done(complaint ? `${how}: ${complaint.trim()}` : how);
      // 'close' follows when all output has been read; it never comes if only the guard was killed and the server
      // still holds its end.
      const timer = setTimeout(finish, 200);
      child.once('close', () => {
        clearTimeout(timer);
        finish();
      });
    });
  });
}
