import { instantSchema, storedSource } from '@opensync/contracts';
import type { ApiParameter, JsonSchema } from '@opensync/platform/api-document';
import { z } from 'zod';

/**
 * The documentation of a parameter in docs/api.md. It comes from the same values as the schema, so that the two
 * cannot differ.
 */
export interface ParameterDoc {
  readonly takes: string;
  /** The default of a parameter, if it has one. */
  readonly usual?: string;
  readonly meaning: string;
}

const DOCS = new WeakMap<z.ZodType, ParameterDoc>();

export function documented<Schema extends z.ZodType>(schema: Schema, doc: ParameterDoc): Schema {
  DOCS.set(schema, doc);
  return schema;
}

/** Undefined for a parameter without documentation. */
export function documentationOf(schema: z.ZodType): ParameterDoc | undefined {
  return DOCS.get(schema);
}

/** The schema of the value itself, where a parameter's schema also reads it from a query string. */
const FORMS = new WeakMap<z.ZodType, z.ZodType>();

/** A parameter as the API document shows it. */
export function parameterIn(where: ApiParameter['in'], name: string, schema: z.ZodType): ApiParameter {
  const { takes, usual, meaning } = DOCS.get(schema) ?? { takes: '', meaning: '' };
  return {
    name,
    in: where,
    required: !schema.safeParse(undefined).success,
    description: [`${meaning}.`, `Takes ${takes}${usual === undefined ? '' : `; default ${usual}`}.`].join(' '),
    schema: formOf(schema),
  };
}

/** The JSON Schema of a parameter's value, or of a body. */
export function formOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...form } = z.toJSONSchema(FORMS.get(schema) ?? schema, {
    io: 'input',
    unrepresentable: 'any',
  });
  return form;
}

const NUMBERS = new Intl.NumberFormat('en');

/** A query string carries a number as text; the schema rejects any other value. */
export function inQuery<Schema extends z.ZodType>(schema: Schema) {
  const fromText = z.preprocess(
    (value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
    schema,
  );
  FORMS.set(fromText, schema);
  const doc = DOCS.get(schema);
  return doc ? documented(fromText, doc) : fromText;
}

/** How many. */
export function limitOf(most: number, usual: number, meaning = 'Maximum number of results') {
  return countBetween(1, most, usual, meaning);
}

export function countBetween(least: number, most: number, usual: number, meaning: string) {
  const range = `${NUMBERS.format(least)} to ${NUMBERS.format(most)}`;
  const error = `must be a whole number from ${range}`;
  const schema = z.number(error).int(error).min(least, error).max(most, error).default(usual);
  const takes = `whole number, ${range}`;
  return documented(schema, { takes, usual: NUMBERS.format(usual), meaning });
}

/** How many, with no default or another lower bound. */
export function countOf(least: number, most: number, usual: number | undefined, meaning: string) {
  const error = `must be a whole number from ${NUMBERS.format(least)} to ${NUMBERS.format(most)}`;
  const number = z.number(error).int(error).min(least, error).max(most, error);
  const schema = usual === undefined ? number.optional() : number.default(usual);
  const takes = `whole number, ${NUMBERS.format(least)} to ${NUMBERS.format(most)}`;
  return documented(schema, { takes, ...(usual !== undefined && { usual: NUMBERS.format(usual) }), meaning });
}

/** Yes or no, in a query string. */
export function flag(usual: boolean | undefined, meaning: string) {
  const choice = z.enum(['true', 'false', '1', '0'], 'must be true or false');
  const schema = choice.transform((value) => value === 'true' || value === '1');
  const doc = { takes: '`true`, `false`', ...(usual !== undefined && { usual: `\`${usual}\`` }), meaning };
  const form = z.enum(['true', 'false']).optional();
  const result = usual === undefined ? schema.optional() : schema.default(usual);
  FORMS.set(result, form);
  return documented(result, doc);
}

/** Several of these values: a list in a body, or separated by commas in a query string. */
export function severalOf<const Values extends readonly [string, ...string[]]>(values: Values, meaning: string) {
  const isKnown = (value: unknown) => values.includes(value as string);
  // One error for the whole list, not for its items.
  const list = z.custom<Values[number][]>(
    (given) => Array.isArray(given) && given.length <= values.length && given.every(isKnown),
    `must be some of ${values.join(', ')}`,
  );
  const split = (given: unknown) => (typeof given === 'string' ? given.split(',').map((one) => one.trim()) : given);
  const schema = z
    .preprocess(split, list)
    .transform((chosen) => [...new Set(chosen)])
    .optional();
  FORMS.set(schema, z.array(z.enum(values)));
  return documented(schema, { takes: `some of ${values.map((value) => `\`${value}\``).join(', ')}`, meaning });
}

/** Yes or no or not given, in a body or a query string. */
export function optionalFlag(meaning: string) {
  const error = 'must be true or false';
  const given = z.preprocess(
    (value) => (value === 'true' ? true : value === 'false' ? false : value),
    z.boolean(error),
  );
  const schema = given.optional();
  FORMS.set(schema, z.boolean());
  return documented(schema, { takes: '`true`, `false`', meaning });
}

export function optionalNumberOf(least: number, most: number, meaning: string) {
  const takes = `whole number, ${NUMBERS.format(least)} to ${NUMBERS.format(most)}`;
  const error = `must be a whole number from ${NUMBERS.format(least)} to ${NUMBERS.format(most)}`;
  return documented(z.number(error).int(error).min(least, error).max(most, error).optional(), { takes, meaning });
}

function text(longest: number) {
  return z.string('must be text').max(longest, `is longer than ${NUMBERS.format(longest)} characters`);
}

export function optionalText(longest: number, meaning: string) {
  const schema = text(longest).optional();
  return documented(schema, { takes: `text, up to ${NUMBERS.format(longest)} characters`, meaning });
}

/** Blanks alone count as empty. */
export function requiredText(longest: number, meaning: string) {
  const required = `is required: ${meaning.charAt(0).toLowerCase()}${meaning.slice(1)}`;
  const schema = z
    .string({ error: ({ input }) => (input === undefined ? required : 'must be text') })
    .max(longest, `is longer than ${NUMBERS.format(longest)} characters`)
    .refine((value) => value.trim() !== '', required);
  return documented(schema, { takes: `text, 1 to ${NUMBERS.format(longest)} characters; required`, meaning });
}

export function choiceOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
  usual: Values[number],
  meaning: string,
) {
  const schema = z.enum(values, `must be one of ${values.join(', ')}`).default(usual as never);
  return documented(schema, {
    takes: values.map((value) => `\`${value}\``).join(', '),
    usual: `\`${usual}\``,
    meaning,
  });
}

export function optionalChoiceOf<const Values extends readonly [string, ...string[]]>(values: Values, meaning: string) {
  const schema = z.enum(values, `must be one of ${values.join(', ')}`).optional();
  return documented(schema, { takes: values.map((value) => `\`${value}\``).join(', '), meaning });
}

const INSTANT =
  'must be milliseconds since the epoch, or an ISO 8601 date such as 2026-01-31 or 2026-01-31T09:30:00Z, from 1970 on';

/** An instant, in a body or a query string, as milliseconds since the epoch. */
export function instantOf(meaning: string) {
  const schema = inQuery(
    z.unknown().transform((value, context): number | undefined => {
      if (value === undefined) return undefined;
      const parsed = instantSchema.safeParse(value);
      if (parsed.success) return parsed.data;
      context.addIssue({ code: 'custom', message: INSTANT });
      return z.NEVER;
    }),
  ).optional();
  FORMS.set(schema, z.union([z.int().nonnegative(), z.string()]));
  return documented(schema, { takes: 'milliseconds since the epoch, or ISO 8601', meaning });
}

/** A source under any name that a plugin may report. */
export function sourceFilter(longest: number, meaning: string) {
  const schema = text(longest).transform(storedSource).optional();
  FORMS.set(schema, text(longest));
  return documented(schema, { takes: `text, up to ${NUMBERS.format(longest)} characters`, meaning });
}
