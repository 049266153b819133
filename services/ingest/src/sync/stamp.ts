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
 * Drafts as events, in their order. With an `Idempotency-Key` the ids derive from it, so that a retry gives the same
 * ones and the log stores nothing twice; without one they are new. The content is part of a derived id: were it not,
 * another request that reuses the key would be acknowledged and yet dropped as a duplicate.
 */
export function stampEvents(drafts: readonly EventDraft[], { owner, time, idempotencyKey }: Stamp): NewEvent[] {
  const idOf = ({ type, data }: EventDraft, index: number) =>
    idempotencyKey === undefined
      ? newEventId()
      : derivedEventId([owner.workspaceId, owner.userId, idempotencyKey, index, type, data]);
  return drafts.map((draft, index) => ({ ...draft, id: idOf(draft, index), owner, time }));
}
