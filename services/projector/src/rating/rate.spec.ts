import fc from 'fast-check';
import { billedTokens, rate, type ModelPrices, type Usage } from './rate.ts';

const NONE: Usage = {
  promptTokens: 0,
  completionTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};
const PRICES: ModelPrices = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
const TIERED: ModelPrices = {
  input: { base: 3, tiers: [{ above: 200_000, price: 6 }] },
  output: { base: 15, tiers: [{ above: 200_000, price: 22.5 }] },
  cacheRead: { base: 0.3, tiers: [{ above: 200_000, price: 0.6 }] },
  cacheWrite: 3.75,
};

const count = fc.nat(2_000_000);
const usages = fc.record({
  promptTokens: count,
  completionTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  reasoningTokens: count,
});

describe('rating', () => {
  it.each<[string, Partial<Usage>, ModelPrices, number | undefined]>([
    ['nothing', {}, {}, 0],
    ['prompt and completion', { promptTokens: 1_000_000, completionTokens: 100_000 }, PRICES, 4_500_000],
    [
      'cached tokens beside the prompt',
      { promptTokens: 10, cacheReadTokens: 1000, cacheWriteTokens: 100 },
      PRICES,
      705,
    ],
    ['cached tokens within the prompt', { promptTokens: 1500, cacheReadTokens: 1000 }, PRICES, 1800],
    ['the cache alone', { cacheReadTokens: 1000 }, PRICES, 300],
    ['cached tokens without a price of their own', { cacheReadTokens: 1000 }, { input: 3 }, 3000],
    ['reasoning within the completion', { completionTokens: 100, reasoningTokens: 40 }, PRICES, 1500],
    ['reasoning beside the completion', { completionTokens: 100, reasoningTokens: 400 }, PRICES, 7500],
    [
      'reasoning with a price of its own',
      { completionTokens: 100, reasoningTokens: 40 },
      { output: 15, reasoning: 5 },
      1100,
    ],
    ['a part of a micro-dollar', { promptTokens: 1 }, { input: 0.075 }, 0],
    ['a free model', { promptTokens: 1000, completionTokens: 5 }, { input: 0, output: 0 }, 0],
    ['a kind without a price', { promptTokens: 1000, completionTokens: 5 }, { input: 3 }, undefined],
    ['a kind without a price that was not used', { promptTokens: 1000 }, { input: 3 }, 3000],
    ['a prompt at the threshold', { promptTokens: 200_000, completionTokens: 1000 }, TIERED, 615_000],
    ['a prompt above it: every token', { promptTokens: 200_001, completionTokens: 1000 }, TIERED, 1_222_506],
    ['a prompt above it with its cached part', { promptTokens: 1, cacheReadTokens: 200_000 }, TIERED, 120_006],
  ])('charges %s', (_, usage, prices, micros) => {
    expect(rate({ ...NONE, ...usage }, prices)).toBe(micros);
  });

  it('charges a sum over requests by its lowest tier, since no request may have been that large', () => {
    expect(rate({ ...NONE, promptTokens: 1_000_000 }, TIERED, { isRequest: false })).toBe(3_000_000);
  });

  it('counts no token in two kinds, and loses none that was counted apart', () => {
    fc.assert(
      fc.property(usages, (usage) => {
        const { input, cacheRead, cacheWrite, output, reasoning } = billedTokens(usage);
        const { promptTokens, completionTokens, reasoningTokens } = usage;
        const cached = usage.cacheReadTokens + usage.cacheWriteTokens;
        for (const amount of [input, cacheRead, cacheWrite, output, reasoning])
          expect(amount).toBeGreaterThanOrEqual(0);
        expect([promptTokens, promptTokens + cached]).toContain(input + cacheRead + cacheWrite);
        expect([completionTokens, completionTokens + reasoningTokens]).toContain(output + reasoning);
      }),
    );
  });

  it('is a whole, never negative number of micro-dollars, and never falls if prices rise', () => {
    const amounts = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(usages, amounts, amounts, (usage, low, more) => {
        const flat = (price: number): ModelPrices => ({ input: price, output: price });
        const cheap = rate(usage, flat(low))!;
        expect(Number.isSafeInteger(cheap)).toBe(true);
        expect(cheap).toBeGreaterThanOrEqual(0);
        expect(rate(usage, flat(low + more))!).toBeGreaterThanOrEqual(cheap);
      }),
    );
  });
});
