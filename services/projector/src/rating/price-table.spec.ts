import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calcPrice } from '@pydantic/genai-prices';
import { temporaryFolder } from '@opensync/testkit';
import fc from 'fast-check';
import { openPriceTable, rate, readOverrides, type Overrides, type PriceTable } from './index.ts';

const TODAY = Date.parse('2026-11-29');
const usage = {
  promptTokens: 1_000_000,
  completionTokens: 10_000,
  cacheReadTokens: 300_000,
  cacheWriteTokens: 100_000,
  reasoningTokens: 0,
};

describe('the price table', () => {
  let table: PriceTable;
  beforeAll(async () => {
    table = await openPriceTable();
  });

  const opus = { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 };
  it.each<[string | null, string, object | undefined]>([
    ['anthropic', 'claude-opus-4-5', opus],
    [null, 'claude-opus-4-5', opus],
    ['anthropic', 'claude-opus-4-5-20251101', opus],
    ['anthropic', ' Claude-Opus-4.5 ', opus],
    ['anthropic', 'claude-opus-4-5[1m]', opus],
    ['anthropic', 'claude-opus-4-5:thinking', opus],
    [null, 'anthropic/claude-opus-4.5', opus],
    ['opencode', 'anthropic/claude-opus-4-5', opus],
    ['anthropic-oauth', 'claude-opus-4-5', opus],
    ['some gateway', 'claude-opus-4-5', opus],
    ['google-vertex', 'claude-opus-4-5@20251101', opus],
    ['openai', 'gpt-5', { input: 1.25, output: 10, cacheRead: 0.125 }],
    ['openai', 'gpt-5-2025-08-07', { input: 1.25, output: 10, cacheRead: 0.125 }],
    ['some gateway', 'team/openai/gpt-5', { input: 1.25, output: 10, cacheRead: 0.125 }],
    [null, 'our-own-model', undefined],
    ['anthropic', '__proto__', undefined],
    ['__proto__', 'constructor', undefined],
    [null, '/', undefined],
    [null, '', undefined],
  ])('has the prices of %s · %s', (provider, model, prices) => {
    const found = table.pricesOf(provider, model, TODAY);
    if (prices) expect(found).toMatchObject(prices);
    else expect(found).toBeUndefined();
  });

  it.each([
    ['amazon-bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['amazon-bedrock', 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['bedrock', 'global.anthropic.claude-opus-4-5-20251101-v1:0'],
    ['gemini', 'models/gemini-2.5-pro'],
    ['xai', 'grok-4'],
    [null, 'deepseek-chat'],
    ['openrouter', 'moonshotai/kimi-k2-thinking'],
  ])('lists %s · %s under some name', (provider, model) => {
    expect(table.pricesOf(provider, model, TODAY)).toMatchObject({
      input: expect.anything(),
      output: expect.anything(),
    });
  });

  it('knows that a price has changed on a day', () => {
    const at = (day: string) => table.pricesOf('anthropic', 'claude-opus-4-6', Date.parse(day));
    expect(at('2026-03-12T23:59:59Z')).toMatchObject({ input: { base: 5, tiers: [{ above: 200_000, price: 10 }] } });
    expect(at('2026-03-13')).toMatchObject({ input: 5 });
  });

  it('charges what the package charges, at any time', () => {
    const models = [
      ['anthropic', 'claude-sonnet-4-5'],
      ['anthropic', 'claude-opus-4-6'],
      ['openai', 'gpt-5.5'],
      ['google', 'gemini-2.5-pro'],
      ['deepseek', 'deepseek-chat'],
    ] as const;
    const tokens = fc.nat(500_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.record({ input: tokens, cacheRead: tokens, cacheWrite: tokens, output: tokens }),
        fc.date({ min: new Date('2025-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }),
        ([provider, model], { input, cacheRead, cacheWrite, output }, timestamp) => {
          const prompt = input + cacheRead + cacheWrite;
          const { total_price: dollars } = calcPrice(
            {
              input_tokens: prompt,
              cache_read_tokens: cacheRead,
              cache_write_tokens: cacheWrite,
              output_tokens: output,
            },
            model,
            { providerId: provider, timestamp },
          )!;
          const ours = rate(
            {
              promptTokens: prompt,
              completionTokens: output,
              cacheReadTokens: cacheRead,
              cacheWriteTokens: cacheWrite,
              reasoningTokens: 0,
            },
            table.pricesOf(provider, model, timestamp.getTime())!,
          );
          expect(Math.abs(ours! - dollars * 1e6)).toBeLessThanOrEqual(0.5 + 1e-6);
        },
      ),
    );
  });

  it('is identified by its prices', async () => {
    const overrides: Overrides = [{ model: 'x', input: 1, tiers: [] }];
    expect(table.digest).toMatch(/^[0-9a-f]{16}$/);
    expect((await openPriceTable()).digest).toBe(table.digest);
    expect((await openPriceTable(overrides)).digest).not.toBe(table.digest);
  });
});

describe("an operator's prices", () => {
  const overrides: Overrides = [
    { model: 'claude-*', input: 1, output: 2, tiers: [] },
    { model: 'claude-opus-4-5', input: 10, output: 20, tiers: [], from: '2026-01-01' },
    { model: 'claude-opus-4-5', input: 11, output: 21, tiers: [], from: '2026-06-01' },
    {
      model: 'house-model',
      provider: 'house',
      input: 1,
      tiers: [
        { above: 100, input: 2 },
        { above: 10, input: 1.5 },
      ],
    },
  ];

  it.each<[string | null, string, string, object | undefined]>([
    ['anthropic', 'claude-opus-4-5', '2026-11-29', { input: 11, output: 21 }],
    ['anthropic', 'claude-opus-4-5', '2026-05-31', { input: 10, output: 20 }],
    ['anthropic', 'claude-opus-4-5', '2025-12-31', { input: 1, output: 2 }],
    [null, 'anthropic/claude-opus-4-5', '2026-11-29', { input: 11, output: 21 }],
    [
      'house',
      'house-model',
      '2026-11-29',
      {
        input: {
          base: 1,
          tiers: [
            { above: 10, price: 1.5 },
            { above: 100, price: 2 },
          ],
        },
      },
    ],
    ['other', 'house-model', '2026-11-29', undefined],
    ['openai', 'gpt-5', '2026-11-29', { input: 1.25 }],
  ])('apply to %s · %s on %s', async (provider, model, day, prices) => {
    const table = await openPriceTable(overrides);
    const found = table.pricesOf(provider, model, Date.parse(day));
    if (prices) expect(found).toMatchObject(prices);
    else expect(found).toBeUndefined();
  });

  it('come from a file', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'prices.json');
    await writeFile(
      file,
      JSON.stringify({ prices: [{ model: 'house-model', input: 1, output: 2, source: 'contract' }] }),
    );
    const table = await openPriceTable(await readOverrides(file));
    expect(rate(usage, table.pricesOf(null, 'house-model', TODAY)!)).toBe(1_000_000 + 20_000);
    expect(await readOverrides(undefined)).toEqual([]);
  });

  it.each([
    ['{', /is not JSON$/],
    ['[]', /the file: /],
    ['{"prices":[{"model":"x","input":-1}]}', /prices\.0\.input: /],
    ['{"prices":[{"model":"x","inputPerMillion":1}]}', /prices\.0: .*inputPerMillion/],
    ['{"prices":[{"model":"x","from":"soon"}]}', /prices\.0\.from: /],
    [' '.repeat(1024 * 1024 + 1), /is larger than 1048576 bytes$/],
  ])('are refused if the file is %.40s', async (text, message) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'prices.json');
    await writeFile(file, text);
    await expect(readOverrides(file)).rejects.toThrow(message);
    await expect(readOverrides(file)).rejects.toThrow(/^OPENSYNC_PRICES_FILE: ".*prices\.json": /);
  });

  it('are refused if the file does not exist', async () => {
    await expect(readOverrides('/nowhere/prices.json')).rejects.toThrow(/^OPENSYNC_PRICES_FILE: ".*": .*ENOENT/);
  });
});
