import type { NewEvent, Owner } from '@opensync/contracts';
import type { Claim } from '@opensync/event-log';
import { uuidv7 } from '@opensync/platform';
import type { EventDraft } from './drafts.ts';
import { derivedEventId } from './event-ids.ts';

/** What all events of one request share. */
export interface Stamp {
  readonly owner: Owner;
  /** Arrival, milliseconds since the epoch. */
  readonly time: number;
  /** Of a request that its client may repeat. */
  readonly identity?: Claim | undefined;
}

/**
 * The drafts of a request's items as events, in their order. The ids of a request with an identity derive from that, so that
 * a repetition gives the same ones and the log stores nothing twice; else they are new. What the request says is part of a
 * derived id: ids stay unique after the log has forgotten the key.
 */
export function stampEvents(items: readonly (readonly EventDraft[])[], { owner, time, identity }: Stamp): NewEvent[] {
  return items.flatMap((drafts, index) => {
    const idOf = (place: number) =>
      identity ? derivedEventId([identity.id, identity.fingerprint, index, place]) : uuidv7();
    return drafts.map((draft, place) => ({ ...draft, id: idOf(place), owner, time }));
  });
}
