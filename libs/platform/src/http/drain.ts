import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Between two looks for connections that have become idle. */
const SWEEP_MS = 20;
/** How long a request whose head is on its way has to arrive once the server closes. */
const HEAD_MS = 100;

/**
 * Makes `close()` end soon without cutting off an answer: no new connections, requests under way finish, and each other
 * connection closes. Node alone closes connections that are idle at that moment; one that is busy then would stay open
 * for its whole keep-alive time, and one that has not sent a request yet (browsers open some in advance) for as long as
 * its client likes. What still runs after `limitMs` is cut off.
 */
export function drainOnClose(instance: FastifyInstance, limitMs: number): void {
  const { server } = instance;
  const open = new Set<Socket>();
  /** How many requests each connection waits for: clients may send the next one before they have an answer. */
  const underWay = new WeakMap<Socket, number>();
  const count = (socket: Socket, change: number) => underWay.set(socket, (underWay.get(socket) ?? 0) + change);
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.prependListener('request', ({ socket }, response) => {
    count(socket, 1);
    response.once('close', () => count(socket, -1));
  });

  instance.addHook('preClose', (done) => {
    // Never listened: there is nothing to drain, and no 'close' to wait for.
    if (!server.listening) return done();
    const closingSince = performance.now();
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      if (performance.now() - closingSince < HEAD_MS) return;
      for (const socket of open) if (!underWay.get(socket)) socket.destroy();
    }, SWEEP_MS);
    const limit = setTimeout(() => server.closeAllConnections(), limitMs);
    server.once('close', () => {
      clearInterval(sweep);
      clearTimeout(limit);
    });
    done();
  });
}
