import fc from 'fast-check';
import { confidenceOfMean, ndcg, recall, scoreByKind } from './evaluate.ts';

const judgments = { best: 3, good: 2, near: 1 };

describe('ndcg', () => {
  it('is 1 for the best order and 0 if nothing is judged', () => {
    expect(ndcg(['best', 'good', 'near', 'other'], judgments)).toBe(1);
    expect(ndcg(['other', 'another'], judgments)).toBe(0);
    expect(ndcg([], judgments)).toBe(0);
    expect(ndcg([], {})).toBe(1);
  });

  it('weighs gains by the logarithm of their rank', () => {
    // (0 + 7 / log2(3) + 3 / log2(4)) / (7 / log2(2) + 3 / log2(3) + 1 / log2(4)), by hand.
    expect(ndcg(['other', 'best', 'good'], judgments)).toBeCloseTo((4.416508 + 1.5) / (7 + 1.892789 + 0.5), 6);
  });

  it('looks no deeper than requested, also for the best order', () => {
    expect(ndcg(['other', 'best'], judgments, 1)).toBe(0);
    expect(ndcg(['best'], judgments, 1)).toBe(1);
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`d${n}`, 3]));
    expect(ndcg(Object.keys(many), many)).toBe(1);
  });

  it('counts a repeated document once', () => {
    expect(ndcg(['best', 'best', 'best'], judgments)).toBe(ndcg(['best'], judgments));
  });

  const order = fc.shuffledSubarray(['best', 'good', 'near', 'x', 'y', 'z'], { minLength: 2 });

  it('stays between 0 and 1, and never falls when a better document moves up', () => {
    fc.assert(
      fc.property(order, fc.nat(), (ranked, seed) => {
        const before = ndcg(ranked, judgments);
        expect(before).toBeGreaterThanOrEqual(0);
        expect(before).toBeLessThanOrEqual(1);
        const at = 1 + (seed % (ranked.length - 1));
        const grade = (id: string) => (judgments as Record<string, number>)[id] ?? 0;
        fc.pre(grade(ranked[at]!) > grade(ranked[at - 1]!));
        const swapped = ranked.with(at - 1, ranked[at]!).with(at, ranked[at - 1]!);
        expect(ndcg(swapped, judgments)).toBeGreaterThan(before);
      }),
    );
  });
});

describe('recall', () => {
  it('counts helpful sessions, not merely related ones', () => {
    expect(recall(['best', 'near'], judgments)).toBe(0.5);
    expect(recall(['good', 'other', 'best'], judgments)).toBe(1);
    expect(recall(['good', 'other', 'best'], judgments, 2)).toBe(0.5);
    expect(recall([], { near: 1 })).toBe(1);
  });
});

it('scores kinds by the mean of their queries', () => {
  const scores = scoreByKind([
    { id: 'a', kind: 'path', ndcg: 1, recall: 0.5 },
    { id: 'b', kind: 'path', ndcg: 0.5, recall: 0 },
    { id: 'c', kind: 'error', ndcg: 0.25, recall: 1 },
  ]);
  expect(Object.fromEntries(scores)).toEqual({
    path: { queries: 2, ndcg: 0.75, recall: 0.25, sure: [0.5, 1] },
    error: { queries: 1, ndcg: 0.25, recall: 1, sure: [0.25, 0.25] },
  });
});

describe('confidenceOfMean', () => {
  const spread = (count: number) => Array.from({ length: count }, (_, at) => (at % 4 === 0 ? 0 : 1));

  it('surrounds the mean, closer with more values, and equally each time', () => {
    const [few, many] = [confidenceOfMean(spread(20)), confidenceOfMean(spread(400))];
    for (const [low, high] of [few, many]) {
      expect(low).toBeLessThan(0.75);
      expect(high).toBeGreaterThan(0.75);
    }
    expect(many[1] - many[0]).toBeLessThan(few[1] - few[0]);
    // 1.96 standard errors of a share of three quarters.
    expect(many[1] - many[0]).toBeCloseTo(2 * 1.96 * Math.sqrt((0.75 * 0.25) / 400), 2);
    expect(confidenceOfMean(spread(20))).toEqual(few);
  });
});
