import { ConfigError, succeeds, type Logger, type PartState } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { isOutOfStorage } from './jetstream-codes.ts';
import { connectLog, type LogConnection } from './connection.ts';
import { topologyOf, type LogServer, type LogSettings, type TopologySettings } from './settings.ts';
import { readLostEvents } from './read/lost-events.ts';
import { streamEnds } from './read/replay.ts';
import { STREAM } from './topology/names.ts';
import { untilKept } from './topology/keeper.ts';
import { assertVersion, reconcileTopology, type Difference } from './topology/reconcile.ts';
import { noRoom } from './topology/storage.ts';
import { Topology } from './topology/topology.ts';

export interface OpenLogContext {
  /** Shown in the server's monitoring. */
  readonly name: string;
  readonly logger: Logger;
  readonly disposal: Disposal;
}

/** How long a keeper that starts at the same time may take to create everything. */
const KEPT_WITHIN_MS = 60_000;

/**
 * A connection to the log that is drained at the end. Every stream, bucket and consumer exists when it resolves, and
 * missing ones are recreated as long as it lives: here, or by the keeper if OPENSYNC_LOG_KEEPER says so.
 * @throws ConfigError, AppError UNAVAILABLE
 */
export async function openLog(
  server: LogServer,
  settings: TopologySettings & Partial<Pick<LogSettings, 'OPENSYNC_LOG_KEEPER'>>,
  { name, logger, disposal }: OpenLogContext,
): Promise<LogConnection> {
  const nc = await openConnection(server, name, disposal);
  if (server.disk) nc.acceptance.watch(server.disk);
  const options = settings.OPENSYNC_LOG_KEEPER === 'other' ? undefined : topologyOf(settings);
  if (options) await createTopology(nc, server, settings, logger);
  else await findTopology(nc);
  await reportLost(nc, logger);
  const topology = new Topology(nc, options, logger);
  disposal.defer('topology', () => topology.close());
  nc.topology = topology;
  return nc;
}

async function findTopology(nc: LogConnection): Promise<void> {
  assertVersion(nc);
  await untilKept(nc, KEPT_WITHIN_MS);
}

async function createTopology(
  nc: LogConnection,
  server: LogServer,
  settings: TopologySettings,
  logger: Logger,
): Promise<void> {
  const options = topologyOf(settings);
  const { drift } = await reconcileTopology(nc, options).catch(async (error: unknown) => {
    throw error instanceof Error && isOutOfStorage(error)
      ? await noRoom(error, server, settings.OPENSYNC_EVENTS_MAX_BYTES)
      : error;
  });
  await assertLimitHolds(nc, drift);
  for (const difference of drift)
    logger.warn(difference, 'a stream of the event log differs from its expected configuration; leaving it unchanged');
}

/**
 * A limit below the current size of EVENTS is never set: the server would delete the oldest events to meet it. The
 * operator must not believe that the limit applies.
 */
async function assertLimitHolds(nc: LogConnection, drift: readonly Difference[]): Promise<void> {
  const limit = drift.find(({ name, field }) => name === STREAM.events && field === 'max_bytes')?.expected;
  if (limit === undefined) return;
  const { bytes } = await streamEnds(nc);
  throw new ConfigError(
    `OPENSYNC_EVENTS_MAX_BYTES: ${String(limit)} is less than the ${bytes} bytes that the event log already holds; raise or remove the limit`,
  );
}

/** The server logs a warning about damaged files and continues without their messages. */
async function reportLost(nc: LogConnection, logger: Logger): Promise<void> {
  const lost = await readLostEvents(nc);
  if (lost > 0)
    logger.error({ lost }, 'the event log lost events because its files were damaged or removed; restore a backup');
}

/** A connection that is drained at the end. */
export async function openConnection(server: LogServer, name: string, disposal: Disposal): Promise<LogConnection> {
  const nc = await connectLog({ servers: server.url, token: server.token, inboxPrefix: server.inboxPrefix, name });
  disposal.defer('log connection', () => nc.drain());
  return nc;
}

const PROBE_MS = 1000;

/**
 * Why this connection's log cannot be written or trusted, as far as known without a request; undefined if it can. One
 * line for operators.
 */
export function logProblem(nc: LogConnection): string | undefined {
  const refusal = nc.acceptance.refusal;
  if (refusal !== undefined) return refusal;
  const { topology } = nc;
  if (topology?.isBehind)
    return 'The event log ends before events that this process has already seen: it was replaced by an older or a new one.';
  // The projector reports missing consumers: they do not prevent writes. Nor does a missing log of requests.
  const missing = topology?.missing.filter((name) => !name.includes('/') && name !== STREAM.access) ?? [];
  return missing.length > 0 ? `Streams of the event log are missing: ${missing.join(', ')}.` : undefined;
}

/**
 * `down` if the log has a problem, or the server does not answer a ping soon: while the client reconnects, the
 * connection itself looks healthy.
 */
export async function logState(nc: LogConnection): Promise<PartState> {
  if (logProblem(nc) !== undefined) return 'down';
  return (await succeeds(nc.flush(), PROBE_MS)) ? 'up' : 'down';
}
