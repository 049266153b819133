/** Up to where a store holds what the event log says. */
export interface StorePosition {
  /** The store holds everything up to the event with this sequence; 0: nothing is known of it. */
  readonly sequence: number;
  /** The id of that event, which tells this log from another one. Optional: the event may have been deleted, and 0 has none. */
  readonly eventId?: string | undefined;
  /**
   * Optional: only while the store lacks something beyond `sequence` that was given to it before, and is being repaired.
   * The meaning of the value belongs to the repair.
   */
  readonly repair?: string | undefined;
}

/**
 * A store that keeps its position. An implementation must keep it with its contents: whatever copies, restores, empties or
 * removes those must do the same to the position.
 */
export interface Positioned {
  /** Undefined if none was ever kept: the store is new, was emptied, or was filled by a version that kept none. */
  position(): Promise<StorePosition | undefined>;
  /** Replaces the position if it still is `before`; false if it is not. */
  setPosition(next: StorePosition, before: StorePosition | undefined): Promise<boolean>;
}

/** The same position always gives the same text. */
export function positionText({ sequence, eventId, repair }: StorePosition): string {
  return JSON.stringify({ sequence, eventId, repair });
}

export function samePosition(a: StorePosition | undefined, b: StorePosition | undefined): boolean {
  return (a && positionText(a)) === (b && positionText(b));
}
