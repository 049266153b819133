import { JetStreamApiCodes, jetstreamManager, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { orUnavailable } from '../unavailable.ts';
import { find } from './find.ts';
import { CONSUMER, STREAM, type ConsumerRef } from './names.ts';

/**
 * In the metadata of a consumer of CHANGES that was made while documents were projected already. CHANGES keeps messages
 * only for consumers that exist, so its index lacks what changed before. It lies with the consumer, so that it is known
 * to whoever can fill the gap, however often processes end meanwhile.
 */
const GAP = 'opensync-gap';
export const GAP_METADATA: Readonly<Record<string, string>> = { [GAP]: 'true' };

export function hasGap({ config }: ConsumerInfo): boolean {
  return config.metadata?.[GAP] !== undefined;
}

/** Whether a consumer that is made now has missed messages of its stream. */
export async function wouldHaveGap(manager: JetStreamManager, { stream }: ConsumerRef): Promise<boolean> {
  if (stream !== STREAM.changes) return false;
  const { documents } = CONSUMER;
  // A documents consumer that is new itself goes through all events, and tells of all documents again.
  const info = await find(
    () => manager.consumers.info(documents.stream, documents.durable),
    JetStreamApiCodes.ConsumerNotFound,
  );
  return info !== undefined && info.delivered.consumer_seq > 0;
}

/** To be called when the index has what it lacked, or will be told of it. @throws AppError UNAVAILABLE */
export async function closeGap(nc: NatsConnection, { stream, durable }: ConsumerRef): Promise<void> {
  await orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const info = await manager.consumers.info(stream, durable);
    if (!hasGap(info)) return;
    const { [GAP]: _, ...metadata } = info.config.metadata ?? {};
    await manager.consumers.update(stream, durable, { metadata });
  });
}
