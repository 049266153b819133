import type { Passage } from './passage.ts';

/** A passage with its citation, which takes about 80 of them: less text is not worth it. */
const LEAST_TOKENS = 200;
const MOST_TOKENS = 1_200;
/** The next passage may use the remaining budget divided by this. */
const SHARES = 6;

/** A passage as it is quoted, with the tokens of everything that it adds to the answer. */
export interface Packed {
  readonly passage: Passage;
  readonly tokens: number;
}

/**
 * Fits passages, best first, into a budget: each may use a sixth of what is left, so that the best ones are quoted at
 * length and the others still have a place. `fit` returns the passage cut to so many tokens, undefined if that is not
 * possible. Pure.
 */
export function pack(
  passages: readonly Passage[],
  budget: number,
  fit: (passage: Passage, most: number) => Packed | undefined,
): { readonly packed: readonly Packed[]; readonly left: readonly Passage[]; readonly tokens: number } {
  const packed: Packed[] = [];
  const left: Passage[] = [];
  let remaining = budget;
  for (const [at, passage] of passages.entries()) {
    const share = Math.floor(remaining / Math.min(SHARES, passages.length - at));
    const most = Math.min(remaining, Math.max(LEAST_TOKENS, Math.min(MOST_TOKENS, share)));
    const fitting = most > 0 ? fit(passage, most) : undefined;
    if (fitting && fitting.tokens <= most) {
      packed.push(fitting);
      remaining -= fitting.tokens;
    } else left.push(passage);
  }
  return { packed, left, tokens: budget - remaining };
}

/**
 * Best first becomes best at both ends: 1 3 5 … 6 4 2. Models use the beginning and the end of a long context most (Liu et
 * al. 2023, "Lost in the Middle"). Pure.
 */
export function bestAtBothEnds<Item>(items: readonly Item[]): Item[] {
  const first = items.filter((_, at) => at % 2 === 0);
  const last = items.filter((_, at) => at % 2 === 1);
  return [...first, ...last.toReversed()];
}
