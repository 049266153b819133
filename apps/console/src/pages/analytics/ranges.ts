const DAY_MS = 86_400_000;

/** Ranges that a person can choose; `days` up to today. */
export const RANGES = [
  { name: '7d', title: '7 days', days: 7 },
  { name: '30d', title: '30 days', days: 30 },
  { name: '90d', title: '90 days', days: 90 },
  { name: '365d', title: 'A year', days: 365 },
] as const;
const USUAL = RANGES[1];
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Series of days are no longer. */
export const MOST_DAYS = 400;

export interface Range {
  /** The first day, and the one after the last one: `2026-11-30`. */
  readonly from: string;
  readonly to: string;
  /** One of {@link RANGES}, or undefined for days that a person chose. */
  readonly name: string | undefined;
}

/** The range of an address. @param now milliseconds since the epoch */
export function rangeOf(parameters: URLSearchParams, now: number, zone: string): Range {
  const [from, until] = [parameters.get('from'), parameters.get('until')];
  if (from && until && DAY.test(from) && DAY.test(until) && from <= until && daysBetween(from, until) < MOST_DAYS) {
    return { from, to: dayAfter(until, 1), name: undefined };
  }
  const { name, days } = RANGES.find((one) => one.name === parameters.get('range')) ?? USUAL;
  const today = dayIn(now, zone);
  return { from: dayAfter(today, 1 - days), to: dayAfter(today, 1), name };
}

/** The day of an instant in a time zone. */
export function dayIn(at: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const of = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${of['year']}-${of['month']}-${of['day']}`;
}

export function dayAfter(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS;
}

/** The zone of an address, or the reader's; anything that is not one counts as the reader's. */
export function zoneOf(parameters: URLSearchParams): string {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const asked = parameters.get('tz');
  if (!asked) return own;
  try {
    new Intl.DateTimeFormat('en', { timeZone: asked });
    return asked;
  } catch {
    return own;
  }
}
