import { jetstreamManager, type LostStreamData, type StreamState } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { STREAM } from '../topology/names.ts';
import { STEP } from '../topology/raise-events.ts';
import { orUnavailable } from '../unavailable.ts';

/** The server may know of lost bytes, and not of whose they were. */
function knownToServer(lost: LostStreamData | undefined): number {
  return lost ? Math.max(lost.msgs?.length ?? 0, 1) : 0;
}

/**
 * At least so many events are gone from EVENTS. The server tells only of what it found damaged since it was started; but no event
 * is ever deleted, so sequences without a message are lost events, too. The first sequence is 1, or of a log that goes on above
 * one that was lost (see `raise-events.ts`) a round figure.
 */
export function lostEventsOf({
  first_seq: first,
  last_seq: last,
  messages,
  lost,
}: Pick<StreamState, 'first_seq' | 'last_seq' | 'messages'> & Partial<Pick<StreamState, 'lost'>>): number {
  const start = Math.max(Math.floor(first / STEP) * STEP, 1);
  const ahead = Math.max(first - start, 0);
  const within = Math.max(last - Math.max(first, 1) + 1 - messages, 0);
  return Math.max(ahead + within, knownToServer(lost));
}

/** @throws AppError UNAVAILABLE */
export async function readLostEvents(nc: LogConnection): Promise<number> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    return lostEventsOf((await manager.streams.info(STREAM.events)).state);
  });
}
