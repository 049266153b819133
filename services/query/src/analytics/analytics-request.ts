import {
  dayAfter,
  instantSchema,
  isDay,
  isTimeZone,
  QUARTER_MS,
  quarterOf,
  timeZone,
  type TimeZone,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { Quarters } from '@opensync/stores';
import { z } from 'zod';
import { onlyFields } from '../input.ts';
import { choiceOf, documented, optionalText } from '../parameters.ts';

export const GROUPINGS = ['day', 'hour', 'model', 'provider', 'source', 'project', 'user', 'tool'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Of a series by day or hour. */
const MOST_DAYS = 400;
const USUAL_DAYS = 30;
const QUARTERS_PER_DAY = 96;

const zone = z
  .string('must be text')
  .max(64, 'is longer than 64 characters')
  .refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/Berlin')
  .default('UTC');

export const analyticsSchema = onlyFields({
  groupBy: choiceOf(GROUPINGS, 'day', 'What the amounts are grouped by; `hour` is the hour of the week'),
  from: optionalText(
    64,
    'The first day in the time zone, such as 2026-01-31, or an instant in ISO 8601 or milliseconds',
  ),
  to: optionalText(64, 'The day or instant after the last one'),
  tz: documented(zone, {
    takes: 'time zone of the IANA database',
    usual: '`UTC`',
    meaning: 'The time zone of days and hours',
  }),
});

export interface AnalyticsRequest {
  readonly groupBy: Grouping;
  readonly zone: TimeZone;
  /** Always set for a series by day or hour. */
  readonly quarters: Quarters;
}

/** @throws AppError INVALID_REQUEST */
export function analyticsRequest(
  { groupBy, tz, ...given }: z.infer<typeof analyticsSchema>,
  now: number,
): AnalyticsRequest {
  const of = timeZone(tz);
  const [from, to] = [startOf('from', given.from, of), startOf('to', given.to, of)];
  // Messages may be a day ahead.
  const end = to ?? quarterOf(now) + QUARTERS_PER_DAY + 1;
  if (groupBy !== 'day' && groupBy !== 'hour') {
    if (from === undefined && to === undefined) return { groupBy, zone: of, quarters: undefined };
    return { groupBy, zone: of, quarters: ordered(from ?? 0, end) };
  }
  const lastDay = of.dayOf((to ?? quarterOf(now) + 1) - 1);
  const dayEnd = to ?? of.startOf(dayAfter(lastDay, 1));
  const quarters = ordered(from ?? of.startOf(dayAfter(of.dayOf(dayEnd - 1), 1 - USUAL_DAYS)), dayEnd);
  // A day of 25 hours must not make it one too many.
  if (quarters.to - quarters.from > (MOST_DAYS + 1) * QUARTERS_PER_DAY) {
    throw invalid('from', `is more than ${MOST_DAYS} days before the end`);
  }
  return { groupBy, zone: of, quarters };
}

function ordered(from: number, to: number): { readonly from: number; readonly to: number } {
  if (from >= to) throw invalid('from', 'must be before to, and not in the future');
  return { from, to };
}

/** The quarter of an hour with which a day or the range of an instant begins. */
function startOf(name: string, given: string | undefined, of: TimeZone): number | undefined {
  if (given === undefined) return undefined;
  if (isDay(given)) return of.startOf(given);
  const parsed = instantSchema.safeParse(/^\d+$/.test(given) ? Number(given) : given);
  if (!parsed.success) {
    throw invalid(name, 'must be a day such as 2026-01-31, or an instant in ISO 8601 or milliseconds since the epoch');
  }
  return quarterOf(name === 'to' ? parsed.data + QUARTER_MS - 1 : parsed.data);
}

function invalid(path: string, message: string): AppError {
  return new AppError('INVALID_REQUEST', `${path} ${message}`, { details: [{ path, message }] });
}
