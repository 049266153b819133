import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  memoryLimit,
  ServiceProcess,
  startTestNats,
  stablePort,
  type MemoryLimit,
  type TestNats,
} from '@opensync/testkit';
import { Api } from './api.ts';
import { Keys, succeed } from './command.ts';
import { startEdge, type Edge } from './edge.ts';
import { anonymousOf } from './memory.ts';
import { SERVICES, type ServiceName } from './services.ts';
import { readStatus, type Status } from './status.ts';

const mainOf = (name: ServiceName) => fileURLToPath(new URL(`../../../build/${name}.js`, import.meta.url));
const COMPOSE_FILE = fileURLToPath(new URL('../../../docker-compose.yml', import.meta.url));
const MEBIBYTE = 2 ** 20;
const MAX_PAYLOAD_BYTES = 8 * MEBIBYTE;

/** The memory that docker-compose.yml gives to a service, bytes. */
async function composeLimit(service: ServiceName): Promise<number> {
  const section = new RegExp(`^  ${service}:\\n(?:    .*\\n|\\n)*?    deploy: .*memory: (\\d+)([mg])`, 'm');
  const [, amount, unit] = section.exec(await readFile(COMPOSE_FILE, 'utf8'))!;
  return Number(amount) * MEBIBYTE * (unit === 'g' ? 1024 : 1);
}

const LOOK_MS = 50;

interface Running {
  readonly process: ServiceProcess;
  readonly limit: MemoryLimit;
  /** The observed maximum, MiB. */
  peak: number;
}

/** The services as separate processes, each with the memory limit of its container in docker-compose.yml. */
export class LimitedServices {
  readonly #env: NodeJS.ProcessEnv;
  readonly #nats: TestNats;
  readonly #edge: Edge;
  readonly #running: ReadonlyMap<ServiceName, Running>;
  readonly #keys: Keys;
  readonly #looking: NodeJS.Timeout;

  private constructor(
    env: NodeJS.ProcessEnv,
    { nats, edge, running }: { nats: TestNats; edge: Edge; running: ReadonlyMap<ServiceName, Running> },
  ) {
    this.#env = env;
    this.#nats = nats;
    this.#edge = edge;
    this.#running = running;
    this.#keys = new Keys((...args) => succeed(env, ...args));
    this.#looking = setInterval(() => void this.#look(), LOOK_MS);
  }

  /** @param settings environment variables: where the stores are, and which model embeds */
  static async start(settings: NodeJS.ProcessEnv): Promise<LimitedServices> {
    const nats = await startTestNats({ sync: 'always', token: 'secret', maxPayload: MAX_PAYLOAD_BYTES });
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, NATS_URL: nats.url, NATS_TOKEN: 'secret', ...settings };
    const running = new Map<ServiceName, Running>();
    const urls = new Map<ServiceName, string>();
    const edge = await startEdge(() => ({ ingest: urls.get('ingest')!, query: urls.get('query')! }));
    const services = new LimitedServices(env, { nats, edge, running });
    try {
      for (const name of SERVICES) {
        const limit = await memoryLimit(await composeLimit(name));
        const port = String(await stablePort());
        running.set(name, { process: new ServiceProcess(mainOf(name), { ...env, PORT: port }, limit), limit, peak: 0 });
        urls.set(name, await running.get(name)!.process.url());
      }
      return services;
    } catch (error) {
      await services.stop();
      throw error;
    }
  }

  /** @param userId of a user whose sessions are stored, and whom the log does not know */
  async api(email: string, userId?: string): Promise<Api> {
    if (userId !== undefined) await succeed(this.#env, 'users', 'add', email, '--id', userId);
    return new Api(this.#edge.url, await this.#keys.create('--user', email));
  }

  async status(): Promise<Status> {
    return readStatus(await succeed(this.#env, 'status', '--json'));
  }

  /** The most memory that each service was seen with, as a share of its limit. @throws if one has ended */
  async peaks(): Promise<Readonly<Record<string, number>>> {
    const peaks: Record<string, number> = {};
    for (const [name, { process, limit, peak }] of this.#running) {
      if (!process.isRunning) {
        const { code, stderr } = await process.ended;
        throw new Error(`${name} ended with code ${code}: ${stderr}`);
      }
      peaks[name] = (peak * MEBIBYTE) / limit.bytes;
    }
    return peaks;
  }

  async #look(): Promise<void> {
    for (const service of this.#running.values()) {
      const now = await anonymousOf(service.process.pid).catch(() => 0);
      service.peak = Math.max(service.peak, now);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#looking);
    for (const { process, limit } of this.#running.values()) {
      if (process.isRunning) await process.stop('SIGKILL');
      await limit[Symbol.asyncDispose]();
    }
    await Promise.all([this.#edge.close(), this.#nats.stop()]);
  }
}
