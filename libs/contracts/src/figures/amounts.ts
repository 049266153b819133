/** What figures count, in the order of {@link Amounts}. New ones go to the end: stored amounts have no names. */
export const AMOUNTS = [
  'sessions',
  'messages',
  'promptTokens',
  'completionTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'reasoningTokens',
  'totalTokens',
  /** Micro-dollars that agents reported. */
  'reportedMicros',
  /** Micro-dollars that were computed from tokens and prices. */
  'computedMicros',
  /** Tokens without a known price. */
  'unpricedTokens',
  'durationMs',
  'toolCalls',
  'toolErrors',
] as const;
export type AmountName = (typeof AMOUNTS)[number];

/** One number for each of {@link AMOUNTS}. */
export type Amounts = readonly number[];

const PLACES = Object.fromEntries(AMOUNTS.map((name, at) => [name, at])) as Readonly<Record<AmountName, number>>;

export function noAmounts(): number[] {
  return AMOUNTS.map(() => 0);
}

export function amountOf(amounts: Amounts, name: AmountName): number {
  return amounts[PLACES[name]] ?? 0;
}

/** Adds to `sum` in place. */
export function addAmount(sum: number[], name: AmountName, amount: number): void {
  sum[PLACES[name]]! += amount;
}

/** Adds to `sum` in place. */
export function addAmounts(sum: number[], amounts: Amounts): void {
  for (let at = 0; at < amounts.length; at++) sum[at] = (sum[at] ?? 0) + amounts[at]!;
}
