import { EVENT_SUBJECTS } from '@opensync/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import { STREAM } from './names.ts';

/** Processes have not all seen the same last event; none is further behind than this. */
const STEP = 10_000_000;

/** What EVENTS listens on while it is being raised: nothing that anybody publishes. */
export const NO_EVENTS: readonly string[] = ['osk.no-events'];

/**
 * Where a log goes on that has to begin anew: between ten and twenty million above what was seen, in round figures, so that
 * all processes that restore it come to the same. A field that an event of the lost log set is set by no lower sequence.
 */
export function firstAbove(lastSequence: number): number {
  return (Math.floor(lastSequence / STEP) + 2) * STEP;
}

/**
 * Has an empty EVENTS go on above a sequence. False where it is not empty: its events would have to go. It takes none
 * meanwhile, else one might be acknowledged and removed at the same moment. Several processes may do this at once; one
 * that dies here leaves an EVENTS that refuses everything, until another does the same or is started (see `reconcile.ts`).
 */
export async function raiseEvents(manager: JetStreamManager, lastSequence: number): Promise<boolean> {
  await manager.streams.update(STREAM.events, { subjects: [...NO_EVENTS] });
  try {
    const { state } = await manager.streams.info(STREAM.events);
    if (state.last_seq >= lastSequence) return true;
    if (state.messages > 0) return false;
    await manager.streams.purge(STREAM.events, { seq: firstAbove(lastSequence) });
    return true;
  } finally {
    await manager.streams.update(STREAM.events, { subjects: [EVENT_SUBJECTS] });
  }
}
