import type { ParsedQuery } from '@opensync/stores';

/** The constant of the paper: large enough that the first few ranks of one list do not outweigh agreement of both. */
const K = 60;

/** How much a rank by meaning counts in the scores that are shown. They do not decide the order: see {@link fuseSides}. */
const RANK_WEIGHTS = { fulltext: 1, semantic: 0.6 } as const;

/**
 * How much meaning counts in the order of a hybrid search, measured by cross-validation (docs/adr/0061, 0082, 0088). Exact: one or
 * two words, quotes, code and numbers are to be found as they are, and a model knows little about them. Without: who leaves
 * words out chooses among the sessions that have the others, and vectors of a query do not know what it leaves out. Otherwise it
 * depends on how many of the words the best session has: the fewer, the more meaning counts.
 */
const WEIGHT = { without: 0.05, exact: 0.15, allWords: 0.4, noWords: 1.5 } as const;
/** Common words add up, so a session with some words of a query scores more than it is worth beside one that has them all. */
const SHARE_OF_WORDS = 1.5;
/** A query of so few words is a name or a topic, whose meaning depends on words that it does not have. */
const FEW_WORDS = 2;
const CODE = /[\d_./:\\#]|\p{Ll}\p{Lu}/u;

export interface Fused<Side extends string> {
  readonly id: string;
  /** Sum over the lists that have it of weight / (k + rank), rank counted from 1. */
  readonly score: number;
  readonly foundBy: readonly Side[];
}

/** A result of one side, with the score by which that side ranks. */
export interface Scored {
  readonly id: string;
  readonly score: number;
  /** Words of the query that it lacks. */
  readonly missing?: readonly string[];
}

export type ScoredSides = ReadonlyMap<'fulltext' | 'semantic', readonly Scored[]>;
export type AskedWords = Pick<ParsedQuery, 'all' | 'none' | 'count'>;

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

/**
 * The results of both sides in one list, best first: by the sum of their scores, each relative to the best of its side.
 * A rank does not say by how much the first is better than the second, scores do. Scores of full text may depend on rows
 * that the reader may not see, so the scores of the answer are those of {@link fuseRanks}, in this order.
 */
export function fuseSides(
  sides: ScoredSides,
  words: AskedWords,
  rankWeights: Readonly<Record<'fulltext' | 'semantic', number>> = RANK_WEIGHTS,
): Fused<'fulltext' | 'semantic'>[] {
  const ranks = fuseRanks(new Map([...sides].map(([side, hits]) => [side, hits.map(({ id }) => id)])), rankWeights);
  const byWords = relativeToBest(sides.get('fulltext') ?? []);
  const byMeaning = relativeToSpread(sides.get('semantic') ?? []);
  const weight = weightOfMeaning(words, sides.get('fulltext') ?? []);
  const worth = ({ id }: { id: string }) => (byWords.get(id) ?? 0) + weight * (byMeaning.get(id) ?? 0);
  return ranks.toSorted((a, b) => worth(b) - worth(a)).map((hit, at) => ({ ...hit, score: ranks[at]!.score }));
}

/** Relative to a result that has all words of the query. */
function weightOfMeaning(words: AskedWords, byWords: readonly Scored[]): number {
  if (words.none.length > 0) return WEIGHT.without;
  if (isExact(words)) return WEIGHT.exact;
  const [best] = byWords;
  const share = best ? Math.max(0, 1 - (best.missing?.length ?? 0) / words.count) : 0;
  return share * WEIGHT.allWords + (1 - share) * WEIGHT.noWords;
}

/** Whether a query should match literally rather than by meaning. */
export function isExact({ all, count }: Pick<AskedWords, 'all' | 'count'>): boolean {
  return isShort({ count }) || all.some(({ quoted, text }) => quoted || CODE.test(text));
}

/** Whether a query is a name or a topic. */
export function isShort({ count }: Pick<AskedWords, 'count'>): boolean {
  return count <= FEW_WORDS;
}

/** The best has 1; no words, no score. */
function relativeToBest(hits: readonly Scored[]): ReadonlyMap<string, number> {
  const best = Math.max(0, ...hits.map(({ score }) => score));
  return new Map(hits.map(({ id, score }) => [id, best > 0 ? (Math.max(0, score) / best) ** SHARE_OF_WORDS : 1]));
}

/** The best has 1, the last 0: cosines of many models lie close together, far from zero. */
function relativeToSpread(hits: readonly Scored[]): ReadonlyMap<string, number> {
  const scores = hits.map(({ score }) => score);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  return new Map(hits.map(({ id, score }) => [id, most > least ? (score - least) / (most - least) : 1]));
}
