import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, retrying } from '@opensync/platform';
import { isAtLeast, MINIMUM_VERSION } from '@opensync/nats-server';
import {
  JetStreamApiError,
  jetstreamManager,
  type ConsumerInfo,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { LogConnection } from '../connection.ts';
import { isConsumerNotFound, isJetStreamOff, isOutOfStorage, isStreamNotFound } from '../jetstream-codes.ts';
import { unavailable } from '../unavailable.ts';
import {
  BUCKETS,
  CONSUMER_SPECIFICATIONS,
  streamSpecifications,
  type ConsumerSpecification,
  type StreamSpecification,
  type TopologyOptions,
} from './specifications.ts';
import { find } from './find.ts';
import { FORMER_PAYLOADS, STREAM, type ConsumerRef } from './names.ts';
import { isBeingRaised, RAISED_WITHIN_MS } from './raise-events.ts';

/** A setting of a stream or consumer (`CHANGES/search`) that differs from the expected one. */
export interface Difference {
  readonly name: string;
  readonly field: string;
  readonly actual: unknown;
  readonly expected: unknown;
}

export interface TopologyReport {
  readonly created: readonly string[];
  readonly updated: readonly Difference[];
  /** Left unchanged: changing it would lose data or is not possible in place. Someone has to look. */
  readonly drift: readonly Difference[];
}

/** Changing these moves no data and rejects nothing that is stored. All other fields are only reported. */
const SAFE_FIELDS: readonly string[] = [
  ...['num_replicas', 'duplicate_window', 'allow_atomic', 'allow_direct', 'discard', 'max_bytes'],
  ...['ack_wait', 'max_ack_pending', 'max_deliver'],
];

/** The API access log is meant to lose its oldest entries. */
const ACCESS_LIMITS: readonly string[] = ['max_age', 'max_bytes'];
const SMALLEST_ACCESS_LOG = 1024 * 1024;

const API_TIMEOUT_MS = 10_000;
const LOOKS_AHEAD = 3;
const LOOK_AGAIN_MS = 500;

/**
 * Creates missing streams, buckets and consumers, applies safe changes, and reports the rest. Several processes may
 * call it at once.
 * @param recovery.eventsFrom the sequence of the first event of an EVENTS that is created here
 * @param recovery.raisedWithinMs how long to wait for another process that raises EVENTS
 * @throws ConfigError naming NATS_URL if the server has no JetStream or is too old; AppError UNAVAILABLE
 */
export async function reconcileTopology(
  nc: LogConnection,
  options: TopologyOptions,
  recovery: { readonly eventsFrom?: number; readonly raisedWithinMs?: number } = {},
): Promise<TopologyReport> {
  assertVersion(nc);
  const manager = await readyManager(nc);
  const report = { created: [] as string[], updated: [] as Difference[], drift: [] as Difference[] };
  for (const specification of streamSpecifications(options)) {
    const isEvents = specification.name === STREAM.events;
    if (isEvents) await untilRaised(manager, recovery.raisedWithinMs ?? RAISED_WITHIN_MS);
    const from = isEvents ? recovery.eventsFrom : undefined;
    if (specification.name === STREAM.access) await reconcileAccessLog(manager, specification, report);
    else await reconcileStream(manager, specification, report, from ? { first_seq: from } : {});
  }
  for (const { stream, bucket, ttlMs } of BUCKETS) {
    if (!(await find(() => manager.streams.info(stream), isStreamNotFound))) {
      await new Kvm(nc).create(bucket, { replicas: options.replicas, ...(ttlMs !== undefined && { ttl: ttlMs }) });
      report.created.push(stream);
    }
    await reconcileStream(manager, { name: stream, num_replicas: options.replicas }, report);
  }
  const { stream: former } = FORMER_PAYLOADS;
  if (await find(() => manager.streams.info(former), isStreamNotFound)) {
    await reconcileStream(manager, { name: former, num_replicas: options.replicas }, report);
  }
  // Consumers last: CHANGES keeps messages only for consumers that exist.
  for (const { ref, config } of CONSUMER_SPECIFICATIONS) await reconcileConsumer(manager, ref, config, report);
  return report;
}

/** The size of the API access log and its limits, after they were applied again. @throws AppError UNAVAILABLE */
export async function reconcileAccess(
  nc: LogConnection,
  options: TopologyOptions,
): Promise<{ readonly messages: number; readonly bytes: number; readonly maxBytes: number }> {
  const manager = await readyManager(nc);
  const specification = streamSpecifications(options).find(({ name }) => name === STREAM.access)!;
  await reconcileAccessLog(manager, specification, { created: [], updated: [], drift: [] });
  const { state, config } = await manager.streams.info(STREAM.access);
  return { messages: state.messages, bytes: state.bytes, maxBytes: config.max_bytes };
}

type OpenReport = { created: string[]; updated: Difference[]; drift: Difference[] };

async function reconcileStream(
  manager: JetStreamManager,
  specification: StreamSpecification,
  report: OpenReport,
  initially: Partial<StreamConfig> = {},
): Promise<void> {
  const { name } = specification;
  const info = await find(() => manager.streams.info(name), isStreamNotFound);
  if (!info) {
    await addStream(manager, { ...specification, ...initially });
    report.created.push(name);
    return;
  }
  const differences = differencesOf(name, info.config, specification);
  const safe = differences.filter((difference) => isSafe(difference, info));
  await apply(safe, differences, report, (changes) => manager.streams.update(name, changes));
}

/** A stream reserves its largest size. That of the API access log must never be what keeps the event log from opening. */
async function reconcileAccessLog(
  manager: JetStreamManager,
  specification: StreamSpecification,
  report: OpenReport,
): Promise<void> {
  for (let bytes = specification.max_bytes!; ; bytes = Math.floor(bytes / 4)) {
    try {
      return await reconcileStream(manager, { ...specification, max_bytes: bytes }, report);
    } catch (error) {
      if (!(error instanceof Error) || !isOutOfStorage(error) || bytes <= SMALLEST_ACCESS_LOG) throw error;
    }
  }
}

/** If EVENTS were opened while another process raises it, new events could be acknowledged and then removed. */
async function untilRaised(manager: JetStreamManager, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const info = await find(() => manager.streams.info(STREAM.events), isStreamNotFound);
    if (!info || !isBeingRaised(info.config)) return;
    await delay(100);
  }
}

async function addStream(manager: JetStreamManager, specification: StreamSpecification): Promise<void> {
  try {
    await manager.streams.add(specification as Parameters<typeof manager.streams.add>[0]);
  } catch (cause) {
    const { name, num_replicas: replicas = 1 } = specification;
    if (!(cause instanceof JetStreamApiError) || replicas === 1 || isOutOfStorage(cause)) throw cause;
    throw new ConfigError(`OPENSYNC_REPLICAS: cannot keep ${replicas} copies of ${name}: ${cause.message}`, { cause });
  }
}

async function reconcileConsumer(
  manager: JetStreamManager,
  { stream, durable }: ConsumerRef,
  config: ConsumerSpecification,
  report: OpenReport,
): Promise<void> {
  const name = `${stream}/${durable}`;
  let info = await find(() => manager.consumers.info(stream, durable), isConsumerNotFound);
  if (info && (await isAhead(manager, info))) {
    await manager.consumers.delete(stream, durable);
    info = undefined;
  }
  if (!info) {
    await manager.consumers.add(stream, config);
    report.created.push(name);
    return;
  }
  const differences = differencesOf(name, info.config, config);
  const safe = differences.filter(({ field }) => SAFE_FIELDS.includes(field));
  await apply(safe, differences, report, (changes) => manager.consumers.update(stream, durable, changes));
}

/**
 * Whether messages were delivered to a consumer that its stream does not have: an older stream was restored, or its
 * files were damaged. It would skip new messages until the stream has caught up. A replica that has just become the
 * leader may look like that for a moment.
 */
async function isAhead(manager: JetStreamManager, { stream_name: stream, delivered }: ConsumerInfo): Promise<boolean> {
  for (let look = 0; look < LOOKS_AHEAD; look++) {
    if (look > 0) await delay(LOOK_AGAIN_MS);
    if ((await manager.streams.info(stream)).state.last_seq >= delivered.stream_seq) return false;
  }
  return true;
}

async function apply(
  safe: readonly Difference[],
  all: readonly Difference[],
  report: OpenReport,
  update: (changes: object) => Promise<unknown>,
): Promise<void> {
  report.drift.push(...all.filter((difference) => !safe.includes(difference)));
  if (safe.length === 0) return;
  try {
    await update(Object.fromEntries(safe.map(({ field, expected }) => [field, expected])));
    report.updated.push(...safe);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || isOutOfStorage(error)) throw error;
    // The server knows better, e.g. it has fewer peers than replicas were requested. Continue with its current state.
    report.drift.push(...safe);
  }
}

function isSafe({ field, expected }: Difference, info: StreamInfo): boolean {
  // The leftover of a process that died while it raised EVENTS.
  if (field === 'subjects') return isBeingRaised(info.config);
  if (info.config.name === STREAM.access && ACCESS_LIMITS.includes(field)) return true;
  // For a limit below the stored size, the server deletes the oldest messages, whatever the discard policy.
  if (field === 'max_bytes') return expected === -1 || (expected as number) >= info.state.bytes;
  return SAFE_FIELDS.includes(field);
}

function differencesOf(name: string, actual: object, expected: object): Difference[] {
  return Object.entries(expected)
    .map(([field, value]) => ({ name, field, actual: (actual as Record<string, unknown>)[field], expected: value }))
    .filter(({ actual: is, expected: shall }) => JSON.stringify(is ?? absent(shall)) !== JSON.stringify(shall));
}

/** The server omits settings that are off or unset. */
function absent(expected: unknown): unknown {
  return typeof expected === 'boolean' ? false : undefined;
}

/** @throws ConfigError if the server is too old */
export function assertVersion(nc: Pick<LogConnection, 'info'>): void {
  const version = nc.info?.version;
  if (version === undefined) throw unavailable(new Error('not connected'));
  if (isAtLeast(version, MINIMUM_VERSION)) return;
  throw new ConfigError(
    `NATS_URL: the server is nats-server ${version}, which does not support atomic batches; use ${MINIMUM_VERSION} or later`,
  );
}

/** A server that has just started reports JetStream before its API answers. */
async function readyManager(nc: LogConnection): Promise<JetStreamManager> {
  if (nc.info?.jetstream !== true) {
    throw new ConfigError(
      'NATS_URL: JetStream is off on this server; start it with `nats-server -js` or a jetstream block',
    );
  }
  try {
    return await retrying(() => jetstreamManager(nc, { timeout: API_TIMEOUT_MS }), {
      firstPauseMs: 100,
      longestPauseMs: 100,
      withinMs: API_TIMEOUT_MS,
      isRetried: (error) => !isJetStreamOff(error),
    });
  } catch (cause) {
    if (!isJetStreamOff(cause)) throw unavailable(cause);
    throw new ConfigError('NATS_URL: JetStream is off for this account; set `jetstream: enabled` in it', { cause });
  }
}
