/** What the log knows that a store should hold. */
export interface LogFacts {
  /** The sequences of its first and its last event. */
  readonly first: number;
  readonly last: number;
  /** Events up to this sequence were given to the store and acknowledged; 0: none. It may be a little behind. */
  readonly given: number;
  /** The position that the store was last seen to have; undefined if none was recorded. */
  readonly confirmed: number | undefined;
}

/** What a store says of itself. */
export interface StoreFacts {
  readonly position:
    | { readonly sequence: number; readonly eventId?: string | undefined; readonly repair?: string | undefined }
    | undefined;
  /** Counts only without a position. */
  readonly isEmpty: boolean;
  /** The id of the event that the log has at that position; undefined if it has none there. */
  readonly eventIdInLog: string | undefined;
}

/** How a store stands to the log. Only `complete` holds all that was given to it. */
export type StoreCondition =
  | { readonly kind: 'complete'; readonly sequence: number }
  /** Nothing was ever given to it. */
  | { readonly kind: 'new' }
  /** It has contents and no position: a version that kept none has filled it. */
  | { readonly kind: 'unmarked' }
  /** It is empty and was given something: it was lost, or the log alone was restored. */
  | { readonly kind: 'missing' }
  /** It holds an earlier state than it had: a copy was put in its place. */
  | { readonly kind: 'older'; readonly sequence: number }
  | { readonly kind: 'repairing'; readonly sequence: number; readonly repair: string }
  /** It holds events beyond the end of the log: an older log was restored, or another one. */
  | { readonly kind: 'ahead'; readonly sequence: number; readonly last: number }
  /** It was filled from another log. */
  | { readonly kind: 'foreign'; readonly sequence: number }
  /** It cannot be read as it is, for this reason. */
  | { readonly kind: 'unusable'; readonly problem: string };

/**
 * Compares a store with the log that it should follow. Sequences alone do not tell two logs apart, so the event at the store's
 * position has to be the same one. Where the log begins behind that position (it was lost, and its successor was
 * numbered above everything that was seen of it), the store keeps what it has.
 */
export function compareWithLog(log: LogFacts, { position, isEmpty, eventIdInLog }: StoreFacts): StoreCondition {
  const { confirmed = 0 } = log;
  if (!position) {
    if (!isEmpty) return confirmed > 0 ? { kind: 'older', sequence: 0 } : { kind: 'unmarked' };
    return log.given > 0 || confirmed > 0 ? { kind: 'missing' } : { kind: 'new' };
  }
  const { sequence, eventId, repair } = position;
  if (sequence > log.last) return { kind: 'ahead', sequence, last: log.last };
  const isAnother = eventId !== undefined && eventIdInLog !== undefined && eventId !== eventIdInLog;
  if (isAnother) return { kind: 'foreign', sequence };
  if (repair !== undefined) return { kind: 'repairing', sequence, repair };
  // Without a record it cannot be told from a copy that is older by as much.
  return sequence < (log.confirmed ?? log.given) ? { kind: 'older', sequence } : { kind: 'complete', sequence };
}

/** Of a condition that an operator should know of, in one line; undefined of the others. */
export function conditionLine(condition: StoreCondition): string | undefined {
  const number = (value: number) => value.toLocaleString('en');
  switch (condition.kind) {
    case 'complete':
    case 'new':
    case 'unmarked':
      return undefined;
    case 'missing':
      return 'the store is empty, although the log has events that it was given';
    case 'older':
      return `the store is older than the log: it holds events up to ${number(condition.sequence)} only`;
    case 'repairing':
      return 'the store is being filled from the log again';
    case 'ahead':
      return `the store holds events up to ${number(condition.sequence)}, and the log ends at ${number(condition.last)}: an older log was restored, or another one`;
    case 'foreign':
      return `the store was filled from another log: event ${number(condition.sequence)} of this one is a different event`;
    case 'unusable':
      return condition.problem;
  }
}
