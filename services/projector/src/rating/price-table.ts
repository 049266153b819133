import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { calcPrice, type ConditionalPrice, type ModelPrice, type TieredPrices } from '@pydantic/genai-prices';
import { candidatesOf, type ModelName } from './model-names.ts';
import type { ModelPrices, Price } from './rate.ts';
import { overridePrices, type Overrides } from './overrides.ts';

/** Raise it if the rules of rating, or what figures hold, change: stored figures are then computed again. */
const RULES = 2;
/** Names come from clients, so what is remembered of them is bounded. */
const MOST_NAMES = 2000;

/** Prices with their origin. */
export interface PriceTable {
  /** Of all prices and rules; a cost is comparable with another one only if both have the same digest. */
  readonly digest: string;
  /** Prices of a model at a time (ms since the epoch); undefined if the table does not list it. */
  pricesOf(provider: string | null, model: string, at: number): ModelPrices | undefined;
}

type Dated = ModelPrice | readonly ConditionalPrice[];

/**
 * The prices that `@pydantic/genai-prices` contains, below those of an operator. Nothing is downloaded: the package
 * only fetches newer prices if it is told to.
 */
export async function openPriceTable(overrides: Overrides = []): Promise<PriceTable> {
  const listed = new Map<string, Dated | undefined>();
  const builtIn = (provider: string | null, model: string) => {
    const key = JSON.stringify([provider, model]);
    if (!listed.has(key)) {
      if (listed.size >= MOST_NAMES) listed.clear();
      listed.set(key, findListed(candidatesOf(provider, model)));
    }
    return listed.get(key);
  };
  return {
    digest: await digestOf(overrides),
    pricesOf(provider, model, at) {
      const own = overridePrices(overrides, candidatesOf(provider, model), at);
      if (own) return own;
      const dated = builtIn(provider, model);
      return dated && toPrices(pricesAt(dated, at));
    },
  };
}

async function digestOf(overrides: Overrides): Promise<string> {
  const hash = createHash('sha256').update(`rules ${RULES}\n`);
  hash.update(await readFile(fileURLToPath(import.meta.resolve('@pydantic/genai-prices'))));
  hash.update(JSON.stringify(overrides));
  return hash.digest('hex').slice(0, 16);
}

/** All dated prices of the first candidate that is listed. The package takes a third of a millisecond to find a model. */
function findListed(candidates: readonly ModelName[]): Dated | undefined {
  for (const { provider, model } of candidates) {
    const found = calcPrice({}, model, provider === undefined ? {} : { providerId: provider });
    if (found) return found.model.prices;
  }
  return undefined;
}

/** As the package chooses: the last entry whose condition holds; the first one before all dates. */
function pricesAt(dated: Dated, at: number): ModelPrice {
  if (!isConditional(dated)) return dated;
  const found = dated.findLast(({ constraint }) => {
    if (!constraint) return true;
    if (constraint.type === 'start_date') return at >= Date.parse(constraint.start_date);
    const time = at % 86_400_000;
    const [start, end] = [timeOfDay(constraint.start_time), timeOfDay(constraint.end_time)];
    return end < start ? time >= start || time < end : time >= start && time < end;
  });
  return (found ?? dated[0]!).prices;
}

function isConditional(dated: Dated): dated is readonly ConditionalPrice[] {
  return Array.isArray(dated);
}

/** `16:30:00Z` in milliseconds. */
function timeOfDay(time: string): number {
  return Date.parse(`1970-01-01T${time.replace(/Z?$/, 'Z')}`);
}

function toPrices(prices: ModelPrice): ModelPrices | undefined {
  const named = {
    input: priceOf(prices['input_mtok']),
    output: priceOf(prices['output_mtok']),
    cacheRead: priceOf(prices['cache_read_mtok']),
    cacheWrite: priceOf(prices['cache_write_mtok']),
    reasoning: priceOf(prices['output_reasoning_mtok']),
  };
  const known = Object.entries(named).filter(([, price]) => price !== undefined);
  // Some models are priced by the request or the second alone.
  return known.length === 0 ? undefined : (Object.fromEntries(known) as ModelPrices);
}

function priceOf(price: number | TieredPrices | undefined): Price | undefined {
  if (price === undefined || typeof price === 'number') return price;
  return { base: price.base, tiers: price.tiers.map(({ start, price: of }) => ({ above: start, price: of })) };
}
