import type { NatsConnection } from '@nats-io/transport-node';
import { succeeds, type Logger, type PartState } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { connectLog } from './connection.ts';
import { Acceptance } from './publish/acceptance.ts';
import { topologyOf, type LogServer, type LogSettings } from './settings.ts';
import { reconcileTopology } from './topology/reconcile.ts';
import { isOutOfStorage, noRoom } from './topology/storage.ts';
import { Topology } from './topology/topology.ts';

export interface OpenLogContext {
  /** Shown in the server's monitoring. */
  readonly name: string;
  readonly logger: Logger;
  readonly disposal: Disposal;
}

/**
 * A connection to the log that is drained at the end, with every stream, bucket and consumer there, now and as long as
 * it lives.
 * @throws ConfigError, AppError UNAVAILABLE
 */
export async function openLog(
  server: LogServer,
  settings: Pick<LogSettings, 'OPENSYNC_REPLICAS' | 'OPENSYNC_EVENTS_MAX_BYTES'>,
  { name, logger, disposal }: OpenLogContext,
): Promise<NatsConnection> {
  const nc = await openConnection(server, name, disposal);
  const options = topologyOf(settings);
  const { drift } = await reconcileTopology(nc, options).catch(async (error: unknown) => {
    throw error instanceof Error && isOutOfStorage(error)
      ? await noRoom(error, server, settings.OPENSYNC_EVENTS_MAX_BYTES)
      : error;
  });
  for (const difference of drift) logger.warn(difference, 'the log is set up differently; left as it is');
  const topology = Topology.keep(nc, options, logger);
  disposal.defer('topology', () => topology.close());
  return nc;
}

/** A connection that is drained at the end. */
export async function openConnection(server: LogServer, name: string, disposal: Disposal): Promise<NatsConnection> {
  const nc = await connectLog({ servers: server.url, token: server.token, name });
  disposal.defer('log connection', () => nc.drain());
  return nc;
}

const PROBE_MS = 1000;

/**
 * `down` unless the server answers a round trip soon: while it reconnects, the connection itself looks well. `down`, too,
 * while it answers and refuses what is published here: its disk may be full. `down`, too, without one of its streams, and
 * where the log has fallen behind what was seen of it.
 */
export async function logState(nc: NatsConnection): Promise<PartState> {
  if (Acceptance.of(nc).isRefused) return 'down';
  const topology = Topology.of(nc);
  if (topology?.isBehind) return 'down';
  // Consumers that are missing are the projector's to tell: they keep nobody from writing.
  if (topology?.missing.some((name) => !name.includes('/'))) return 'down';
  return (await succeeds(nc.flush(), PROBE_MS)) ? 'up' : 'down';
}
