import { ConfigError } from '@opensync/platform';

const HOUR_MS = 3_600_000;
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS };

/**
 * Milliseconds since the epoch of `12h`, `30d`, `52w` from `now` on, or of a date such as `2027-01-31` (its end, in UTC)
 * or `2027-01-31T12:00:00Z`.
 * @throws ConfigError for anything else and for what is past
 */
export function expiryOf(text: string, now: number): number {
  const expiresAt = parse(text.trim(), now);
  if (!Number.isFinite(expiresAt)) {
    throw new ConfigError(`--expires: "${text}" is neither a duration such as 30d nor a date such as 2027-01-31`);
  }
  if (expiresAt <= now) throw new ConfigError(`--expires: "${text}" is in the past`);
  return expiresAt;
}

/** Milliseconds of `0h`, `12h`, `30d`, `52w`; undefined for anything else. */
export function durationOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * UNITS[unit]!;
}

function parse(text: string, now: number): number {
  const duration = durationOf(text);
  if (duration !== undefined) return now + duration;
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return Date.parse(text) + UNITS.d!;
  return /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : NaN;
}
