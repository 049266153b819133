import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { loadSettings } from '@opensync/platform';
import { dropGeneration } from '@opensync/stores';
import {
  removeIndexesAndCollections,
  ServiceProcess,
  serverFor,
  stablePort,
  startTestNats,
  tcpProxy,
  toxicProxy,
  waitFor,
  type StoreServer,
  type TcpProxy,
  type TestNats,
  type Toxic,
  type ToxicProxy,
} from '@opensync/testkit';
import { Api } from './api.ts';
import { Keys, succeed } from './command.ts';
import { startEdge, type Edge } from './edge.ts';
import { descendants, survivors } from './processes.ts';
import { readStatus, type Status } from './status.ts';
import type { Ending, Target } from './target.ts';

export const SERVICES = ['keeper', 'ingest', 'projector', 'query', 'embedder'] as const;
export type ServiceName = (typeof SERVICES)[number];

const mainOf = (name: ServiceName) => fileURLToPath(new URL(`../../../build/${name}.js`, import.meta.url));

const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
const READY_MS = 110_000;

/** A proxy between the services and a store that speaks HTTP. */
class HttpLine {
  /** What becomes of the requests; undefined: they go through. */
  toxic: Toxic | undefined;
  readonly proxy: Promise<ToxicProxy>;

  constructor(upstream: string) {
    this.proxy = toxicProxy(upstream, (request, forward) => (this.toxic ? this.toxic(request, forward) : forward()));
  }
}

/** What a ServicesTarget runs on: the services reach each store through a line of ours, which can fail. */
interface Lines {
  readonly nats: TestNats;
  readonly mongodb: TcpProxy;
  readonly elasticsearch: HttpLine;
  readonly qdrant: HttpLine;
}

/**
 * Keeper, ingest, projector, query and embedder as processes apart, on a nats-server, MongoDB, Elasticsearch and Qdrant, behind one
 * address. Names in the stores are this target's own.
 */
export class ServicesTarget implements Target {
  readonly lines: Lines;
  readonly #env: NodeJS.ProcessEnv;
  readonly #edge: Edge;
  readonly #ports: Readonly<Record<ServiceName, number>>;
  readonly #running = new Map<ServiceName, ServiceProcess>();
  readonly #keys = new Keys((...args) => succeed(this.#env, ...args));

  private constructor(lines: Lines, env: NodeJS.ProcessEnv, ports: Readonly<Record<ServiceName, number>>, edge: Edge) {
    this.lines = lines;
    this.#env = env;
    this.#ports = ports;
    this.#edge = edge;
  }

  /** @param settings environment variables beyond those that every test has */
  static async start(settings: NodeJS.ProcessEnv = {}): Promise<ServicesTarget> {
    const [mongodb, elasticsearch, qdrant] = await Promise.all([
      requiredServer('mongodb'),
      requiredServer('elasticsearch'),
      requiredServer('qdrant'),
    ]);
    const lines: Lines = {
      nats: await startTestNats({ sync: 'always', token: 'secret', maxPayload: MAX_PAYLOAD_BYTES }),
      mongodb: await tcpProxy(mongodb),
      elasticsearch: new HttpLine(elasticsearch),
      qdrant: new HttpLine(qdrant),
    };
    const name = `e2e-${randomUUID()}`;
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    const database = new URL(mongodb);
    database.host = `127.0.0.1:${lines.mongodb.port}`;
    database.pathname = `/${name}`;
    const env = {
      PATH,
      HOME,
      NODE_COMPILE_CACHE,
      NATS_URL: lines.nats.url,
      NATS_TOKEN: 'secret',
      MONGODB_URL: database.href,
      ELASTICSEARCH_URL: (await lines.elasticsearch.proxy).url,
      QDRANT_URL: (await lines.qdrant.proxy).url,
      OPENSYNC_STORE_PREFIX: name,
      // Nothing may lie here.
      OPENSYNC_DATA_DIR: '/dev/null/data',
      ...settings,
    };
    const ports = Object.fromEntries(
      await Promise.all(SERVICES.map(async (service) => [service, await stablePort()] as const)),
    ) as Record<ServiceName, number>;
    const edge = await startEdge(() => ({
      ingest: `http://localhost:${ports.ingest}`,
      query: `http://localhost:${ports.query}`,
    }));
    const target = new ServicesTarget(lines, env, ports, edge);
    try {
      await target.start();
    } catch (error) {
      await target.stop();
      throw error;
    }
    return target;
  }

  get url(): string {
    return this.#edge.url;
  }

  /** The process of a service, to look at. */
  process(name: ServiceName): ServiceProcess {
    return this.#running.get(name)!;
  }

  async api(email: string, workspace = 'default'): Promise<Api> {
    return new Api(this.url, await this.#keys.create('--user', email, '--workspace', workspace));
  }

  async revoke(api: Api): Promise<void> {
    await this.#keys.revoke(api.key);
    for (const path of ['/api/stats', '/sync/sessions/list']) {
      await waitFor(async () => (await api.request(path)).status === 401, { what: 'the end of the key' });
    }
  }

  async status(): Promise<Status> {
    return readStatus(await succeed(this.#env, 'status', '--json'));
  }

  async log(): Promise<{ servers: string; token: string }> {
    return { servers: this.lines.nats.url, token: 'secret' };
  }

  async kill(): Promise<void> {
    await Promise.all([...SERVICES.map((name) => this.killService(name)), this.lines.nats.kill()]);
  }

  /** All at once, as when the machine boots. */
  async start(): Promise<void> {
    await Promise.all([this.lines.nats.restart(), ...SERVICES.map((name) => this.startService(name))]);
    await this.#ready();
  }

  async killLog(): Promise<void> {
    await this.lines.nats.restart();
    await this.#ready();
  }

  async killService(name: ServiceName): Promise<void> {
    await this.#running.get(name)?.stop('SIGKILL');
    this.#running.delete(name);
  }

  /** Resolves once it serves; it may still wait for its stores. */
  async startService(name: ServiceName): Promise<void> {
    const service = new ServiceProcess(mainOf(name), { ...this.#env, PORT: String(this.#ports[name]) });
    this.#running.set(name, service);
    await service.url();
  }

  async interrupt(): Promise<Ending> {
    const processes = [...this.#running.values()];
    const children = (await Promise.all(processes.map(({ pid }) => descendants(pid)))).flat();
    const startedAt = performance.now();
    const ended = await Promise.all(processes.map((service) => service.stop('SIGINT')));
    const tookMs = performance.now() - startedAt;
    this.#running.clear();
    return {
      code: ended.find(({ code }) => code !== 0)?.code ?? 0,
      tookMs,
      leftBehind: (await survivors(children)).map(({ command }) => command),
    };
  }

  async stop(): Promise<void> {
    const { nats, mongodb, elasticsearch, qdrant } = this.lines;
    await Promise.all(SERVICES.map((name) => this.killService(name)));
    await Promise.all([this.#edge.close(), nats.stop()]);
    await dropGeneration(loadSettings(this.#env), 'documents', 1);
    const [search, vectors] = await Promise.all([requiredServer('elasticsearch'), requiredServer('qdrant')]);
    await removeIndexesAndCollections({ elasticsearch: search, qdrant: vectors }, this.#env.OPENSYNC_STORE_PREFIX!);
    await Promise.all([
      mongodb.close(),
      elasticsearch.proxy.then((p) => p.close()),
      qdrant.proxy.then((p) => p.close()),
    ]);
  }

  async #ready(): Promise<void> {
    await waitFor(async () => (await fetch(`${this.url}/readyz`)).ok, {
      timeoutMs: READY_MS,
      intervalMs: 25,
      what: 'the services to be ready',
    });
  }
}

async function requiredServer(kind: StoreServer): Promise<string> {
  const url = await serverFor(kind);
  if (url === undefined) throw new Error(`there is no ${kind} to test against`);
  return url;
}
