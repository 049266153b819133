import { dayAfter } from '@opensync/contracts';
import { EDITIONS, editionOf, type WrappedPeriod } from '@opensync/wrapped-summary';

/** Late sessions of this many days are still counted in what is kept. */
const LOOK_BACK_DAYS = 7;

export interface EndedPeriod {
  readonly period: WrappedPeriod;
  /** How many days ago its last day was; 1: yesterday. */
  readonly age: number;
}

/** The days, weeks, months and years whose last day was in the last week, the oldest first. Pure. */
export function endedPeriods(today: string): EndedPeriod[] {
  const ended: EndedPeriod[] = [];
  for (let age = LOOK_BACK_DAYS; age >= 1; age--) {
    const last = dayAfter(today, -age);
    for (const edition of EDITIONS) {
      const period = editionOf(edition, last);
      if (period.after === dayAfter(last, 1)) ended.push({ period, age });
    }
  }
  return ended;
}
