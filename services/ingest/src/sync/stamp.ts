import type { NewEvent, Owner } from '@opensync/contracts';
import type { EventDraft } from './drafts.ts';
import { derivedEventId, newEventId } from './event-ids.ts';

/** What all events of one request share. */
export interface Stamp {
  readonly owner: Owner;
  /** Arrival, milliseconds since the epoch. */
  readonly time: number;
  readonly idempotencyKey?: string | undefined;
}

/**
 * The drafts of a request's items as events, in their order. With an `Idempotency-Key` the ids derive from it, so that a
 * retry gives the same ones and the log stores nothing twice; without one they are new. The content of the whole item is
 * part of a derived id. Were it not, another request that reuses the key would be acknowledged and yet dropped as a
 * duplicate; or only its parts would be, behind a message that replaces them.
 */
export function stampEvents(
  items: readonly (readonly EventDraft[])[],
  { owner, time, idempotencyKey }: Stamp,
): NewEvent[] {
  return items.flatMap((drafts, index) => {
    const item =
      idempotencyKey === undefined
        ? undefined
        : derivedEventId([owner.workspaceId, owner.userId, idempotencyKey, index, drafts]);
    const idOf = (place: number) => (item === undefined ? newEventId() : derivedEventId([item, place]));
    return drafts.map((draft, place) => ({ ...draft, id: idOf(place), owner, time }));
  });
}
