import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems hand out for outgoing connections: 32768 and up on Linux, 49152 and up elsewhere. */
const FIRST = 20_000;
const LAST = 32_000;

/**
 * A free port for a server that a test stops and restarts: no outgoing connection takes it meanwhile, unlike ports
 * that the system chooses for `0`.
 */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (!(await listening)) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
