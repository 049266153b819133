/** Up to where a store holds the contents of the event log. */
export interface StorePosition {
  /** The store holds everything up to the event with this sequence; 0: nothing is known. */
  readonly sequence: number;
  /**
   * An event of the log that fills the store: another log has another event there. The latest one that is known to be
   * in the store, completely or partly; usually the one at `sequence`. Optional: the log may have none yet.
   */
  readonly witness?: { readonly sequence: number; readonly id: string } | undefined;
  /**
   * Optional: set only while data beyond `sequence` that the store had is missing and being repaired. The repair
   * defines the meaning of the value.
   */
  readonly repair?: string | undefined;
}

/**
 * A store that keeps its position. An implementation must keep it with its contents: copying, restoring, emptying or
 * removing those must do the same to the position.
 */
export interface Positioned {
  /** Undefined if none was ever kept: the store is new, was emptied, or was filled by a version that kept none. */
  position(): Promise<StorePosition | undefined>;
  /** Replaces the position if it still is `before`; otherwise false. */
  setPosition(next: StorePosition, before: StorePosition | undefined): Promise<boolean>;
}

/**
 * A store of events that also keeps the latest event that may be in it: the position is written every few seconds,
 * and events saved since would go unnoticed if the log lost them.
 */
export interface Reaching {
  /** No event beyond this sequence is in the store, not even partly; 0 if nothing is known. Only ever raised. */
  reach(): Promise<number>;
}

/** The same position always has the same text, including fields that a later version has added. */
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
