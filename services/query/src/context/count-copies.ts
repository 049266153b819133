import type { Omission, OmissionReason, Passage } from './passage.ts';

/** Sessions that are named at most. */
const MOST_NAMED = 20;
const IS_COPY: ReadonlySet<OmissionReason> = new Set(['copied-history', 'duplicate', 'near-duplicate']);

/** Messages that say the same as those of a passage, and are not quoted. */
export interface PassageCopies {
  readonly count: number;
  /** The first of the other sessions that have them. */
  readonly sessionIds: readonly string[];
}

/**
 * The copies of a message, by its id. What replaced a copy may be a near-duplicate itself: its copies count for the message that
 * is left in the end. Pure.
 */
export function copiesByMessage(omitted: readonly Omission[]): ReadonlyMap<string, readonly Omission[]> {
  const copies = omitted.filter(({ reason, keptMessageId }) => IS_COPY.has(reason) && keptMessageId !== undefined);
  const keptFor = new Map(copies.map(({ messageId, keptMessageId }) => [messageId, keptMessageId!]));
  const lastOf = (id: string): string => {
    const passed = new Set<string>();
    let last = id;
    while (keptFor.has(last) && !passed.has(last)) {
      passed.add(last);
      last = keptFor.get(last)!;
    }
    return last;
  };
  return Map.groupBy(copies, ({ messageId }) => lastOf(messageId));
}

/** Undefined if no message of the passage has copies. */
export function copiesOf(
  { session, messages }: Passage,
  byMessage: ReturnType<typeof copiesByMessage>,
): PassageCopies | undefined {
  const copies = messages.flatMap(({ id }) => byMessage.get(id) ?? []);
  if (copies.length === 0) return undefined;
  const others = new Set(copies.map(({ sessionId }) => sessionId).filter((id) => id !== session.id));
  return { count: copies.length, sessionIds: [...others].slice(0, MOST_NAMED) };
}
