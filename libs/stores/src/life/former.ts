import type { Projection } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import {
  CONSUMER,
  GENERATION_BUCKET,
  openBucket,
  orUnavailable,
  type ConsumerFacts,
  type LogConnection,
} from '@opensync/event-log';
import { z } from 'zod';
import type { Confirmed } from './records.ts';

/**
 * State that versions before the single record kept elsewhere: positions and announcements in separate entries, gaps
 * and the model in the metadata of consumers. Read if the record does not have it yet, so that an upgrade neither
 * fills nor embeds anything again.
 */

const GAP = 'opensync-gap';
const MODEL = 'opensync-model';
const positionSchema = z.object({
  generation: z.number().int().positive(),
  sequence: z.number().int().nonnegative(),
  repair: z.string().optional(),
});
const toldSchema = z.object({ token: z.string(), sequence: z.number().int().nonnegative() });

/** @throws AppError UNAVAILABLE */
export async function formerPosition(
  nc: LogConnection,
  projection: Projection,
  generation: number,
): Promise<Confirmed | undefined> {
  const found = positionSchema.safeParse(await entryOf(nc, `position.${projection}`)).data;
  if (found?.generation !== generation) return undefined;
  const { sequence, repair } = found;
  return { sequence, ...(repair !== undefined && { repair }) };
}

/** Whether the index of this consumer was missing documents. @throws AppError UNAVAILABLE */
export async function hadFormerGap(
  nc: LogConnection,
  durable: string,
  { metadata, acknowledged }: ConsumerFacts,
): Promise<boolean> {
  const token = metadata[GAP];
  if (token === undefined) return false;
  const told = toldSchema.safeParse(await entryOf(nc, `told.${durable}`)).data;
  return told?.token !== token || acknowledged < told.sequence;
}

/** The model of the vectors; also one that a projector of an earlier version has switched to. */
export function formerModel({ metadata }: Pick<ConsumerFacts, 'metadata'>): string | undefined {
  return metadata[MODEL];
}

/**
 * A projector of an earlier version that runs at the same time acknowledges nothing with another model. @throws
 * AppError UNAVAILABLE
 */
export async function setFormerModel(nc: LogConnection, model: string): Promise<void> {
  const { stream, durable } = CONSUMER.vectors;
  await orUnavailable(nc, async () => {
    const { consumers } = await jetstreamManager(nc, { checkAPI: false });
    const { metadata } = (await consumers.info(stream, durable)).config;
    if (metadata?.[MODEL] === model) return;
    await consumers.update(stream, durable, { metadata: { ...metadata, [MODEL]: model } });
  });
}

async function entryOf(nc: LogConnection, key: string): Promise<unknown> {
  const entry = await orUnavailable(nc, async () => (await openBucket(nc, GENERATION_BUCKET)).get(key));
  return entry?.operation === 'PUT' ? entry.json() : undefined;
}
