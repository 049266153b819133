import type { RatedSession } from '../api/types.ts';
import { dollars, short } from './numbers.ts';

export type Cost = NonNullable<RatedSession['costs']>;

/** How far the cost can be trusted, in a few words. */
export function basisOf({ status, complete, unpricedTokens, reportedUsd, computedUsd }: Cost): string {
  const lacks = complete ? '' : `; ${short(unpricedTokens)} tokens have no known price`;
  switch (status) {
    case 'none':
      return 'nothing was used';
    case 'unpriced':
      return `unknown: no price for ${short(unpricedTokens)} tokens`;
    case 'reported':
      return `as the agents reported it${lacks}`;
    case 'computed':
      return `computed from tokens and list prices${lacks}`;
    case 'mixed':
      return `${dollars(reportedUsd)} reported by agents, ${dollars(computedUsd)} computed${lacks}`;
  }
}

/** What a session costs, as the statistics count it; until those know it, what its agent reported. Empty if nothing is known. */
export function costText({ cost, costs }: Pick<RatedSession, 'cost' | 'costs'>): string {
  const usd = costs?.usd ?? cost;
  return usd > 0 ? `${costs && !costs.complete ? '≥ ' : ''}${dollars(usd)}` : '';
}
