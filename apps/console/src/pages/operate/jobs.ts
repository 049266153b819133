import type { Answer } from '../../api/client.ts';

export type Job = Answer<'/api/jobs'>['jobs'][number];

/** A schedule as people say it; one that is not usual stays as it is. */
export function inWords(schedule: string): string {
  const [minute = '', hour = '', ...days] = schedule.split(' ');
  if (days.length !== 3 || days.some((field) => field !== '*')) return schedule;
  if (hour === '*') {
    if (minute === '*') return 'every minute';
    const [, step] = /^\*\/(\d+)$/.exec(minute) ?? [];
    return step === undefined ? schedule : `every ${step} minutes`;
  }
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour)) return schedule;
  return `daily at ${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
}

/** What a run by hand does that cannot be undone; such jobs ask before they run. */
const LASTING: Readonly<Partial<Record<string, string>>> = {
  trash: 'Sessions that have been in the trash for a day are erased for good.',
  wrapped: 'Summaries of days that have ended are sent to everybody who has subscribed to them.',
};

export const lastingEffect = (name: string): string | undefined => LASTING[name];

/** When something is due, seen from now: `in 5 min`, `now`. Times are milliseconds since the epoch. */
export function until(at: number, now: number): string {
  const minutes = Math.round((at - now) / 60_000);
  if (minutes < 1) return at - now < -60_000 ? 'overdue' : 'now';
  if (minutes < 60) return `in ${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `in ${hours} h` : `in ${Math.round(hours / 24)} d`;
}
