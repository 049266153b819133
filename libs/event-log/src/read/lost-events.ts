import { jetstreamManager, type LostStreamData, type StreamState } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { erasedEvents } from '../erasure/records.ts';
import { STREAM } from '../topology/names.ts';
import { STEP } from '../topology/raise-events.ts';
import { orUnavailable } from '../unavailable.ts';

/** The server may know about lost bytes, but not whose they were. */
function knownToServer(lost: LostStreamData | undefined): number {
  return lost ? Math.max(lost.msgs?.length ?? 0, 1) : 0;
}

/**
 * The minimum number of events that are missing from EVENTS. The server only reports damage that it found since its
 * start; but only erasures of people remove events, so other sequences without a message are lost events, too. The first
 * sequence is 1, or a round number in a log that continues above a lost one (see `raise-events.ts`).
 * @param erased how many events were erased
 */
export function lostEventsOf(
  {
    first_seq: first,
    last_seq: last,
    messages,
    lost,
  }: Pick<StreamState, 'first_seq' | 'last_seq' | 'messages'> & Partial<Pick<StreamState, 'lost'>>,
  erased = 0,
): number {
  const start = Math.max(Math.floor(first / STEP) * STEP, 1);
  const ahead = Math.max(first - start, 0);
  const within = Math.max(last - Math.max(first, 1) + 1 - messages, 0);
  return Math.max(ahead + within - erased, knownToServer(lost));
}

/** As {@link lostEventsOf}, without those that were erased. @throws AppError UNAVAILABLE */
export async function lostEventsIn(nc: LogConnection, state: Parameters<typeof lostEventsOf>[0]): Promise<number> {
  return lostEventsOf(state) === 0 ? 0 : lostEventsOf(state, await erasedEvents(nc));
}

/** @throws AppError UNAVAILABLE */
export async function readLostEvents(nc: LogConnection): Promise<number> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    return lostEventsIn(nc, (await manager.streams.info(STREAM.events)).state);
  });
}
