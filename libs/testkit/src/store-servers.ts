import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

export type StoreServer = 'mongodb' | 'elasticsearch' | 'qdrant';

interface ServerDefinition {
  /** Names a running server, which takes precedence. */
  readonly variable: string;
  readonly image: string;
  readonly port: number;
  readonly scheme: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Answers 200 as soon as the server is ready; without one, an open port is enough. */
  readonly readyPath?: string;
}

/** Where tests find each server. */
export const STORE_SERVERS: Readonly<Record<StoreServer, ServerDefinition>> = {
  mongodb: { variable: 'TEST_MONGODB_URL', image: 'mongo:8.0', port: 27017, scheme: 'mongodb', environment: {} },
  elasticsearch: {
    variable: 'TEST_ELASTICSEARCH_URL',
    image: 'docker.elastic.co/elasticsearch/elasticsearch:9.2.0',
    port: 9200,
    scheme: 'http',
    environment: {
      'discovery.type': 'single-node',
      'xpack.security.enabled': 'false',
      ES_JAVA_OPTS: '-Xms512m -Xmx512m',
    },
    readyPath: '/_cluster/health',
  },
  qdrant: {
    variable: 'TEST_QDRANT_URL',
    image: 'qdrant/qdrant:v1.19.0',
    port: 6333,
    scheme: 'http',
    environment: {},
    readyPath: '/readyz',
  },
};

interface StartedServer {
  readonly url: string;
  stop(): Promise<void>;
}

const started = new Map<StoreServer, Promise<StartedServer | undefined>>();

/**
 * The URL of a server to test against: that of the server's `TEST_…_URL`, otherwise a container that starts with the
 * first call. Undefined without either: no Docker engine answers, or it cannot get the image. A container that does
 * not become ready is an error. The caller calls {@link stopServers} at the end; {@link describeWith} does.
 */
export async function serverFor(kind: StoreServer): Promise<string | undefined> {
  const given = process.env[STORE_SERVERS[kind].variable];
  if (given) return given;
  let starting = started.get(kind);
  if (!starting) started.set(kind, (starting = startContainer(STORE_SERVERS[kind])));
  return (await starting)?.url;
}

/** Requirements of {@link serverFor}, for people who have neither. */
export function serverNeeds(kind: StoreServer): string {
  const { variable, image } = STORE_SERVERS[kind];
  return `${variable} or Docker with ${image}`;
}

/** Stops the containers that {@link serverFor} started. */
export async function stopServers(): Promise<void> {
  const servers = [...started.values()];
  started.clear();
  for (const starting of servers) await (await starting)?.stop();
}

/**
 * A suite that needs these servers; `await` it at the top level of a spec. Without them every test of it is skipped
 * under a title that says what is missing, which the summary of `npm test` shows.
 */
export async function describeWith<Kind extends StoreServer>(
  kinds: readonly Kind[],
  title: string,
  define: (urls: Readonly<Record<Kind, string>>) => void,
): Promise<void> {
  const found = await Promise.all(kinds.map(async (kind) => [kind, await serverFor(kind)] as const));
  const missing = kinds.filter((_, at) => found[at]![1] === undefined);
  const urls = Object.fromEntries(found.map(([kind, url]) => [kind, url ?? 'none:'])) as Record<Kind, string>;
  afterAll(stopServers);
  if (missing.length === 0) {
    describe(title, () => define(urls));
    return;
  }
  // Named in the summary, with what it needs.
  const needs = missing.map(serverNeeds).join(', ');
  describe.skip(`${title} (not run: needs ${needs})`, () => define(urls));
}

async function startContainer({
  image,
  port,
  scheme,
  environment,
  readyPath,
}: ServerDefinition): Promise<StartedServer | undefined> {
  // Loaded only here: most specs need no container. Its reaper would be another image to pull; stopServers replaces
  // it.
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
  const { GenericContainer, getContainerRuntimeClient, ImageName, Wait } = await import('testcontainers');
  const name = ImageName.fromString(image);
  try {
    const docker = await getContainerRuntimeClient();
    if (!(await docker.image.exists(name))) await docker.image.pull(name);
  } catch {
    return undefined;
  }
  const container = await new GenericContainer(image)
    .withEnvironment({ ...environment })
    .withExposedPorts(port)
    .withWaitStrategy(readyPath ? Wait.forHttp(readyPath, port) : Wait.forListeningPorts())
    .withStartupTimeout(120_000)
    .start();
  const keeper = removeAtExit(container.getId());
  return {
    url: `${scheme}://${container.getHost()}:${container.getMappedPort(port)}`,
    async stop() {
      await container.stop();
      keeper.kill();
    },
  };
}

/**
 * A process that waits for the end of this one, however that happens, and removes the container. Jest runs no hook in
 * a file without a running test, sends no `exit` event, and kills workers early.
 */
function removeAtExit(container: string): ChildProcess {
  const script = 'cat; exec docker rm --force --volumes "$0"';
  const keeper = spawn('sh', ['-c', script, container], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  keeper.unref();
  (keeper.stdin as Socket).unref();
  return keeper.on('error', () => undefined);
}
