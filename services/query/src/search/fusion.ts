/** The constant of the paper: large enough that the first few ranks of one list do not outweigh agreement of both. */
const K = 60;

/**
 * The weights of a hybrid search. A session with the words of a query is the answer more often than one that is near in
 * meaning: with equal weights, what both sides have on low ranks displaces what full text has first, and the fused list
 * is worse than full text alone (measured in libs/stores/src/relevance). Meaning still decides where words do not.
 */
export const SIDE_WEIGHTS = { fulltext: 1, semantic: 0.6 } as const;

export interface Fused<Side extends string> {
  readonly id: string;
  /** Sum over the lists that have it of weight / (k + rank), rank counted from 1. */
  readonly score: number;
  readonly foundBy: readonly Side[];
}

/**
 * Reciprocal rank fusion (Cormack, Clarke, Büttcher 2009), best first. Scores of different engines cannot be compared,
 * ranks can. Each list names an id once, best first; equal scores keep the order in which the ids were met.
 */
export function fuseRanks<Side extends string>(
  rankings: ReadonlyMap<Side, readonly string[]>,
  weights?: Readonly<Record<Side, number>>,
): Fused<Side>[] {
  const fused = new Map<string, { id: string; score: number; foundBy: Side[] }>();
  for (const [side, ids] of rankings) {
    for (const [position, id] of ids.entries()) {
      const entry = fused.get(id) ?? { id, score: 0, foundBy: [] };
      entry.score += (weights?.[side] ?? 1) / (K + position + 1);
      entry.foundBy.push(side);
      fused.set(id, entry);
    }
  }
  return [...fused.values()].sort((a, b) => b.score - a.score);
}
