import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import { ConfigError, type Settings } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Registry } from '../telemetry/index.ts';
import { isDirectLocal } from './client-address.ts';
import { ALWAYS } from './standing-headers.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** `/metrics` has a port of its own, and is no route of this one. */
    hasMetricsPort: boolean;
  }
}

/** The port of its own for `/metrics`. */
export const METRICS_SETTINGS = [
  'OPENSYNC_METRICS_PORT',
  'OPENSYNC_METRICS_HOST',
] as const satisfies (keyof Settings)[];

/**
 * The metrics for Prometheus on the port of the API. They tell about all owners, so they are for programs on this machine and for
 * keys that may read them.
 */
export function addMetricsRoute(
  instance: FastifyInstance,
  metrics: Registry,
  requireKey: onRequestAsyncHookHandler,
): void {
  instance.decorate('hasMetricsPort', false);
  const onRequest: onRequestAsyncHookHandler = async function (request, reply) {
    if (instance.hasMetricsPort) {
      throw new AppError('NOT_FOUND', 'The metrics have a port of their own: OPENSYNC_METRICS_PORT');
    }
    if (!isDirectLocal(request)) await requireKey.call(this, request, reply);
  };
  // Public for the router: the hook asks for a key.
  instance.get('/metrics', { config: { access: 'public' }, onRequest }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );
}

/** Monitoring asks a few times a minute, from a few machines. */
const LIMITS = { connections: 32, headersMs: 5_000, requestMs: 10_000 };

/**
 * Answers `GET /metrics` on a port of its own, to everybody who reaches it; resolves with the server.
 * @throws ConfigError naming the setting
 */
export async function serveMetrics(
  metrics: Registry,
  port: number,
  host: string,
): Promise<Server & { readonly port: number }> {
  const server = createServer(
    { headersTimeout: LIMITS.headersMs, requestTimeout: LIMITS.requestMs },
    (request, response) => {
      void (async () => {
        const isKnown = ['GET', 'HEAD'].includes(request.method ?? '') && request.url?.split('?')[0] === '/metrics';
        const type = isKnown ? metrics.contentType : 'text/plain; charset=utf-8';
        const text = isKnown ? await metrics.metrics() : 'Only GET /metrics is here.\n';
        response.writeHead(isKnown ? 200 : 404, { ...ALWAYS, 'content-type': type });
        response.end(request.method === 'HEAD' ? undefined : text);
      })().catch(() => response.destroy());
    },
  );
  server.maxConnections = LIMITS.connections;
  server.listen(port, host);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`OPENSYNC_METRICS_PORT: cannot listen on port ${port} of ${host} (${error.code})`);
  });
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}
