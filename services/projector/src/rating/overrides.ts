import { open } from 'node:fs/promises';
import { ConfigError, reasonOf } from '@opensync/platform';
import { z } from 'zod';
import type { ModelName } from './model-names.ts';
import type { ModelPrices, Price } from './rate.ts';

const MOST_BYTES = 1024 * 1024;

const price = z.number().nonnegative().max(1_000_000).optional();
const prices = {
  input: price,
  output: price,
  cacheRead: price,
  cacheWrite: price,
  reasoning: price,
};

const entrySchema = z.strictObject({
  model: z.string().min(1).max(4096).describe('As agents send it; `*` at its end stands for any ending'),
  provider: z.string().min(1).max(4096).optional().describe('Absent: any'),
  from: z.iso.date().optional().describe('The first day of these prices, in UTC; absent: always'),
  source: z.string().max(4096).optional().describe('Where the prices are from, for people'),
  ...prices,
  tiers: z
    .array(z.strictObject({ above: z.int().nonnegative(), ...prices }))
    .max(16)
    .default([])
    .describe('Prices of requests whose prompt has more than `above` tokens'),
});
const fileSchema = z.strictObject({ prices: z.array(entrySchema).max(10_000) });

/** Prices of an operator, in US dollars per million tokens. */
export type Overrides = readonly z.infer<typeof entrySchema>[];

/**
 * Reads the file of OPENSYNC_PRICES_FILE.
 * @throws ConfigError that names the setting, the file and what is wrong in it
 */
export async function readOverrides(file: string | undefined): Promise<Overrides> {
  if (file === undefined) return [];
  const parsed = fileSchema.safeParse(parse(file, await read(file)));
  if (parsed.success) return parsed.data.prices;
  const [issue] = parsed.error.issues;
  throw problem(file, `${issue!.path.join('.') || 'the file'}: ${issue!.message}`);
}

async function read(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    if ((await handle.stat()).size > MOST_BYTES) throw problem(file, `is larger than ${MOST_BYTES} bytes`);
    return await handle.readFile('utf8');
  } catch (error) {
    throw error instanceof ConfigError ? error : problem(file, reasonOf(error));
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw problem(file, 'is not JSON');
  }
}

function problem(file: string, what: string): ConfigError {
  return new ConfigError(`OPENSYNC_PRICES_FILE: ${JSON.stringify(file)}: ${what}`);
}

/** The operator's prices of the first of these names that has some at the time; undefined if none has. */
export function overridePrices(overrides: Overrides, names: readonly ModelName[], at: number): ModelPrices | undefined {
  if (overrides.length === 0) return undefined;
  for (const name of names) {
    const valid = overrides.filter((entry) => fits(entry, name) && startOf(entry) <= at);
    // An exact name before a pattern, then the latest prices, then the first entry of the file.
    const [best] = valid.sort((a, b) => Number(isPattern(a)) - Number(isPattern(b)) || startOf(b) - startOf(a));
    if (best) return pricesOf(best);
  }
  return undefined;
}

function fits(entry: Overrides[number], { provider, model }: ModelName): boolean {
  if (entry.provider !== undefined && entry.provider.toLowerCase() !== provider) return false;
  const name = entry.model.toLowerCase();
  return isPattern(entry) ? model.startsWith(name.slice(0, -1)) : model === name;
}

function isPattern({ model }: Overrides[number]): boolean {
  return model.endsWith('*');
}

function startOf({ from }: Overrides[number]): number {
  return from === undefined ? 0 : Date.parse(from);
}

function pricesOf({ tiers, ...entry }: Overrides[number]): ModelPrices {
  const sorted = [...tiers].sort((a, b) => a.above - b.above);
  const kinds = Object.keys(prices) as (keyof ModelPrices)[];
  const known = kinds.flatMap((kind): [string, Price][] => {
    const base = entry[kind];
    if (base === undefined) return [];
    const own = sorted.flatMap((tier) => {
      const tierPrice = tier[kind];
      return tierPrice === undefined ? [] : [{ above: tier.above, price: tierPrice }];
    });
    return [[kind, own.length === 0 ? base : { base, tiers: own }]];
  });
  return Object.fromEntries(known) as ModelPrices;
}
