import type { NewEvent, Owner } from '@opensync/contracts';
import type { Claim } from '@opensync/event-log';
import { uuidv7 } from '@opensync/platform';
import type { EventDraft } from './drafts.ts';
import { derivedEventId } from './event-ids.ts';

/** Common to all events of one request. */
export interface Stamp {
  readonly owner: Owner;
  /** Arrival, milliseconds since the epoch. */
  readonly time: number;
  /** Of a request that its client may repeat. */
  readonly identity?: Claim | undefined;
}

/**
 * The drafts of a request's items as events, in order. The ids of a request with an identity are derived from it, so
 * that a repetition has the same ones and the log stores nothing twice; otherwise they are new. The request's
 * contents are part of a derived id, so ids stay unique after the log has forgotten the key.
 */
export function stampEvents(items: readonly (readonly EventDraft[])[], { owner, time, identity }: Stamp): NewEvent[] {
  return items.flatMap((drafts, index) => {
    const idOf = (place: number) =>
      identity ? derivedEventId([identity.id, identity.fingerprint, index, place]) : uuidv7();
    return drafts.map((draft, place) => ({ ...draft, id: idOf(place), owner, time }));
  });
}
