/** What is to be written of a session, and how large it is. */
export interface Sized {
  readonly sessionId: string;
  readonly bytes: number;
}

/**
 * The order in which documents of one owner get their turn: sessions take turns, first those that were worked on the longest
 * ago; of each session small documents come first, so that a sentence is not behind a pasted log.
 * @param lastWorked a number that grows; 0 for a session that has not had a turn
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
