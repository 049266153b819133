import { EVENT_SUBJECTS } from '@opensync/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import { STREAM } from './names.ts';

/** Processes may have seen different last events; none is further behind than this. */
export const STEP = 10_000_000;

/** The subject of EVENTS while it is being raised: nobody publishes on it. */
export const NO_EVENTS: readonly string[] = ['osk.no-events'];
/** A process finishes raising it within this time, or has died: more than its requests may take together. */
export const RAISED_WITHIN_MS = 20_000;

/** Whether EVENTS accepts no events at this moment. */
export function isBeingRaised({ subjects }: { readonly subjects?: readonly string[] }): boolean {
  return JSON.stringify(subjects) === JSON.stringify(NO_EVENTS);
}

/**
 * The sequence at which a lost log continues: ten to twenty million above the last seen one, rounded, so that all
 * processes that restore it choose the same. A field that an event of the lost log set cannot be set by a lower
 * sequence.
 */
export function firstAbove(lastSequence: number): number {
  return (Math.floor(lastSequence / STEP) + 2) * STEP;
}

/**
 * Makes an empty EVENTS continue above a sequence. False if it is not empty: its events would be removed. It accepts
 * no events meanwhile, otherwise one might be acknowledged and removed at the same moment. Several processes may do
 * this at once. One that dies or fails here leaves an EVENTS that rejects everything until another process repeats it
 * or starts (see `reconcile.ts`): if it were opened again here, a process that is about to purge could remove new
 * events.
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
