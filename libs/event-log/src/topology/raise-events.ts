import { EVENT_SUBJECTS } from '@opensync/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import { STREAM } from './names.ts';

/** Processes have not all seen the same last event; none is further behind than this. */
export const STEP = 10_000_000;

/** What EVENTS listens on while it is being raised: nothing that anybody publishes. */
export const NO_EVENTS: readonly string[] = ['osk.no-events'];
/** A process that raises it has done so within this, or has died: above what its requests may take together. */
export const RAISED_WITHIN_MS = 20_000;

/** Whether EVENTS listens on nothing at this moment. */
export function isBeingRaised({ subjects }: { readonly subjects?: readonly string[] }): boolean {
  return JSON.stringify(subjects) === JSON.stringify(NO_EVENTS);
}

/**
 * The sequence at which a lost log continues: between ten and twenty million above what was seen, in round figures, so that
 * all processes that restore it reach the same. A field that an event of the lost log set is set by no lower sequence.
 */
export function firstAbove(lastSequence: number): number {
  return (Math.floor(lastSequence / STEP) + 2) * STEP;
}

/**
 * Has an empty EVENTS go on above a sequence. False where it is not empty: its events would have to go. It takes none
 * meanwhile, else one might be acknowledged and removed at the same moment. Several processes may do this at once; one
 * that dies or fails here leaves an EVENTS that refuses everything, until another does the same or is started (see
 * `reconcile.ts`): were it opened again here, one that is just about to purge could remove what comes.
 */
export async function raiseEvents(manager: JetStreamManager, lastSequence: number): Promise<boolean> {
  await manager.streams.update(STREAM.events, { subjects: [...NO_EVENTS] });
  const { state } = await manager.streams.info(STREAM.events);
  const isRaised = state.last_seq >= lastSequence;
  if (!isRaised && state.messages === 0) {
    await manager.streams.purge(STREAM.events, { seq: firstAbove(lastSequence) });
  }
  await manager.streams.update(STREAM.events, { subjects: [EVENT_SUBJECTS] });
  return isRaised || state.messages === 0;
}
