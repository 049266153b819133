import { z } from 'zod';
import { parseTime } from './times.ts';

/** The largest time that a Date can hold, milliseconds since the epoch. */
const LATEST = 8_640_000_000_000_000;
const EXPECTED =
  'Expected milliseconds since the epoch, or an ISO 8601 date such as 2026-01-31 or 2026-01-31T09:30:00Z, from 1970 on';

/**
 * An instant in a read request: milliseconds since the epoch, or a date in a notation of `parseTime`; becomes whole
 * milliseconds. Writes use `readTime`, which accepts everything that clients send.
 */
export const instantSchema = z.union([z.number(), z.string()], EXPECTED).transform((value, context) => {
  const ms = typeof value === 'number' ? value : parseTime(value);
  if (ms >= 0 && ms <= LATEST) return Math.trunc(ms);
  context.addIssue({ code: 'custom', message: EXPECTED });
  return z.NEVER;
});
