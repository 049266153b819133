import { dayAfter, isDay } from '@opensync/contracts';

export const EDITIONS = ['day', 'week', 'month', 'year'] as const;
export type Edition = (typeof EDITIONS)[number];

/** What a summary is about: whole days, in the time zone of a person or workspace. */
export interface WrappedPeriod {
  readonly edition: Edition;
  /** `2026-11-29`, `2026-W48`, `2026-11` or `2026`. */
  readonly date: string;
  readonly first: string;
  /** The day after the last one. */
  readonly after: string;
  /** The first day of what it is compared with, which ends where it begins: the week before, otherwise a period of its kind. */
  readonly before: string;
}

/** The period with this name; undefined if there is none. */
export function editionNamed(date: string): WrappedPeriod | undefined {
  if (isDay(date)) return { edition: 'day', date, first: date, after: dayAfter(date, 1), before: dayAfter(date, -7) };
  const week = /^(\d{4})-W(\d{2})$/.exec(date);
  if (week) return weekOf(date, Number(week[1]), Number(week[2]));
  const month = /^(\d{4})-(\d{2})$/.exec(date);
  if (month && isDay(`${date}-01`)) {
    const first = `${date}-01`;
    const [year, number] = [Number(month[1]), Number(month[2])];
    return { edition: 'month', date, first, after: firstOfMonth(year, number), before: firstOfMonth(year, number - 2) };
  }
  if (/^\d{4}$/.test(date) && isDay(`${date}-01-01`)) {
    const year = Number(date);
    return {
      ...{ edition: 'year', date, first: `${date}-01-01` },
      ...{ after: firstOfMonth(year + 1, 0), before: firstOfMonth(year - 1, 0) },
    };
  }
  return undefined;
}

/** The edition of a kind that a day is in. */
export function editionOf(edition: Edition, day: string): WrappedPeriod {
  if (edition === 'week') {
    const monday = mondayOf(day);
    // The year of a week is that of its Thursday.
    const year = Number(dayAfter(monday, 3).slice(0, 4));
    const number = 1 + Math.round((Date.parse(monday) - Date.parse(firstMonday(year))) / (7 * 86_400_000));
    return editionNamed(`${year}-W${String(number).padStart(2, '0')}`)!;
  }
  return editionNamed(day.slice(0, { day: 10, month: 7, year: 4 }[edition]))!;
}

function weekOf(date: string, year: number, number: number): WrappedPeriod | undefined {
  if (number < 1 || !isDay(`${year}-01-04`)) return undefined;
  const first = dayAfter(firstMonday(year), 7 * (number - 1));
  if (first >= firstMonday(year + 1)) return undefined;
  return { edition: 'week', date, first, after: dayAfter(first, 7), before: dayAfter(first, -7) };
}

/** The first week of a year is the one with 4 January. */
function firstMonday(year: number): string {
  return mondayOf(`${year}-01-04`);
}

function mondayOf(day: string): string {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return dayAfter(day, -((weekday + 6) % 7));
}

/** @param month from 0; others carry over into the year */
function firstOfMonth(year: number, month: number): string {
  return new Date(Date.UTC(year, month)).toISOString().slice(0, 10);
}
