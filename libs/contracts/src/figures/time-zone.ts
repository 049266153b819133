import { QUARTER_MS } from './periods.ts';

const QUARTERS_PER_DAY = 96;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Days and hours of a time zone. Every zone is ahead of UTC by whole quarters of an hour. */
export interface TimeZone {
  readonly name: string;
  /** `2026-03-29`, of the instant at which this quarter of an hour begins. */
  dayOf(quarter: number): string;
  /** Day of the week, 1 for Monday, and hour of the day. */
  hourOf(quarter: number): { readonly weekday: number; readonly hour: number };
  /** The first quarter of a day; of the next one if a change of the clock skips all of it. */
  startOf(day: string): number;
}

export function isDay(text: string): boolean {
  const midnight = Date.parse(`${text}T00:00:00Z`);
  // 30 February would be a day in March.
  return DAY.test(text) && midnight >= 0 && new Date(midnight).toISOString().startsWith(text);
}

/** The day so many days after another one. */
export function dayAfter(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * One name for all spellings of a time zone: `europe/BERLIN` is one as well, and `Asia/Kolkata` has another name. There are
 * some 450, and 2,879 like `+01:23`. @throws RangeError for a name that is no time zone
 */
export function canonicalTimeZone(name: string): string {
  return formatOf(name).resolvedOptions().timeZone;
}

/** Days of which a zone remembers the offset: more than 20 years. A request names any day. */
const MOST_OFFSETS = 8_000;

/** @throws RangeError for a name that is no time zone: see {@link isTimeZone} */
export function timeZone(name: string): TimeZone {
  const format = formatOf(name);
  /** By quarter of UTC; formatting takes microseconds, and a year has 35,000 of them. */
  const offsets = new Map<number, number>();
  const offsetAt = (quarter: number): number => {
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      if (offsets.size >= MOST_OFFSETS) offsets.clear();
      offsets.set(quarter, (offset = offsetIn(format, quarter)));
    }
    return offset;
  };
  /** Clocks change on few days: the others have one offset. */
  const localQuarter = (quarter: number): number => {
    const begin = Math.floor(quarter / QUARTERS_PER_DAY) * QUARTERS_PER_DAY;
    const offset = offsetAt(begin);
    return quarter + (offset === offsetAt(begin + QUARTERS_PER_DAY) ? offset : offsetAt(quarter));
  };
  return {
    name,
    dayOf: (quarter) => new Date(localQuarter(quarter) * QUARTER_MS).toISOString().slice(0, 10),
    hourOf(quarter) {
      const local = new Date(localQuarter(quarter) * QUARTER_MS);
      return { weekday: local.getUTCDay() || 7, hour: local.getUTCHours() };
    },
    startOf(day) {
      const midnight = Date.parse(day) / QUARTER_MS;
      const wanted = midnight / QUARTERS_PER_DAY;
      // No zone is more than 14 hours from UTC. Local days never go backwards, so the first one is found by halving.
      let [low, high] = [midnight - QUARTERS_PER_DAY, midnight + QUARTERS_PER_DAY];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (Math.floor(localQuarter(middle) / QUARTERS_PER_DAY) >= wanted) high = middle;
        else low = middle + 1;
      }
      return Math.max(low, 0);
    },
  };
}

function formatOf(timeZoneName: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en', {
    timeZone: timeZoneName,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
}

/** How many quarters of an hour the zone is ahead of UTC. */
function offsetIn(format: Intl.DateTimeFormat, quarter: number): number {
  const parts = Object.fromEntries(
    format.formatToParts(quarter * QUARTER_MS).map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute } = parts as Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>;
  return Math.round((Date.UTC(year, month - 1, day, hour, minute) - quarter * QUARTER_MS) / QUARTER_MS);
}
