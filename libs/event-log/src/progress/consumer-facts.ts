import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { find } from '../topology/find.ts';
import { isConsumerNotFound, isStreamNotFound } from '../jetstream-codes.ts';
import type { ConsumerRef } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

export interface ConsumerFacts {
  /** Whether a message was ever delivered to it. */
  readonly wasFed: boolean;
  /** Everything up to this sequence of its stream is acknowledged. */
  readonly acknowledged: number;
  /** Messages of its stream that are not acknowledged. */
  readonly open: number;
  /** When it was created: a recreated consumer has missed messages. */
  readonly created: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Whether a message was ever delivered to a consumer; false if the consumer does not exist. @throws Error if the log
 * does not answer
 */
export async function wasEverFed(nc: LogConnection, { stream, durable }: ConsumerRef): Promise<boolean> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const isMissing = (error: unknown) => isConsumerNotFound(error) || isStreamNotFound(error);
  const info = await find(() => manager.consumers.info(stream, durable), isMissing);
  return info !== undefined && info.delivered.consumer_seq > 0;
}

/** How far a consumer has come. @throws AppError UNAVAILABLE, also if the consumer does not exist */
export async function consumerFacts(nc: LogConnection, { stream, durable }: ConsumerRef): Promise<ConsumerFacts> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const info = await manager.consumers.info(stream, durable);
    return {
      wasFed: info.delivered.consumer_seq > 0,
      acknowledged: info.ack_floor.stream_seq,
      open: info.num_pending + info.num_ack_pending,
      created: info.created,
      metadata: info.config.metadata ?? {},
    };
  });
}
