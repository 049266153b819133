/** Up to where a store holds what the event log says. */
export interface StorePosition {
  /** The store holds everything up to the event with this sequence; 0: nothing is known of it. */
  readonly sequence: number;
  /**
   * An event of the log that fills the store: another log has another event there. The latest one that is known to be in the
   * store, as a whole or in part; usually the one at `sequence`. Optional: the log may have none yet.
   */
  readonly witness?: { readonly sequence: number; readonly id: string } | undefined;
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

/**
 * A store of events that also keeps the latest one which may be in it: the position is written every few seconds, and what
 * was saved since would go unnoticed beside a log that lost it.
 */
export interface Reaching {
  /** No event beyond this sequence is in the store, not even in part; 0 if nothing is known. Only ever raised. */
  reach(): Promise<number>;
}

/** The same position always gives the same text, also with fields that a later version has added. */
export function positionText(position: StorePosition): string {
  return JSON.stringify(position, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

export function samePosition(a: StorePosition | undefined, b: StorePosition | undefined): boolean {
  return (a && positionText(a)) === (b && positionText(b));
}
