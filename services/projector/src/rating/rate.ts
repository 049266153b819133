/** Token counts of one response, or of a session that only reported sums. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
}

/**
 * A price per token in micro-dollars, which is the same number as dollars per million tokens. With tiers, the price
 * of the highest tier whose `above` the whole prompt exceeds applies to every token of the request.
 */
export type Price = number | { readonly base: number; readonly tiers: readonly Tier[] };
export interface Tier {
  /** Tokens of the prompt, cached ones included. */
  readonly above: number;
  readonly price: number;
}

/** Prices of a model at some time. Kinds of tokens without a price of their own cost what the kind they are part of costs. */
export interface ModelPrices {
  readonly input?: Price;
  readonly output?: Price;
  readonly cacheRead?: Price;
  readonly cacheWrite?: Price;
  readonly reasoning?: Price;
}

/** Tokens by what they cost. No token is in two kinds. */
export interface BilledTokens {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

/**
 * Splits token counts into kinds. Some clients include cached tokens in the prompt tokens and reasoning in the
 * completion tokens, as OpenAI does; some count them separately, as Anthropic does, and nothing says which. So a part
 * that fits into its whole counts as included, and one that does not as separate. Cached tokens usually exceed the
 * uncached ones by far, so that this is wrong only for short prompts.
 */
export function billedTokens(usage: Usage): BilledTokens {
  const { promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  const cached = cacheReadTokens + cacheWriteTokens;
  return {
    input: promptTokens >= cached ? promptTokens - cached : promptTokens,
    cacheRead: cacheReadTokens,
    cacheWrite: cacheWriteTokens,
    output: completionTokens >= reasoningTokens ? completionTokens - reasoningTokens : completionTokens,
    reasoning: reasoningTokens,
  };
}

/**
 * The price of a usage in whole micro-dollars, or undefined if tokens were used that have no price. Pure.
 * @param isRequest false: a sum over requests whose sizes are unknown; the lowest tier applies
 */
export function rate(usage: Usage, prices: ModelPrices, { isRequest = true } = {}): number | undefined {
  const tokens = billedTokens(usage);
  const prompt = isRequest ? tokens.input + tokens.cacheRead + tokens.cacheWrite : 0;
  const { input, output, cacheRead = input, cacheWrite = input, reasoning = output } = prices;
  const priced = { input, cacheRead, cacheWrite, output, reasoning };
  let micros = 0;
  for (const [kind, price] of Object.entries(priced)) {
    const count = tokens[kind as keyof BilledTokens];
    if (count === 0) continue;
    if (price === undefined) return undefined;
    micros += count * tokenPrice(price, prompt);
  }
  return Math.round(micros);
}

function tokenPrice(price: Price, prompt: number): number {
  if (typeof price === 'number') return price;
  return price.tiers.reduce((found, tier) => (prompt > tier.above ? tier.price : found), price.base);
}
