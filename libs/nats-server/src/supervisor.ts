import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writePrivately } from '@opensync/platform';
import { affordable } from '@opensync/platform/memory';
import { ending, freePort, spawnGuarded, supervise, type Exit, type GuardedProcess } from '@opensync/platform/process';
import { renderConfiguration, type SyncMode } from './configuration.ts';
import { DiskWatch, type LogDisk } from './disk-watch.ts';
import { NatsServerError } from './ensure.ts';
import { evictLeftover, serverPid } from './leftover.ts';
import { isReady, isTaken } from './readiness.ts';
import { assertStoreIsAccessible, damagedConsumers } from './store-check.ts';

/** From when on Go collects garbage eagerly: without it, a server under load grows to twice what it uses. */
const GO_MEMORY_SHARE = 1 / 6;
/** A planned restart may take its time to flush everything. */
const RESTART_GRACE_MS = 10_000;
/** Recovering a large store takes time before the server answers. */
const READY_TIMEOUT_MS = 120_000;

export interface StartOptions {
  /** The program, from `ensureNatsServer`. */
  readonly bin: string;
  /**
   * Folder of the streams, the configuration and the pid file; created if it is missing. The caller has exclusive
   * use: a server that already runs on it counts as a leftover and is ended.
   */
  readonly storeDir: string;
  /** Port on 127.0.0.1; 0 picks a free one, which restarts keep. */
  readonly port: number;
  readonly sync: SyncMode;
  /** The token that clients must present. */
  readonly token: string;
  /** Where the server logs; rotated at 10 MiB, three files kept. */
  readonly logFile: string;
  /** Called each time the server exits unexpectedly, before it is restarted. */
  readonly onExit?: (exit: Exit) => void;
}

export interface NatsServerHandle {
  /** Without the token. */
  readonly url: string;
  readonly port: number;
  /** The disk that it writes to. */
  readonly disk: LogDisk;
  /** Process id of the running server, undefined between two runs. */
  pid(): Promise<number | undefined>;
  /** Stops the server gracefully, after `graceMs` (default 5,000) by force; no restart. May be called again. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a nats-server with JetStream and keeps it running on the same port: a server that exits is restarted, with
 * growing pauses, and one whose disk was full is restarted once there is space. Resolves when it answers.
 * @throws NatsServerError if the first start fails; nothing is left running then
 */
export async function startNatsServer(options: StartOptions): Promise<NatsServerHandle> {
  const port = options.port || (await freePort());
  if (await isTaken(port)) throw new NatsServerError(`NATS_PORT: port ${port} on 127.0.0.1 is already in use`);
  const supervisor = new Supervisor({ ...options, port });
  try {
    await supervisor.start();
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return supervisor;
}

class Supervisor implements NatsServerHandle {
  readonly url: string;
  readonly port: number;
  readonly disk: DiskWatch;
  readonly #options: StartOptions;
  readonly #storeDir: string;
  readonly #pidFile: string;
  readonly #configFile: string;
  readonly #logFile: string;
  readonly #stopping = new AbortController();
  #current: GuardedProcess | undefined;
  #ended: Promise<string> = Promise.resolve('not started');
  #supervision: Promise<void> = Promise.resolve();
  /** Why this process ended the server, to restart it. */
  #restartReason: string | undefined;

  constructor(options: StartOptions) {
    this.#options = options;
    this.port = options.port;
    this.url = `nats://127.0.0.1:${options.port}`;
    this.#storeDir = resolve(options.storeDir);
    this.#pidFile = join(this.#storeDir, 'nats-server.pid');
    this.#configFile = join(this.#storeDir, 'nats-server.conf');
    this.#logFile = resolve(options.logFile);
    this.disk = new DiskWatch({
      storeDir: this.#storeDir,
      logFile: this.#logFile,
      onRoom: () => this.#restart('its disk was full and has room again'),
    });
  }

  async start(): Promise<void> {
    await mkdir(this.#storeDir, { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
      throw new NatsServerError(`the event log could not start: ${this.#storeDir} cannot be created (${cause.code})`, {
        cause,
      });
    });
    await evictLeftover(this.#pidFile, this.#configFile);
    const logged = await sizeOf(this.#logFile);
    await this.#run();
    this.#supervision = supervise({
      ended: () => this.#endedWhy(),
      restart: async () => {
        // The guard may have been killed, but not the server.
        await evictLeftover(this.#pidFile, this.#configFile);
        await this.#run();
      },
      onExit: this.#options.onExit,
      signal: this.#stopping.signal,
    });
    await this.disk.start(logged);
  }

  pid(): Promise<number | undefined> {
    return serverPid(this.#pidFile, this.#configFile);
  }

  async stop(graceMs = 5000): Promise<void> {
    this.#stopping.abort();
    this.disk.stop();
    this.#current?.release();
    const timer = setTimeout(() => this.#current?.kill(), graceMs);
    await this.#ended;
    await this.#supervision;
    clearTimeout(timer);
    await rm(this.#pidFile, { force: true }).catch(() => undefined); // the folder itself may be in the way
  }

  /** Ends the server gracefully; the supervision restarts it. */
  #restart(reason: string): void {
    if (!this.#current || this.#stopping.signal.aborted) return;
    this.#restartReason = reason;
    void this.#endGracefully();
  }

  async #endGracefully(): Promise<void> {
    const guarded = this.#current;
    guarded?.release();
    const timer = setTimeout(() => guarded?.kill(), RESTART_GRACE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Resolves when the server has ended, with the reason of this process if it was planned. */
  async #endedWhy(): Promise<string> {
    const ended = await this.#ended;
    const reason = this.#restartReason ?? ended;
    this.#restartReason = undefined;
    return reason;
  }

  /** Starts the server once and resolves when it answers. @throws NatsServerError */
  async #run(): Promise<void> {
    await assertStoreIsAccessible(this.#storeDir).catch((error: Error) => {
      this.#ended = Promise.resolve(error.message);
      throw error;
    });
    const logged = await sizeOf(this.#logFile);
    await this.#spawn();
    const log = await readFile(this.#logFile).catch(() => Buffer.alloc(0));
    const damaged = damagedConsumers(this.#storeDir, log.toString('utf8', logged));
    if (damaged.length === 0 || this.#stopping.signal.aborted) return;
    await this.#endGracefully();
    for (const folder of damaged) await rm(folder, { recursive: true, force: true });
    await this.#spawn();
  }

  async #spawn(): Promise<void> {
    // A unique name for each run: another program that took the port must not be mistaken for the server.
    const name = `opensync-${randomBytes(6).toString('hex')}`;
    const { bin, token, sync } = this.#options;
    await writePrivately(
      this.#configFile,
      renderConfiguration({
        name,
        port: this.port,
        token,
        sync,
        storeDir: this.#storeDir,
        pidFile: this.#pidFile,
        logFile: this.#logFile,
      }),
    );
    if (this.#stopping.signal.aborted) return;
    const guarded = spawnGuarded(resolve(bin), ['--config', this.#configFile], {
      cwd: this.#storeDir,
      env: { GOMEMLIMIT: String(Math.floor(affordable(Infinity, GO_MEMORY_SHARE))) },
    });
    this.#current = guarded;
    this.#ended = ending(guarded);
    let over: string | undefined;
    void this.#ended.then((reason) => (over = reason));
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await isReady(this.port, name))) {
      if (over !== undefined) throw new NatsServerError(`nats-server exited: ${over}${await this.#lastLogLine()}`);
      if (Date.now() > deadline) {
        guarded.kill();
        throw new NatsServerError(`nats-server did not answer for ${READY_TIMEOUT_MS / 1000} s; see ${this.#logFile}`);
      }
      await delay(20);
    }
  }

  async #lastLogLine(): Promise<string> {
    const log = await readFile(this.#logFile, 'utf8').catch(() => '');
    const line = log.trimEnd().split('\n').at(-1);
    return line ? `\n${line}` : '';
  }
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
