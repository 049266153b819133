import type { JsonSchema } from '@opensync/platform/api-document';
import fc from 'fast-check';
import { oddText, oddValue } from './values.ts';
import type { World } from './world.ts';

/** Of ten values, about one is not what the schema says. */
const ODD_IN = 10;
const MOST_ITEMS = 4;
/** Deeper levels are left out: a schema may refer to itself. */
const DEEPEST = 6;

/**
 * Values of a JSON Schema as the API document has them: mostly valid, at its limits more often than between them, and
 * anywhere in them some that are not. Names of fields decide which strings are likely to mean something.
 */
export function valuesOfSchema(schema: JsonSchema, world: World, name = '', depth = 0): fc.Arbitrary<unknown> {
  if (depth > DEEPEST) return fc.constant(null);
  const valid = validValues(schema, world, { name, depth });
  return fc.oneof({ weight: ODD_IN - 1, arbitrary: valid }, { weight: 1, arbitrary: oddValue });
}

interface Where {
  readonly name: string;
  readonly depth: number;
}

function validValues(schema: JsonSchema, world: World, { name, depth }: Where): fc.Arbitrary<unknown> {
  const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonSchema[] | undefined;
  if (choices) return fc.oneof(...choices.map((one) => valuesOfSchema(one, world, name, depth + 1)));
  if (Array.isArray(schema['enum'])) return fc.constantFrom<unknown>(...withoutSharing(schema['enum'] as unknown[]));
  if ('const' in schema) return fc.constant(schema['const']);
  switch (schema['type']) {
    case 'object':
      return objects(schema, world, depth);
    case 'array':
      return fc.array(valuesOfSchema((schema['items'] as JsonSchema | undefined) ?? {}, world, name, depth + 1), {
        maxLength: MOST_ITEMS,
      });
    case 'integer':
    case 'number':
      return numbers(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return strings(schema, world, name);
    default:
      return oddValue;
  }
}

/** What a caller shares with the workspace, the watched owner sees: it would look like a change of theirs. */
function withoutSharing(values: readonly unknown[]): unknown[] {
  return values.filter((value) => value !== 'workspace' || !values.includes('private'));
}

function objects(schema: JsonSchema, world: World, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>);
  const required = new Set((schema['required'] ?? []) as readonly string[]);
  const values = Object.fromEntries(
    properties.map(([name, property]) => [name, valuesOfSchema(property, world, name, depth + 1)]),
  );
  return fc.record(values, { requiredKeys: properties.map(([name]) => name).filter((name) => required.has(name)) });
}

function numbers(schema: JsonSchema): fc.Arbitrary<unknown> {
  const min = Math.max(Number(schema['minimum'] ?? -10), -1e6);
  const max = Math.min(Number(schema['maximum'] ?? 1000), 1e6);
  const within = schema['type'] === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
  return fc.oneof(fc.constantFrom(min, max), within);
}

function strings(schema: JsonSchema, world: World, name: string): fc.Arbitrary<unknown> {
  const known = meaningful(name, world);
  const { maxLength } = schema as { maxLength?: number };
  const longest = maxLength === undefined || maxLength > 5_000 ? [] : ['x'.repeat(maxLength)];
  return fc.oneof(fc.constantFrom(...known, ...longest), oddText);
}

/** Texts that a field with the name is likely to take. */
function meaningful(name: string, world: World): readonly string[] {
  if (/cursor/i.test(name)) return [...world.cursors, ...world.messageCursors];
  if (/sha/i.test(name)) return world.hashes;
  if (/message_?id/i.test(name)) return world.messages;
  if (/position|sequence|after|before|around/i.test(name)) return world.positions;
  if (/id$|ids$|session/i.test(name)) return world.sessions;
  if (/from|to|at$/i.test(name)) return ['2026-01-31', '1700000000000', '1700000000'];
  return world.words;
}
