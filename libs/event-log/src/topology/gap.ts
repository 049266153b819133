import { JetStreamApiCodes, jetstreamManager, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { nuid, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { openBucket } from '../bucket.ts';
import { orUnavailable } from '../unavailable.ts';
import { find } from './find.ts';
import { CONSUMER, GENERATION_BUCKET, STREAM, type ConsumerRef } from './names.ts';

/** A consumer of CHANGES whose index lacks documents that have not changed for long. */
export interface Gap extends ConsumerRef {
  /** Which gap it is: while one is being filled another may come, of an index that was begun anew. */
  readonly token: string;
  /** CHANGES tells of all that it lacked: that waits its turn. Else nobody has told of it yet. */
  readonly isTold: boolean;
}

/**
 * In the metadata of a consumer of CHANGES whose index lacks documents: the consumer was made while documents were
 * projected already (CHANGES keeps messages only for consumers that exist), or its index is a new one, of another
 * model. It lies with the consumer, so that it is known to whoever can fill the gap, however often processes end meanwhile.
 * The value is the gap's token.
 */
const GAP = 'opensync-gap';
/** In metadata: a gap that nobody has filled yet. */
export const newGap = (): Record<string, string> => ({ [GAP]: nuid.next() });

/**
 * Which gap was told of, and up to which sequence of CHANGES that goes. Not in the metadata: that cannot be changed on
 * the condition that it is what was read, so who takes away a gap could write back what another has just replaced.
 */
const toldSchema = z.object({ token: z.string(), sequence: z.number().int().nonnegative() });
const toldEntry = ({ durable }: ConsumerRef) => `told.${durable}`;

/**
 * Has all documents announced again, because the index of this consumer lacks some. Resolves with the token of the gap.
 * @throws AppError UNAVAILABLE
 */
export async function openGap(nc: NatsConnection, { stream, durable }: ConsumerRef): Promise<string> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const gap = newGap();
    for (;;) {
      const { config } = await manager.consumers.info(stream, durable);
      // Two of them, opened at the same moment by two processes, are one.
      await manager.consumers.update(stream, durable, { metadata: { ...config.metadata, ...gap } });
      // An update has no condition: another one may have written back what it had read before.
      const { metadata } = (await manager.consumers.info(stream, durable)).config;
      if (metadata?.[GAP] !== config.metadata?.[GAP]) return metadata![GAP]!;
    }
  });
}

/** What the index of this consumer lacks; undefined where that is nothing. @throws AppError UNAVAILABLE */
export async function gapOf(nc: NatsConnection, info: ConsumerInfo): Promise<Gap | undefined> {
  const token = info.config.metadata?.[GAP];
  if (token === undefined) return undefined;
  const consumer = { stream: info.stream_name, durable: info.name };
  const entry = await orUnavailable(nc, async () => (await bucketOf(nc)).get(toldEntry(consumer)));
  const told = entry?.operation === 'PUT' ? toldSchema.parse(entry.json()) : undefined;
  if (told?.token !== token) return { ...consumer, token, isTold: false };
  return info.ack_floor.stream_seq < told.sequence ? { ...consumer, token, isTold: true } : undefined;
}

/** As gapOf, of what the consumer is now; undefined, too, where it is not there. @throws AppError UNAVAILABLE */
export async function readGap(nc: NatsConnection, { stream, durable }: ConsumerRef): Promise<Gap | undefined> {
  const info = await orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    return find(() => manager.consumers.info(stream, durable), JetStreamApiCodes.ConsumerNotFound);
  });
  return info && gapOf(nc, info);
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

/**
 * To be called when CHANGES tells of everything that the index lacked when the gap was read. One that has come since stays.
 * @throws AppError UNAVAILABLE
 */
export async function markTold(nc: NatsConnection, gap: Gap): Promise<void> {
  await orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const { state } = await manager.streams.info(gap.stream);
    await putTold(nc, gap, state.last_seq);
  });
}

/** To be called when the index has what it lacked when the gap was read. @throws AppError UNAVAILABLE */
export async function closeGap(nc: NatsConnection, gap: Gap): Promise<void> {
  await orUnavailable(nc, () => putTold(nc, gap, 0));
}

/** Where somebody writes the token of an earlier gap over this one's, all is told again, which does no harm. */
async function putTold(nc: NatsConnection, gap: Gap, sequence: number): Promise<void> {
  await (await bucketOf(nc)).put(toldEntry(gap), JSON.stringify({ token: gap.token, sequence }));
}

function bucketOf(nc: NatsConnection): Promise<KV> {
  return openBucket(nc, GENERATION_BUCKET);
}
