/** The work on a session, and its size. */
export interface Sized {
  readonly sessionId: string;
  readonly bytes: number;
}

/**
 * The order in which documents of one owner get their turn: sessions take turns, least recently worked on first;
 * within a session small documents come first, so that a sentence does not wait for a pasted log.
 * @param lastWorked a growing number; 0 for a session without a turn so far
 */
export function fairOrder<Document extends Sized>(
  documents: Iterable<Document>,
  lastWorked: (sessionId: string) => number,
): Document[] {
  const bySession = Map.groupBy(documents, ({ sessionId }) => sessionId);
  const sessions = [...bySession]
    .toSorted(([a], [b]) => lastWorked(a) - lastWorked(b))
    .map(([, ofSession]) => ofSession.toSorted((a, b) => a.bytes - b.bytes));
  const ordered: Document[] = [];
  const rounds = Math.max(0, ...sessions.map(({ length }) => length));
  for (let round = 0; round < rounds; round++) {
    for (const ofSession of sessions) if (round < ofSession.length) ordered.push(ofSession[round]!);
  }
  return ordered;
}
