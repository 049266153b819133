import { stablePort } from './stable-port.ts';
import { startTestNats, type TestNats, type TestNatsOptions } from './nats-server.ts';

export interface TestNatsNode extends TestNats {
  /** As the cluster calls it. */
  readonly name: string;
  /** SIGSTOP: the process exists, its connections are open, and it is silent. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

export interface TestNatsCluster extends AsyncDisposable {
  /** All nodes, as in NATS_URL. */
  readonly url: string;
  readonly nodes: readonly TestNatsNode[];
}

/** Starts a cluster of real nats-servers on loopback, each as a separate process with its own store. */
export async function startTestNatsCluster(
  size: number,
  options: Omit<TestNatsOptions, 'cluster'> = {},
): Promise<TestNatsCluster> {
  const ports = await Promise.all(Array.from({ length: size }, stablePort));
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`);
  const started = await Promise.allSettled(
    ports.map((port, at) => startTestNats({ ...options, cluster: { node: `n${at + 1}`, port, routes } })),
  );
  const nodes = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  const failed = started.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    url: nodes.map(({ url }) => url).join(','),
    nodes: nodes.map((node, at) =>
      Object.assign(node, {
        name: `n${at + 1}`,
        pause: () => void process.kill(node.pid, 'SIGSTOP'),
        resume: () => void process.kill(node.pid, 'SIGCONT'),
      }),
    ),
    [Symbol.asyncDispose]: stop,
  };
}
