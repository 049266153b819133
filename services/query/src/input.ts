import { instantSchema } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { z } from 'zod';

/**
 * Parses what a client sent.
 * @throws AppError INVALID_REQUEST with a detail for each thing that is wrong
 */
export function parseInput<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.flatMap((issue) => {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((path) => ({ path: path.join('.'), message: issue.message }));
  });
  throw new AppError('INVALID_REQUEST', 'The request has parameters that cannot be used', { details });
}

/** A parameter that is there but empty (`?source=`) counts as not given: forms and URL builders send those. */
export function withoutEmpty(query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query;
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

/** A query string carries a number as text; anything else stays for the schema to refuse. */
export function inQuery<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value), schema);
}

/** An instant, in a body or a query string, as milliseconds since the epoch. */
export const instant = inQuery(instantSchema);

/** How many. */
export const limitOf = (most: number, usual: number) => z.number().int().min(1).max(most).default(usual);

const name = z.string().max(4_096);

const notYet = z.undefined('is not supported yet').optional();

/** Filters of sessions, the same for lists and searches; all that are set must hold. `to` is exclusive. */
export const sessionFilterFields = {
  source: name.optional(),
  model: name.optional(),
  /** The project's name or its whole path. */
  project: name.optional(),
  from: instant.optional(),
  to: instant.optional(),
  // Leaving a filter out would show what it should hide: these are refused until there is something to filter by.
  evalStatus: notYet,
  tag: notYet,
};

/** An object with these fields alone: a filter that is mistyped must not be left out either. */
export function onlyFields<Shape extends z.ZodRawShape>(shape: Shape) {
  const valid = Object.keys(shape).filter((name) => shape[name] !== notYet);
  const message = `is not known; valid ${valid.length === 0 ? 'is none' : `are ${valid.join(', ')}`}`;
  return z.strictObject(shape, { error: ({ code }) => (code === 'unrecognized_keys' ? message : undefined) });
}

/** Query string of what takes no parameters. */
export const noParameters = onlyFields({});
