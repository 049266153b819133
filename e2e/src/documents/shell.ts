import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@opensync/testkit';

/** For a command on a busy machine; a first `npm start` may have to install. */
export const COMMAND_TIMEOUT_MS = 120_000;
const MARK = '--- end of the command ---';

/** A person's shell: exports of one command are visible to the next one. */
export class Shell {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #folder: string;
  readonly #background: { pid: number; command: string }[] = [];
  #output = '';

  /** @param folder for the output of background commands */
  constructor(options: { cwd: string; env: NodeJS.ProcessEnv; folder: string }) {
    this.#folder = options.folder;
    this.#child = spawn('sh', [], { cwd: options.cwd, env: options.env });
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => (this.#output += chunk));
    this.#child.stdin.write('exec 2>&1\n');
  }

  /** Runs a command to its end; resolves with its whole output. */
  async run(command: string): Promise<{ code: number; output: string }> {
    this.#output = '';
    // In braces, so that the first program of a pipeline gets it, not the last one.
    this.#child.stdin.write(`{ ${command}\n} </dev/null\nprintf '\\n%s %s\\n' '${MARK}' "$?"\n`);
    const end = await waitFor(() => new RegExp(`\\n${MARK} (\\d+)\\n`).exec(this.#output), {
      timeoutMs: COMMAND_TIMEOUT_MS,
      what: `the end of: ${command}`,
    });
    return { code: Number(end[1]), output: this.#output.slice(0, end.index) };
  }

  /** Starts a command in the background; resolves with its output once that matches. */
  async start(command: string, ready: RegExp): Promise<string> {
    const file = join(this.#folder, `output-${this.#child.pid}-${this.#background.length}`);
    // The program itself, not a shell around it: it receives the final signal.
    const { output } = await this.run(`(exec env ${command}) >'${file}' 2>&1 & echo "started $!"`);
    const pid = Number(/started (\d+)/.exec(output)![1]);
    this.#background.push({ pid, command });
    const printed = () => readFile(file, 'utf8').catch(() => '');
    const isReady = await waitFor(async () => (ready.test(await printed()) ? 'ready' : !isAlive(pid) && 'ended'), {
      timeoutMs: COMMAND_TIMEOUT_MS,
      what: `the start of: ${command}`,
    });
    if (isReady === 'ended') throw new Error(`${command} ended: ${await printed()}`);
    return printed();
  }

  /** Ends the background commands, the last one first; resolves with the exit codes. */
  async stop(): Promise<{ command: string; code: number }[]> {
    const ended = [];
    for (const { pid, command } of this.#background.toReversed()) {
      const { code } = await this.run(`kill -TERM ${pid}; wait ${pid}`);
      ended.push({ command, code });
    }
    this.#background.length = 0;
    return ended;
  }

  async close(): Promise<void> {
    await this.stop();
    this.#child.stdin.end();
    await once(this.#child, 'exit');
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
