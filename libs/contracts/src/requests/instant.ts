import { z } from 'zod';

/** The largest time that a Date can hold, milliseconds since the epoch. */
const LATEST = 8_640_000_000_000_000;
const EXPECTED =
  'Expected milliseconds since the epoch, or an ISO 8601 date such as 2026-01-31 or 2026-01-31T09:30:00Z, from 1970 on';

const ISO_8601 =
  /^(?<date>\d{4}-\d{2}-(?<day>\d{2}))(?:[T ](?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?<zone>Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * An instant, sent as milliseconds since the epoch or as an ISO 8601 date with or without a time; becomes whole
 * milliseconds. A date alone is its midnight in UTC, and so is a time without a zone: wherever the server is.
 */
export const instantSchema = z.union([z.number(), z.string()], EXPECTED).transform((value, context) => {
  const ms = typeof value === 'number' ? value : parseIso(value);
  if (ms >= 0 && ms <= LATEST) return Math.trunc(ms);
  context.addIssue({ code: 'custom', message: EXPECTED });
  return z.NEVER;
});

/** NaN where it is none. `Date.parse` alone would also take `May` and `1`, and make March of a 30th of February. */
function parseIso(text: string): number {
  const { date, day, time = '00:00', zone = 'Z' } = ISO_8601.exec(text)?.groups ?? {};
  if (new Date(`${date}T00:00Z`).getUTCDate() !== Number(day)) return Number.NaN;
  return Date.parse(`${date}T${time}${zone.toUpperCase()}`);
}
