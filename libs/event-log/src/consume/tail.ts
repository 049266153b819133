import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { LogConnection } from '../connection.ts';
import { find } from '../topology/find.ts';
import { isConsumerNotFound } from '../jetstream-codes.ts';
import type { ConsumerRef } from '../topology/names.ts';
import { ACK_WAIT_MS } from '../topology/specifications.ts';
import { orUnavailable } from '../unavailable.ts';

const DAY_MS = 24 * 60 * 60_000;
const MAX_ACK_PENDING = 1000;

/**
 * Creates a consumer for messages that are published from now on, unless it exists; true if it was created. CHANGES
 * keeps messages for it, so the server deletes a consumer that nobody reads for a day.
 * @throws AppError UNAVAILABLE
 */
export async function ensureTail(nc: LogConnection, { stream, durable }: ConsumerRef): Promise<boolean> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    if (await find(() => manager.consumers.info(stream, durable), isConsumerNotFound)) return false;
    await manager.consumers.add(stream, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.New,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: MAX_ACK_PENDING,
      inactive_threshold: nanos(DAY_MS),
    });
    return true;
  });
}

/** Everything up to this sequence is processed. @throws AppError UNAVAILABLE */
export async function tailPosition(nc: LogConnection, { stream, durable }: ConsumerRef): Promise<number> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const info = await manager.consumers.info(stream, durable);
    if (info.num_pending > 0 || info.num_ack_pending > 0) return info.ack_floor.stream_seq;
    // Nothing is open; new messages have a higher sequence than the stream had before this was asked.
    return Infinity;
  });
}

export async function removeTail(nc: LogConnection, { stream, durable }: ConsumerRef): Promise<void> {
  await orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    await manager.consumers.delete(stream, durable);
  });
}
