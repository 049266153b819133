/**
 * Figures are kept for periods of UTC: quarters of an hour, since every time zone's day begins with one, and days,
 * months and all of time, so that a long range is read from few of them.
 */
export const LEVELS = ['quarter', 'day', 'month', 'all'] as const;
export type Level = (typeof LEVELS)[number];

/** A period: its number counts from 1970 on. */
export interface Period {
  readonly level: Level;
  readonly number: number;
}

/** Periods of one level, from the first up to but excluding `to`. */
export interface PeriodRange {
  readonly level: Level;
  readonly from: number;
  readonly to: number;
}

export const QUARTER_MS = 15 * 60_000;
const QUARTERS_PER_DAY = 96;
/** The end of the year 9999. Events may name any time. */
const LATEST_MS = 253_402_300_799_999;

/** The quarter of an hour that an instant is in. */
export function quarterOf(ms: number): number {
  return Math.floor(Math.min(Math.max(ms, 0), LATEST_MS) / QUARTER_MS);
}

export function dayOfQuarter(quarter: number): number {
  return Math.floor(quarter / QUARTERS_PER_DAY);
}

export function firstQuarterOf(day: number): number {
  return day * QUARTERS_PER_DAY;
}

function monthOfDay(day: number): number {
  const date = new Date(day * QUARTERS_PER_DAY * QUARTER_MS);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

function firstDayOf(month: number): number {
  return Date.UTC(1970, month) / (QUARTERS_PER_DAY * QUARTER_MS);
}

/** The period of the next level that contains this one; undefined for all of time. */
export function containing({ level, number }: Period): Period | undefined {
  if (level === 'quarter') return { level: 'day', number: dayOfQuarter(number) };
  if (level === 'day') return { level: 'month', number: monthOfDay(number) };
  return level === 'month' ? { level: 'all', number: 0 } : undefined;
}

/** The periods of the level below that a period consists of; undefined for a quarter. */
export function contained({ level, number }: Period): PeriodRange | undefined {
  if (level === 'day') return { level: 'quarter', from: firstQuarterOf(number), to: firstQuarterOf(number + 1) };
  if (level === 'month') return { level: 'day', from: firstDayOf(number), to: firstDayOf(number + 1) };
  return level === 'all'
    ? { level: 'month', from: 0, to: monthOfDay(dayOfQuarter(quarterOf(LATEST_MS))) + 1 }
    : undefined;
}

/** The fewest periods that make up the quarters from `from` up to but excluding `to`. */
export function coverOf(from: number, to: number): readonly PeriodRange[] {
  const [firstDay, lastDay] = [Math.ceil(from / QUARTERS_PER_DAY), Math.floor(to / QUARTERS_PER_DAY)];
  if (firstDay >= lastDay) return nonEmpty([{ level: 'quarter', from, to }]);
  const firstMonth = firstDay === firstDayOf(monthOfDay(firstDay)) ? monthOfDay(firstDay) : monthOfDay(firstDay) + 1;
  const lastMonth = monthOfDay(lastDay);
  const days: PeriodRange[] =
    firstMonth >= lastMonth
      ? [{ level: 'day', from: firstDay, to: lastDay }]
      : [
          { level: 'day', from: firstDay, to: firstDayOf(firstMonth) },
          { level: 'month', from: firstMonth, to: lastMonth },
          { level: 'day', from: firstDayOf(lastMonth), to: lastDay },
        ];
  return nonEmpty([
    { level: 'quarter', from, to: firstQuarterOf(firstDay) },
    ...days,
    { level: 'quarter', from: firstQuarterOf(lastDay), to },
  ]);
}

function nonEmpty(ranges: readonly PeriodRange[]): readonly PeriodRange[] {
  return ranges.filter(({ from, to }) => from < to);
}
