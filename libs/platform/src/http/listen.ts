import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { ConfigError, type Settings } from '../config.ts';
import type { Disposal } from '../service/disposal.ts';
import type { Registry } from '../telemetry/index.ts';
import { METRICS_SETTINGS, serveMetrics } from './metrics.ts';

/** The settings of a process that listens. */
export const LISTEN_SETTINGS = [
  'PORT',
  'HOST',
  'OPENSYNC_DRAIN_SECONDS',
  ...METRICS_SETTINGS,
] as const satisfies (keyof Settings)[];
type ListenSettings = Pick<Settings, (typeof LISTEN_SETTINGS)[number]>;
type Address = Pick<ListenSettings, 'PORT' | 'HOST'>;

/**
 * Checks that the port is free before anything is started, because a port conflict should not cost a full start.
 * @throws ConfigError naming PORT or HOST
 */
export async function assertPortFree({ PORT: port, HOST: host }: Address): Promise<void> {
  // `localhost` is two addresses on most machines, and the server listens on both.
  const addresses = await lookup(host, { all: true }).catch((error: unknown) => {
    throw listenFailure(error, port, host);
  });
  for (const { address } of addresses) {
    const probe = createServer();
    await new Promise<void>((resolve, reject) => {
      probe.once('error', (error: NodeJS.ErrnoException) => {
        // A machine without IPv6 still knows its name for localhost.
        if (error.code === 'EADDRNOTAVAIL' && addresses.length > 1) resolve();
        else reject(listenFailure(error, port, host));
      });
      probe.listen({ port, host: address }, () => probe.close(() => resolve()));
    });
  }
}

/**
 * Accepts requests, over the transports in `strategies` and HTTP, until the disposal closes the application: first
 * `/readyz` goes down, for OPENSYNC_DRAIN_SECONDS, while everything is still answered. The metrics are on a port of
 * their own if OPENSYNC_METRICS_PORT is set. Resolves with the URL for this machine.
 * @throws ConfigError naming PORT, HOST or OPENSYNC_METRICS_PORT
 */
export async function serve(
  app: NestFastifyApplication,
  settings: ListenSettings,
  { disposal, metrics, strategies = [] }: { disposal: Disposal; metrics: Registry; strategies?: readonly object[] },
): Promise<string> {
  const drainMs = settings.OPENSYNC_DRAIN_SECONDS * 1000;
  const instance = app.getHttpAdapter().getInstance() as FastifyInstance;
  if (settings.OPENSYNC_METRICS_PORT !== undefined) {
    const server = await serveMetrics(metrics, settings.OPENSYNC_METRICS_PORT, settings.OPENSYNC_METRICS_HOST);
    instance.hasMetricsPort = true;
    // Until the end: it shows how the process drains.
    disposal.defer('metrics', async () => {
      server.closeAllConnections();
      server.close();
    });
  }
  disposal.defer('requests', () => app.close());
  disposal.defer(
    'readiness',
    async () => {
      instance.isStopping = true;
      await delay(drainMs);
    },
    { extraMs: drainMs },
  );
  for (const strategy of strategies) app.connectMicroservice({ strategy });
  if (strategies.length > 0) await app.startAllMicroservices();
  const { PORT: port, HOST: host } = settings;
  try {
    await app.listen(port, host);
  } catch (error) {
    throw listenFailure(error, port, host);
  }
  const address = app.getHttpServer().address() as { port: number };
  return reachableUrl(host, address.port);
}

/** The local URL of a server that listens on `host`: all addresses include the loopback one. */
function reachableUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function listenFailure(error: unknown, port: number, host: string): ConfigError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new ConfigError(
      `PORT: ${port} on ${host} is already in use; stop the process that listens there, or set another PORT`,
    );
  }
  if (code === 'EACCES') {
    return new ConfigError(`PORT: ${port} needs more privileges than this process has; set another PORT`);
  }
  return new ConfigError(`HOST: cannot listen on ${host} (${code ?? message})`);
}
