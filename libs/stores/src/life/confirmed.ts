import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { GENERATION_BUCKET, openBucket, orUnavailable } from '@opensync/event-log';
import type { Projection } from './records.ts';

/**
 * The position that the live generation of a store was last seen to have. Kept by the log, so that a store which comes back
 * with less is noticed: neither of the two can be replaced by an older copy without the other one knowing.
 */
const confirmedSchema = z.object({
  generation: z.number().int().positive(),
  sequence: z.number().int().nonnegative(),
  repair: z.string().optional(),
});
const entryOf = (projection: Projection) => `position.${projection}`;

/** What was recorded of a position. */
export interface Confirmed {
  readonly sequence: number;
  /** The repair that was begun in this store. A copy of the store may name one that has long ended. */
  readonly repair?: string | undefined;
}

/** Undefined if none was recorded for this generation. @throws AppError UNAVAILABLE */
export async function confirmedPosition(
  nc: NatsConnection,
  projection: Projection,
  generation: number,
): Promise<Confirmed | undefined> {
  const entry = await orUnavailable(nc, async () => (await openBucket(nc, GENERATION_BUCKET)).get(entryOf(projection)));
  const record = entry?.operation === 'PUT' ? confirmedSchema.parse(entry.json()) : undefined;
  return record?.generation === generation ? { sequence: record.sequence, repair: record.repair } : undefined;
}

/** To be called after the store has that position. @throws AppError UNAVAILABLE */
export async function confirmPosition(
  nc: NatsConnection,
  projection: Projection,
  confirmed: z.infer<typeof confirmedSchema>,
): Promise<void> {
  await orUnavailable(nc, async () =>
    (await openBucket(nc, GENERATION_BUCKET)).put(entryOf(projection), JSON.stringify(confirmed)),
  );
}
