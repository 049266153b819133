import { amountOf, AMOUNTS, type AmountName, type Amounts } from './amounts.ts';

/** An amount of money, and what is known of it. */
export interface CostJson {
  /** US dollars, without what is unpriced. */
  readonly usd: number;
  readonly reportedUsd: number;
  readonly computedUsd: number;
  /** `mixed`: partly reported, partly computed; `none`: nothing was used. */
  readonly status: 'reported' | 'computed' | 'mixed' | 'unpriced' | 'none';
  /** Tokens without a known price. */
  readonly unpricedTokens: number;
  /** False: the sum lacks the cost of those. */
  readonly complete: boolean;
}

const COST_AMOUNTS = ['reportedMicros', 'computedMicros', 'unpricedTokens'] as const;
type PlainAmount = Exclude<AmountName, (typeof COST_AMOUNTS)[number]>;
const PLAIN_AMOUNTS = AMOUNTS.filter(
  (name): name is PlainAmount => !(COST_AMOUNTS as readonly string[]).includes(name),
);

export type AmountsJson = Readonly<Record<PlainAmount, number>> & { readonly cost: CostJson };

export function amountsJson(amounts: Amounts): AmountsJson {
  const plain = Object.fromEntries(PLAIN_AMOUNTS.map((name) => [name, amountOf(amounts, name)]));
  return { ...(plain as Record<PlainAmount, number>), cost: costJson(amounts) };
}

export function costJson(amounts: Amounts): CostJson {
  const [reported, computed, unpricedTokens] = COST_AMOUNTS.map((name) => amountOf(amounts, name)) as [
    number,
    number,
    number,
  ];
  return {
    usd: (reported + computed) / 1e6,
    reportedUsd: reported / 1e6,
    computedUsd: computed / 1e6,
    status: statusOf(reported, computed, unpricedTokens),
    unpricedTokens,
    complete: unpricedTokens === 0,
  };
}

function statusOf(reported: number, computed: number, unpricedTokens: number): CostJson['status'] {
  if (reported > 0) return computed > 0 ? 'mixed' : 'reported';
  if (computed > 0) return 'computed';
  return unpricedTokens > 0 ? 'unpriced' : 'none';
}
