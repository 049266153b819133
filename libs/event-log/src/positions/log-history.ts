import { HEADER } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { raiseEvents } from '../topology/raise-events.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/**
 * What tells the event at this sequence from every other one: its id, or when it was stored where it is no event at all.
 * Undefined if nothing is there. An import keeps both ids and sequences.
 * @throws AppError UNAVAILABLE
 */
export async function eventIdAt(nc: NatsConnection, sequence: number): Promise<string | undefined> {
  if (sequence === 0) return undefined;
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    // Of the leader: a replica may lack what was just acknowledged.
    const stored = await manager.streams.getMessage(STREAM.events, { seq: sequence });
    return stored ? stored.header.get(HEADER.id) || stored.time.toISOString() : undefined;
  });
}

/**
 * Has an empty log go on above a sequence, so that what is written counts for stores that hold events up to it. False if the
 * log is not empty.
 * @throws AppError UNAVAILABLE
 */
export async function continueAbove(nc: NatsConnection, sequence: number): Promise<boolean> {
  return orUnavailable(nc, async () => raiseEvents(await jetstreamManager(nc, { checkAPI: false }), sequence));
}
