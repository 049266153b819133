import { JetStreamApiCodes, jetstreamManager, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { orUnavailable } from '../unavailable.ts';
import { find } from './find.ts';
import { CONSUMER, STREAM, type ConsumerRef } from './names.ts';

/**
 * In the metadata of a consumer of CHANGES whose index lacks documents: the consumer was made while documents were
 * projected already (CHANGES keeps messages only for consumers that exist), or its index is a new one, of another
 * model. It lies with the consumer, so that it is known to whoever can fill the gap, however often processes end meanwhile.
 */
const GAP = 'opensync-gap';
export const GAP_METADATA: Readonly<Record<string, string>> = { [GAP]: 'true' };
/** CHANGES tells of all that it lacked up to this sequence; where the consumer is there, the index lacks nothing. */
const TOLD = 'opensync-gap-told';

export function hasGap({ config }: ConsumerInfo): boolean {
  return config.metadata?.[GAP] !== undefined;
}

/** Whether the index lacks documents that have not changed for long: nobody has told of them yet, or they wait their turn. */
export function isPartial(info: ConsumerInfo): boolean {
  return hasGap(info) || info.ack_floor.stream_seq < Number(info.config.metadata?.[TOLD] ?? 0);
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

/** To be called when CHANGES tells of everything that the index lacks. @throws AppError UNAVAILABLE */
export async function markTold(nc: NatsConnection, consumer: ConsumerRef): Promise<void> {
  await orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const { state } = await manager.streams.info(consumer.stream);
    await updateMetadata(manager, consumer, ({ [GAP]: _, ...others }) => ({ ...others, [TOLD]: `${state.last_seq}` }));
  });
}

/** To be called when the index has what it lacked. @throws AppError UNAVAILABLE */
export async function closeGap(nc: NatsConnection, consumer: ConsumerRef): Promise<void> {
  await orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    await updateMetadata(manager, consumer, ({ [GAP]: _, [TOLD]: __, ...others }) => others);
  });
}

type Metadata = Readonly<Record<string, string>>;

/** Leaves it where it says that already. */
export async function updateMetadata(
  manager: JetStreamManager,
  { stream, durable }: ConsumerRef,
  change: (metadata: Metadata) => Metadata,
): Promise<void> {
  const { config } = await manager.consumers.info(stream, durable);
  const before = config.metadata ?? {};
  const metadata = change(before);
  if (JSON.stringify(metadata) !== JSON.stringify(before)) {
    await manager.consumers.update(stream, durable, { metadata });
  }
}
