import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stablePort, temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { Api } from './api.ts';
import { Keys, OPENSYNC, opensync, succeed, type CommandResult } from './command.ts';
import { descendants, survivors } from './processes.ts';
import { readRuntime, type Runtime } from './runtime.ts';
import { readStatus, type Status } from './status.ts';
import type { Ending, Target } from './target.ts';

export const BOOTSTRAP_KEY = 'osk_end-to-end-tests-0123456789abcdef';
const START_TIMEOUT_MS = 60_000;

/** The all-in-one as its own process on a temporary data folder and a free port. */
export class AllInOne implements Target, AsyncDisposable {
  readonly #data: TemporaryFolder;
  readonly dataDir: string;
  /** Environment of the process, without its port. */
  readonly env: NodeJS.ProcessEnv;
  #port = 0;
  #child: ChildProcess | undefined;
  #stdout = '';
  #stderr = '';
  readonly #keys = new Keys((...args) => succeed(this.env, ...args));
  /** A test run that ends early must not leave a server behind. */
  readonly #killAtExit = () => this.#child?.kill('SIGKILL');

  /** @param settings environment variables in addition to those of every test; undefined removes one */
  constructor(data: TemporaryFolder, settings: NodeJS.ProcessEnv = {}) {
    this.#data = data;
    const { NATS_URL, NATS_TOKEN, OPENAI_API_KEY, OPENAI_BASE_URL, ...env } = process.env;
    this.dataDir = join(data.path, 'opensync');
    this.env = {
      ...env,
      OPENSYNC_DATA_DIR: this.dataDir,
      OPENSYNC_MODEL_INSTALL: 'off',
      OPENSYNC_BOOTSTRAP_KEY: BOOTSTRAP_KEY,
      ...settings,
    };
    process.once('exit', this.#killAtExit);
  }

  get url(): string {
    return `http://localhost:${this.#port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the all-in-one is not running');
    return pid;
  }

  /** The output of the running process for people. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What the running process has logged since the last call, which is forgotten here. */
  takeLog(): string {
    const log = this.#stderr;
    this.#stderr = '';
    return log;
  }

  async start(): Promise<void> {
    this.#port ||= await stablePort();
    const child = spawn(process.execPath, [OPENSYNC, 'start'], {
      env: { ...this.env, PORT: String(this.#port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#stdout = this.#stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (this.#stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    await waitFor(
      async () => {
        if (child.exitCode !== null || child.signalCode !== null) return true;
        const { pid } = await this.#runtime();
        if (pid !== child.pid) return false;
        return (await fetch(`${this.url}/readyz`)).ok;
      },
      { timeoutMs: START_TIMEOUT_MS, intervalMs: 25, what: 'the start of the all-in-one' },
    ).catch((error: unknown) => this.#explain(error));
    if (child.exitCode !== null || child.signalCode !== null) await this.#explain(undefined);
  }

  async api(email: string, workspace = 'default'): Promise<Api> {
    return new Api(this.url, await this.#keys.create('--user', email, '--workspace', workspace));
  }

  async revoke(api: Api): Promise<void> {
    await this.#keys.revoke(api.key);
  }

  /** Runs the command line against the same data folder. */
  command(...args: string[]): Promise<CommandResult> {
    return opensync(this.env, ...args);
  }

  async status(): Promise<Status> {
    return readStatus(await succeed(this.env, 'status', '--json'));
  }

  async log(): Promise<{ servers: string; token: string | undefined }> {
    const { natsUrl, natsToken } = await this.#runtime();
    return { servers: natsUrl, token: natsToken };
  }

  async kill(): Promise<void> {
    const child = this.#running();
    const children = await descendants(this.pid);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    this.#child = undefined;
    await waitFor(async () => (await survivors(children)).length === 0, { what: 'the end of the children' });
  }

  async killLog(): Promise<void> {
    const server = await this.#natsServer();
    process.kill(server, 'SIGKILL');
    await waitFor(async () => (await this.#natsServer()) !== server && (await fetch(`${this.url}/readyz`)).ok, {
      timeoutMs: START_TIMEOUT_MS,
      intervalMs: 25,
      what: 'the return of nats-server',
    });
  }

  async interrupt(): Promise<Ending> {
    const child = this.#running();
    const children = await descendants(this.pid);
    const exit = once(child, 'exit');
    const startedAt = performance.now();
    child.kill('SIGINT');
    const [code] = (await exit) as [number | null];
    const tookMs = performance.now() - startedAt;
    this.#child = undefined;
    return { code, tookMs, leftBehind: (await survivors(children)).map(({ command }) => command) };
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#killAtExit);
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
    await this.#data.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #running(): ChildProcess {
    if (!this.#child) throw new Error('the all-in-one is not running');
    return this.#child;
  }

  async #natsServer(): Promise<number> {
    const children = await descendants(this.pid);
    const server = children.find(({ command }) => /^\S*nats-server\S* --config /.test(command));
    if (!server) throw new Error('no nats-server among the children');
    return server.pid;
  }

  #runtime(): Promise<Runtime> {
    return readRuntime(this.dataDir);
  }

  async #explain(cause: unknown): Promise<never> {
    throw new Error(`the all-in-one did not start:\n${this.#stdout}${this.#stderr}`, { cause });
  }
}

/** A running all-in-one on empty data; leaves nothing behind if it does not start. */
export async function startAllInOne(settings?: NodeJS.ProcessEnv): Promise<AllInOne> {
  const target = new AllInOne(await temporaryFolder(), settings);
  try {
    await target.start();
  } catch (error) {
    await target.stop();
    throw error;
  }
  return target;
}
