import { Cron } from 'croner';

/** When a job is due: a cron expression in a time zone. Times are milliseconds since the epoch. */
export interface Timetable {
  /** The first time after another one. */
  after(time: number): number;
  /**
   * The last time from `first` up to `now`, and how many there are. `first` is a planned time that is not later. With more than
   * {@link MOST_COUNTED}, the last one is near `now` instead.
   */
  latest(first: number, now: number): { readonly at: number; readonly count: number };
}

/** A job for each minute that did not run for a day. */
export const MOST_COUNTED = 1440;
const FAR_AHEAD = Date.UTC(9999, 0);

/**
 * A daily time is met once on each day: on the day when clocks skip it, it is as much later, and on the day when they show it twice,
 * it is the first. @throws Error for an expression or zone that cannot be read
 */
export function timetable(schedule: string, timeZone: string): Timetable {
  const cron = new Cron(schedule, { timezone: timeZone, paused: true });
  const after = (time: number) => cron.nextRun(new Date(time))?.getTime() ?? FAR_AHEAD;
  return {
    after,
    latest(first, now) {
      let [at, count] = [first, 1];
      for (let next = after(at); next <= now; next = after(at)) {
        if (count === MOST_COUNTED) return { at: now, count };
        at = next;
        count++;
      }
      return { at, count };
    },
  };
}
