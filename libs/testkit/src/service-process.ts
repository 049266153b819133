import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { MemoryLimit } from './memory-limit.ts';
import { waitFor } from './wait-for.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A service as operators run it: built, as a separate process, configured only by its environment. */
export class ServiceProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  #over = false;
  readonly #killAtExit = () => this.#child.kill('SIGKILL');

  /**
   * @param main the built program, `build/….js`
   * @param limit the memory that it may have
   */
  constructor(main: string, env: NodeJS.ProcessEnv, limit?: MemoryLimit) {
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    const { command, args } = limit?.spawn(process.execPath, [main]) ?? { command: process.execPath, args: [main] };
    this.#child = spawn(command, args, {
      env: { PATH, HOME, NODE_COMPILE_CACHE, PORT: '0', LOG_LEVEL: 'warn', ...limit?.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (this.#stdout += chunk));
    this.#child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    this.ended = once(this.#child, 'close').then(([code]) => {
      this.#over = true;
      process.removeListener('exit', this.#killAtExit);
      return { code: code as number | null, stdout: this.#stdout, stderr: this.#stderr };
    });
    process.once('exit', this.#killAtExit);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves with the URL once the service reports that it is running. */
  async url(): Promise<string> {
    const announced = () => / is running at (\S+)\n/.exec(this.#stdout)?.[1];
    await waitFor(() => announced() ?? this.#over, { timeoutMs: 110_000, what: 'the start of the service' });
    const url = announced();
    if (url === undefined) throw new Error(`the service ended: ${this.#stdout}${this.#stderr}`);
    return url;
  }

  get isRunning(): boolean {
    return !this.#over;
  }

  /** What it has logged so far. */
  get log(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.stop();
  }
}
