import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureNatsServer } from '@opensync/nats-server';
import { stablePort } from './stable-port.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

export interface TestNatsOptions {
  /** The program to run; default the one that is used otherwise. */
  readonly program?: string;
  /** `always` syncs before each ack, like the product; the default is faster and enough for most tests. */
  readonly sync?: 'always' | 'interval';
  readonly token?: string;
  /** Who may log in, instead of everybody who has the token. */
  readonly user?: { readonly name: string; readonly password: string };
  /** More of its configuration, such as users with permissions. */
  readonly configuration?: string;
  /** Default true. False is for tests of what happens without JetStream. */
  readonly jetstream?: boolean;
  /** Largest message in bytes; default the server's 1 MiB. */
  readonly maxPayload?: number;
  /** Makes it a node of a cluster, with one route to each node. */
  readonly cluster?: { readonly node: string; readonly port: number; readonly routes: readonly string[] };
}

export interface TestNats {
  readonly url: string;
  readonly port: number;
  /** Where it keeps its streams. */
  readonly folder: string;
  /** What it has logged lately. */
  readonly log: string;
  /** Process id of the running server. */
  readonly pid: number;
  /** `kill -9`, without a flush. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Restarts it on the same port and store; kills it first if it still runs. Resolves when it answers. */
  restart(): Promise<void>;
  /** Kills the server and removes its store. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const MOST_LOG = 256 * 1024;

let program: Promise<string> | undefined;

/** Starts a real nats-server of its own on a free port and a temporary store. */
export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  program ??= ensureNatsServer({ bin: process.env.NATS_SERVER_BIN });
  const server = new TestNatsServer(options.program ?? (await program), await temporaryFolder(), options);
  try {
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class TestNatsServer implements TestNats {
  readonly #program: string;
  readonly #folder: TemporaryFolder;
  readonly #options: TestNatsOptions;
  #child: ChildProcess | undefined;
  #port = 0;
  #log = '';
  /** A Jest worker that ends early must not leave a server behind. */
  readonly #killAtExit = () => this.#child?.kill('SIGKILL');

  constructor(program: string, folder: TemporaryFolder, options: TestNatsOptions) {
    this.#program = program;
    this.#folder = folder;
    this.#options = options;
    process.once('exit', this.#killAtExit);
  }

  get folder(): string {
    return this.#folder.path;
  }

  get log(): string {
    return this.#log;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the test nats-server is not running');
    return pid;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#port ||= await stablePort();
    const config = join(this.#folder.path, 'nats-server.conf');
    await writeFile(config, this.#configuration());
    const child = spawn(this.#program, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    await isServing(child);
    child.stderr!.on('data', (chunk: string) => (this.#log = `${this.#log}${chunk}`.slice(-MOST_LOG)));
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#killAtExit);
    await this.kill();
    await this.#folder.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #configuration(): string {
    const { sync = 'interval', token, user, jetstream = true, maxPayload, cluster, configuration = '' } = this.#options;
    return [
      'host: "127.0.0.1"',
      `port: ${this.#port}`,
      configuration,
      token === undefined ? '' : `authorization { token: ${JSON.stringify(token)} }`,
      user === undefined
        ? ''
        : `authorization { user: ${JSON.stringify(user.name)}, password: ${JSON.stringify(user.password)} }`,
      maxPayload === undefined ? '' : `max_payload: ${maxPayload}`,
      cluster === undefined ? '' : `server_name: ${cluster.node}`,
      cluster === undefined
        ? ''
        : `cluster { name: test, listen: "127.0.0.1:${cluster.port}", routes: ${JSON.stringify(cluster.routes)} }`,
      jetstream ? 'jetstream {' : '',
      jetstream ? `  store_dir: ${JSON.stringify(join(this.#folder.path, 'store'))}` : '',
      jetstream && sync === 'always' ? '  sync_interval: always' : '',
      jetstream ? '}' : '',
    ].join('\n');
  }
}

/** Resolves once the server says that it is ready. */
async function isServing(child: ChildProcess): Promise<void> {
  let log = '';
  child.stderr!.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    const onData = (chunk: string) => {
      log += chunk;
      if (!log.includes('Server is ready')) return;
      child.stderr!.off('data', onData).resume();
      resolve();
    };
    child.stderr!.on('data', onData);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`nats-server did not start:\n${log}`)));
  });
}
