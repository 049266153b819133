import type { FastifyInstance } from 'fastify';

/** Between two looks for connections that have become idle. */
const SWEEP_MS = 20;

/**
 * Makes `close()` end soon without cutting off an answer: no new connections, requests under way finish, and each
 * keep-alive connection goes as soon as it is idle. (Node closes those that are idle when the server closes; one that
 * is busy then would stay open for its whole keep-alive time.) What still runs after `limitMs` is cut off.
 */
export function drainOnClose(instance: FastifyInstance, limitMs: number): void {
  instance.addHook('preClose', (done) => {
    const { server } = instance;
    // Never listened: there is nothing to drain, and no 'close' to wait for.
    if (!server.listening) return done();
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const limit = setTimeout(() => server.closeAllConnections(), limitMs);
    server.once('close', () => {
      clearInterval(sweep);
      clearTimeout(limit);
    });
    done();
  });
}
