import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@opensync/testkit';
import { readRuntime, type Runtime } from '../system/data-folder.ts';

const launcher = fileURLToPath(new URL('../../bin/opensync.mjs', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The product as its users run it: the built `opensync` command, each in a separate process. */
export class Product {
  readonly dataDir: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #children = new Set<ChildProcess>();

  constructor(dataDir: string, env: NodeJS.ProcessEnv = {}) {
    this.dataDir = dataDir;
    const { PATH, HOME, NATS_SERVER_BIN, NODE_COMPILE_CACHE } = process.env;
    // Tests read the first key from the text of the start.
    const shown = { OPENSYNC_KEY_DISPLAY: 'always', LOG_LEVEL: 'warn', OPENSYNC_MODEL_INSTALL: 'off' };
    const programs = { PATH, HOME, NATS_SERVER_BIN, NODE_COMPILE_CACHE };
    this.#env = { ...programs, PORT: '0', OPENSYNC_DATA_DIR: dataDir, ...shown, ...env };
  }

  /** Runs a command to its end in a pipe, with these bytes as stdin. */
  async pipe(
    args: readonly string[],
    stdin: Uint8Array = new Uint8Array(),
  ): Promise<{ stdout: Buffer; stderr: string }> {
    // Latin-1 is the encoding that keeps every byte.
    const { child, finished } = this.launch(args, {}, { stdin: 'pipe', encoding: 'latin1' });
    child.stdin!.end(stdin);
    const { stdout, stderr } = await finished;
    return { stdout: Buffer.from(stdout, 'latin1'), stderr };
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    return this.launch(args, env).finished;
  }

  /** Starts the all-in-one and resolves when it reports that it is running. */
  async start(env: NodeJS.ProcessEnv = {}): Promise<StartedProduct> {
    const { child, finished, text } = this.launch(['start'], env);
    let over: Finished | undefined;
    void finished.then((result) => (over = result));
    await waitFor(() => text.stdout.includes('OpenSync is running') || over, {
      timeoutMs: 110_000,
      what: 'the start of OpenSync',
    });
    if (over) throw new Error(`OpenSync ended: ${over.stdout}${over.stderr}`);
    const runtime = (await readRuntime(this.dataDir))!;
    return { child, finished, runtime, url: runtime.httpUrl, banner: text.stdout };
  }

  /** The nats-server of the data folder, as its pid file has it. */
  async natsPid(): Promise<number> {
    return Number(await readFile(join(this.dataDir, 'nats', 'nats-server.pid'), 'utf8'));
  }

  /** Ends everything that is still running. */
  async dispose(): Promise<void> {
    await Promise.all(
      [...this.#children].map(async (child) => {
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        await exit;
      }),
    );
  }

  /** Runs a command; `text` is its output so far. */
  launch(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    { stdin = 'ignore', encoding = 'utf8' }: { stdin?: 'ignore' | 'pipe'; encoding?: BufferEncoding } = {},
  ) {
    const child = spawn(process.execPath, [launcher, ...args], {
      env: { ...this.#env, ...env },
      stdio: [stdin, 'pipe', 'pipe'],
    });
    this.#children.add(child);
    const text = { stdout: '', stderr: '' };
    child.stdout!.setEncoding(encoding).on('data', (chunk: string) => (text.stdout += chunk));
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk));
    child.once('exit', () => this.#children.delete(child));
    const finished = once(child, 'close').then(([code]): Finished => ({ code: code as number | null, ...text }));
    return { child, finished, text };
  }
}

export interface StartedProduct {
  /** The launcher; the program itself is `runtime.pid`. */
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  readonly runtime: Runtime;
  readonly url: string;
  /** What it printed at the start. */
  readonly banner: string;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
