import { MESSAGE_FIELDS, USAGE_NAMES, USAGE_OBJECTS, type TokenField } from './fields.ts';
import { readValue } from './readers.ts';
import type { Reading } from './reading.ts';

export type UsageField = TokenField | 'cost';
export type Usage = { readonly [K in UsageField]?: number };

type JsonObject = Readonly<Record<string, unknown>>;

const FIELDS = Object.keys(USAGE_NAMES) as UsageField[];

/** The amounts in a body's usage object, from any provider or agent; undefined if it has none. */
export function readUsage(body: JsonObject, reading: Reading): Usage | undefined {
  const name = USAGE_OBJECTS.find((candidate) => isObject(body[candidate]));
  if (name === undefined) return undefined;
  const object = body[name] as JsonObject;
  const usage: { [K in UsageField]?: number } = {};
  for (const field of FIELDS) {
    const amount =
      firstAmount(object, field, name, reading) ?? (field === 'cacheWriteTokens' ? byLifetime(object) : undefined);
    if (amount !== undefined) usage[field] = amount;
  }
  return usage;
}

function firstAmount(object: JsonObject, field: UsageField, name: string, reading: Reading): number | undefined {
  for (const path of USAGE_NAMES[field]) {
    const value = path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), object);
    if (value === undefined || value === null) continue;
    const place = { field, path: `${name}.${path.join('.')}` };
    const amount = readValue(value, MESSAGE_FIELDS[field], place, reading);
    if (amount !== undefined) return amount as number;
  }
  return undefined;
}

/** Anthropic splits the tokens written to the cache by retention time, beside the sum or instead of it. */
function byLifetime({ cache_creation: lifetimes }: JsonObject): number | undefined {
  if (!isObject(lifetimes)) return undefined;
  const amounts = Object.values(lifetimes).filter((value): value is number => typeof value === 'number' && value >= 0);
  return amounts.length === 0 ? undefined : amounts.reduce((sum, value) => sum + value, 0);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
