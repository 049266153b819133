import type { LogFacts } from '@opensync/event-log';

/** A store's own facts. */
export interface StoreFacts {
  readonly position: { readonly sequence: number; readonly repair?: string | undefined } | undefined;
  /** The latest event that it may hold, as far as it knows; at least its position. */
  readonly reach: number;
  /** Counts only without a position. */
  readonly isEmpty: boolean;
}

/** The relation of a store to the log. Only `complete` holds everything that was delivered to it. */
export type StoreCondition =
  | { readonly kind: 'complete'; readonly sequence: number }
  /** Nothing was ever delivered to it. */
  | { readonly kind: 'new' }
  /** It has contents but no position: a version that kept none has filled it. */
  | { readonly kind: 'unmarked' }
  /** It is empty although events were delivered to it: it was lost, or only the log was restored. */
  | { readonly kind: 'missing' }
  /** It holds an earlier state than it had: it was replaced by a copy. */
  | { readonly kind: 'older'; readonly sequence: number }
  /** Its missing data is being replayed: for documents up to the sequence in `repair`. */
  | { readonly kind: 'repairing'; readonly sequence: number; readonly repair: string }
  /** It holds events beyond the end of the log: the log was replaced by an older or a different one. */
  | { readonly kind: 'ahead'; readonly sequence: number; readonly last: number }
  /** It was filled from a different log. */
  | { readonly kind: 'foreign' }
  /** It cannot be read, for this reason. */
  | { readonly kind: 'unusable'; readonly problem: string };

/**
 * Compares a store with its log. Sequences alone do not distinguish two logs, so the log must have the event that the
 * store names. If the log begins after the position (it was lost, and its successor is numbered above everything that
 * was seen of it), the store keeps its contents.
 */
export function compareWithLog(log: LogFacts, { position, reach, isEmpty }: StoreFacts): StoreCondition {
  if (!position) {
    const hadMore = (log.confirmed ?? 0) > 0;
    if (!isEmpty) return hadMore ? { kind: 'older', sequence: 0 } : { kind: 'unmarked' };
    return log.given > 0 || hadMore ? { kind: 'missing' } : { kind: 'new' };
  }
  const { sequence, repair } = position;
  const highest = Math.max(sequence, reach);
  if (highest > log.last) return { kind: 'ahead', sequence: highest, last: log.last };
  if (log.isSameLog === false) return { kind: 'foreign' };
  if (repair !== undefined) return { kind: 'repairing', sequence, repair };
  // Without a record it cannot be distinguished from a copy that is older by as much.
  return sequence < (log.confirmed ?? log.given) ? { kind: 'older', sequence } : { kind: 'complete', sequence };
}

/** One line for a condition that an operator should know about; otherwise undefined. */
export function conditionLine(condition: StoreCondition): string | undefined {
  const number = (value: number) => value.toLocaleString('en');
  switch (condition.kind) {
    case 'complete':
    case 'new':
    case 'unmarked':
      return undefined;
    case 'missing':
      return 'the store is empty, but the log has events for it';
    case 'older':
      return `the store is behind the log: it holds events only up to ${number(condition.sequence)}`;
    case 'repairing':
      return /^\d+$/.test(condition.repair)
        ? `the store is being refilled: event ${number(condition.sequence)} of ${number(Number(condition.repair))}`
        : 'the store is being refilled';
    case 'ahead':
      return condition.last === 0
        ? `the store holds events up to ${number(condition.sequence)}, but the log is empty: it was lost or moved`
        : `the store holds events up to ${number(condition.sequence)}, but the log ends at ${number(condition.last)}: it was replaced by an older or a different log`;
    case 'foreign':
      return 'the store was filled from a different log';
    case 'unusable':
      return condition.problem;
  }
}
