import { basisOf, costText, type Cost } from './costs.ts';

const cost: Cost = { usd: 3, reportedUsd: 1, computedUsd: 2, status: 'mixed', unpricedTokens: 0, complete: true };

describe('the basis of a cost', () => {
  it.each([
    [{}, '$1.00 reported by agents, $2.00 computed'],
    [
      { status: 'computed', complete: false, unpricedTokens: 12_000 },
      'computed from tokens and list prices; 12k tokens have no known price',
    ],
    [{ status: 'reported' }, 'as the agents reported it'],
    [{ status: 'unpriced', unpricedTokens: 500 }, 'unknown: no price for 500 tokens'],
    [{ status: 'none' }, 'nothing was used'],
  ] as const)('of %j is in words', (fields, text) => expect(basisOf({ ...cost, ...fields } as Cost)).toBe(text));
});

describe('what a session costs', () => {
  it.each([
    ['what its agent reported, until the figures know it', 0.5, null, '$0.50'],
    ['what the figures say', 0, cost, '$3.00'],
    ['at least what has a price', 0, { ...cost, complete: false, unpricedTokens: 9 }, '≥ $3.00'],
    ['nothing, if nothing is known', 0, { ...cost, usd: 0, status: 'unpriced', complete: false } as const, ''],
  ])('is %s', (_what, reported, costs, text) => expect(costText({ cost: reported, costs })).toBe(text));
});
