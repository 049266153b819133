import { AppError } from '@opensync/platform';
import { z } from 'zod';

/**
 * Parses what a client sent.
 * @throws AppError INVALID_REQUEST with a detail for each thing that is wrong
 */
export function parseInput<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new AppError('INVALID_REQUEST', 'The request has parameters that cannot be used', { details });
}

/** A parameter that is there but empty (`?source=`) counts as not given: forms and URL builders send those. */
export function withoutEmpty(query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query;
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

const LATEST_TIME = 8.64e15;

/** An instant as milliseconds since the epoch, sent as those or as an ISO 8601 date (midnight UTC) or date and time. */
export const instant = z.union([z.number(), z.string()]).transform((value, context) => {
  const ms = typeof value === 'number' ? value : /^\d+$/.test(value) ? Number(value) : parseIso(value);
  if (ms >= 0 && ms <= LATEST_TIME) return Math.trunc(ms);
  context.addIssue({ code: 'custom', message: 'must be milliseconds since the epoch or an ISO 8601 date' });
  return z.NEVER;
});

const ISO = /^\d{4}-\d{2}-\d{2}(?<time>[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(?<zone>Z|[+-]\d{2}:?\d{2})?)?$/;

/** Date.parse alone would also take `May` and `1`, and read a time without zone as the server's; here it is UTC. */
function parseIso(value: string): number {
  const { groups } = ISO.exec(value) ?? {};
  if (!groups) return Number.NaN;
  return Date.parse(groups.time && !groups.zone ? `${value}Z` : value);
}

/** How many; query strings carry it as text. */
export const limitOf = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

const name = z.string().max(4_096);

/** Filters of sessions, the same for lists and searches; all that are set must hold. `to` is exclusive. */
export const sessionFilterFields = {
  source: name.optional(),
  model: name.optional(),
  /** The project's name or its whole path. */
  project: name.optional(),
  from: instant.optional(),
  to: instant.optional(),
  // Leaving a filter out would show what it should hide: these are refused until there is something to filter by.
  evalStatus: z.undefined('is not supported yet').optional(),
  tag: z.undefined('is not supported yet').optional(),
};
