/** Grades of documents by id; what is not named has grade 0. */
export type Judgments = Readonly<Record<string, number>>;

/** From this grade on a document counts for recall: it helps, rather than being about the same subject. */
const RELEVANT = 2;

/**
 * Normalized discounted cumulative gain of the first `depth` documents, 0 to 1:
 *
 *     DCG = Σ (2^grade − 1) / log2(rank + 1), rank counted from 1;  nDCG = DCG / DCG of the best possible order
 *
 * After Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (ACM TOIS 2002), with the
 * exponential gain of Burges et al., "Learning to rank using gradient descent" (ICML 2005): one exact answer outweighs
 * several near ones. A document that is repeated gains once. 1 where nothing is judged above 0.
 */
export function ndcg(ranked: readonly string[], judgments: Judgments, depth = 10): number {
  const ideal = Object.values(judgments).sort((a, b) => b - a);
  const best = discountedGain(ideal.slice(0, depth));
  return best === 0 ? 1 : discountedGain(gradesOf(ranked, judgments, depth)) / best;
}

function discountedGain(grades: readonly number[]): number {
  return grades.reduce((sum, grade, index) => sum + (2 ** grade - 1) / Math.log2(index + 2), 0);
}

function gradesOf(ranked: readonly string[], judgments: Judgments, depth: number): number[] {
  const seen = new Set<string>();
  return ranked.slice(0, depth).map((id) => {
    if (seen.has(id)) return 0;
    seen.add(id);
    return judgments[id] ?? 0;
  });
}

/** The share of documents of grade 2 and more that is among the first `depth`, 0 to 1. 1 if there is none to find. */
export function recall(ranked: readonly string[], judgments: Judgments, depth = 10): number {
  const relevant = Object.keys(judgments).filter((id) => judgments[id]! >= RELEVANT);
  if (relevant.length === 0) return 1;
  const shown = new Set(ranked.slice(0, depth));
  return relevant.filter((id) => shown.has(id)).length / relevant.length;
}

/** How good one answer is. */
export interface Measured {
  readonly id: string;
  readonly kind: string;
  readonly ndcg: number;
  readonly recall: number;
}

export interface Score {
  readonly queries: number;
  readonly ndcg: number;
  readonly recall: number;
  /** 95% confidence of the nDCG. */
  readonly sure: readonly [low: number, high: number];
}

/** Means over the queries of each kind, each query counting the same. */
export function scoreByKind(measured: readonly Measured[]): ReadonlyMap<string, Score> {
  return new Map(
    [...Map.groupBy(measured, ({ kind }) => kind)].map(([kind, group]) => [
      kind,
      {
        queries: group.length,
        ndcg: mean(group.map((one) => one.ndcg)),
        recall: mean(group.map((one) => one.recall)),
        sure: confidenceOfMean(group.map((one) => one.ndcg)),
      },
    ]),
  );
}

/** The scores of each kind and of all, for people. */
export function tableOfKinds(measured: readonly Measured[]): string {
  const rows = [...scoreByKind(measured), ...scoreByKind(measured.map((one) => ({ ...one, kind: 'all' })))];
  const lines = rows.map(([kind, { queries, ndcg: figure, recall: share, sure }]) => {
    const [low, high] = sure.map((value) => value.toFixed(3));
    return [kind.padEnd(12), String(queries).padStart(3), figure.toFixed(3), `${low}–${high}`, share.toFixed(3)].join(
      '  ',
    );
  });
  return ['kind            n  nDCG@10  95% sure   recall@10', ...lines].join('\n');
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Resamples of a bootstrap: enough for two digits. */
const RESAMPLES = 2_000;
const SURE = 0.95;

/**
 * Where the mean of such values lies with 95% confidence: the percentile bootstrap (Efron 1979). The same values have the
 * same interval each time.
 */
export function confidenceOfMean(values: readonly number[]): readonly [low: number, high: number] {
  const random = randomNumbers(values.length);
  const means = Array.from({ length: RESAMPLES }, () =>
    mean(values.map(() => values[Math.floor(random() * values.length)]!)),
  ).sort((a, b) => a - b);
  const at = (share: number) => means[Math.min(RESAMPLES - 1, Math.floor(share * RESAMPLES))]!;
  return [at((1 - SURE) / 2), at((1 + SURE) / 2)];
}

/** From 0 to 1 (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
