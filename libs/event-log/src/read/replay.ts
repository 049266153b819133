import { setTimeout as delay } from 'node:timers/promises';
import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { EVENT_SUBJECTS } from '@opensync/contracts';
import { isRetryable } from '@opensync/platform';
import { nanos, nuid, type MsgHdrs } from '@nats-io/transport-node';
import type { LogConnection } from '../connection.ts';
import type { Delivery, HeldMessage } from '../consume/delivery.ts';
import { PullSubscription } from '../consume/pull-subscription.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';

/** A stored message of the log. */
export interface StoredDelivery extends Delivery {
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
}

export interface ReplayRange {
  /** The first sequence. */
  readonly from: number;
  /** The last one, e.g. the current end of the stream. */
  readonly to: number;
  /** Only messages of this subject, which may have wildcards. */
  readonly subject?: string;
  /** Maximum number of messages in a batch; default 1,000. */
  readonly maxBatch?: number;
}

/** Where a stream begins and ends; `first` is `last` + 1 if it is empty. */
export interface StreamEnds {
  readonly first: number;
  readonly last: number;
  readonly messages: number;
  readonly bytes: number;
}

/** Batches that are read ahead while one is processed. */
const AHEAD_BATCHES = 4;
const RETRY_MS = 250;
/** The server forgets a reader after this much silence. */
const INACTIVE_MS = 60_000;

/** @throws AppError UNAVAILABLE */
export function streamEnds(nc: LogConnection, stream: string = STREAM.events): Promise<StreamEnds> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const { first_seq: first, last_seq: last, messages, bytes } = (await manager.streams.info(stream)).state;
    return { first: Math.max(first, 1), last, messages, bytes };
  });
}

/**
 * Reads a range of EVENTS in order, in batches of available messages. Each message is delivered once, across lost
 * connections and server restarts, however long they take.
 * @throws AppError UNAVAILABLE if the log does not answer at the beginning
 */
export async function* replay(
  nc: LogConnection,
  { from, to, subject, maxBatch = 1000 }: ReplayRange,
): AsyncGenerator<readonly StoredDelivery[]> {
  const { first, last } = await streamEnds(nc);
  const end = Math.min(to, last);
  for (let next = Math.max(from, first); next <= end;) {
    for await (const batch of readOnce(nc, { from: next, subject, maxBatch })) {
      const last = batch.at(-1);
      if (!last) break;
      const { sequence, pending } = last;
      const within = sequence <= end ? batch : batch.filter((message) => message.sequence <= end);
      if (within.length > 0) yield within;
      next = sequence + 1;
      // The last one may have been deleted: then a later message, or none, also ends the range.
      if (next > end) return;
      if (pending === 0) break;
    }
    if (nc.isClosed()) throw unavailable(new Error('the connection is closed'));
    if (!(await hasMore(nc, { from: next, to: end, subject }))) return;
    await delay(RETRY_MS);
  }
}

/**
 * Whether the range has more messages, according to the stream's leader; true while it does not answer. A consumer
 * may be on a lagging replica, whose end is not the end of the range.
 */
async function hasMore(
  nc: LogConnection,
  { from, to, subject = EVENT_SUBJECTS }: Pick<ReplayRange, 'from' | 'to' | 'subject'>,
): Promise<boolean> {
  try {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const query: { seq: number; next_by_subj: string } = { seq: from, next_by_subj: subject };
    const stored = await orUnavailable(nc, () => manager.streams.getMessage(STREAM.events, query));
    return stored !== null && stored.seq <= to;
  } catch (error) {
    if (isRetryable(error)) return true;
    throw error;
  }
}

/**
 * As long as one server-side consumer lasts; an empty batch if it has nothing on the subject. The server keeps no
 * state: the next consumer names its own start.
 */
async function* readOnce(
  nc: LogConnection,
  { from, subject, maxBatch }: { from: number; subject: string | undefined; maxBatch: number },
): AsyncGenerator<readonly HeldMessage[]> {
  const name = `replay-${nuid.next()}`;
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const added = manager.consumers.add(STREAM.events, {
    name,
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    ...(subject !== undefined && { filter_subject: subject }),
    inactive_threshold: nanos(INACTIVE_MS),
    mem_storage: true,
    num_replicas: 1,
  });
  const consumer = await added.catch(() => undefined);
  if (!consumer) return;
  // Waiting for a message on the subject would never end.
  if (subject !== undefined && consumer.num_pending === 0) {
    await manager.consumers.delete(STREAM.events, name).catch(() => false);
    yield [];
    return;
  }
  let arrived = Promise.withResolvers<void>();
  let broken = false;
  const pull = new PullSubscription(nc, {
    consumer: { stream: STREAM.events, durable: name },
    capacity: maxBatch * AHEAD_BATCHES,
    onArrival: () => arrived.resolve(),
    onProblem: (problem) => {
      broken ||= problem !== undefined;
      arrived.resolve();
    },
  });
  try {
    for (let expected = 1; ;) {
      const batch = pull.take(maxBatch);
      if (batch.length === 0) {
        if (broken) return;
        await arrived.promise;
        arrived = Promise.withResolvers<void>();
        continue;
      }
      // Messages lost with a connection are not redelivered: continue reading before the gap.
      const lostAt = batch.findIndex(({ consumerSequence }, at) => consumerSequence !== expected + at);
      const whole = lostAt === -1 ? batch : batch.slice(0, lostAt);
      if (whole.length > 0) yield whole;
      if (lostAt !== -1) return;
      expected += batch.length;
    }
  } finally {
    pull.stop();
    await manager.consumers.delete(STREAM.events, name).catch(() => false);
  }
}
