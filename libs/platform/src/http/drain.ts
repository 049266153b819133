import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Interval of checks for connections that have become idle. */
const SWEEP_MS = 20;
/** How long a request whose head is in transit has to arrive once the server closes. */
const HEAD_MS = 100;

/**
 * Makes `close()` end soon without cutting off an answer: it accepts no new connections, finishes requests in
 * progress, and closes each other connection. Node alone closes only connections that are idle at that moment; one
 * that is busy then would stay open for its whole keep-alive time, and one that has not sent a request yet (browsers
 * open some in advance) as long as its client likes. Requests that still run after `limitMs` are cut off.
 */
export function drainOnClose(instance: FastifyInstance, limitMs: number): void {
  const { server } = instance;
  const open = new Set<Socket>();
  /** The number of unanswered requests of each connection: clients may pipeline. */
  const underWay = new WeakMap<Socket, number>();
  const count = (socket: Socket, change: number) => underWay.set(socket, (underWay.get(socket) ?? 0) + change);
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.prependListener('request', ({ socket }, response) => {
    count(socket, 1);
    response.on('close', () => count(socket, -1));
  });

  // A connection that its client keeps for the next request may end in the moment of that request, which is then lost. So as long as the
  // process still answers everything, it announces the end of each connection that is in use.
  instance.addHook('onRequest', (_request, reply, done) => {
    if (instance.isStopping) reply.header('connection', 'close');
    done();
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
