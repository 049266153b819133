import { MOST_COUNTED, timetable } from './timetable.ts';

const dayIn = (timeZone: string) => {
  const format = new Intl.DateTimeFormat('sv', { timeZone });
  return (time: number) => format.format(time);
};
const at = (time: string) => Date.parse(time);

describe('a daily time', () => {
  // Both hemispheres; zones that change at midnight, by half an hour, and not at all.
  it.each([
    ['30 2 * * *', 'Europe/Berlin'],
    ['30 2 * * *', 'America/New_York'],
    ['30 2 * * *', 'Australia/Sydney'],
    ['45 1 * * *', 'Australia/Lord_Howe'],
    ['0 0 * * *', 'America/Santiago'],
    ['0 0 * * *', 'Asia/Kolkata'],
    ['0 3 * * *', 'Pacific/Auckland'],
  ])('%s is met once on each day of a year in %s', (schedule, zone) => {
    const { after } = timetable(schedule, zone);
    const dayOf = dayIn(zone);
    const days: string[] = [];
    for (let time = after(at('2026-01-01T12:00Z')); days.length < 366; time = after(time)) days.push(dayOf(time));
    const expected = Array.from({ length: 366 }, (_, index) =>
      new Date(Date.parse(`${days[0]}T00:00Z`) + index * 86_400_000).toISOString().slice(0, 10),
    );
    expect(days).toEqual(expected);
  });

  it.each([
    // Clocks go from 2 to 3: an hour later. Clocks show 2:30 twice: the first.
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-29T01:30Z'],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', '2026-10-25T00:30Z'],
    ['30 2 * * *', 'Australia/Sydney', '2026-10-03T00:00Z', '2026-10-03T16:30Z'],
    ['30 2 * * *', 'Australia/Sydney', '2026-04-04T00:00Z', '2026-04-04T15:30Z'],
    ['0 0 * * *', 'America/Santiago', '2026-09-05T12:00Z', '2026-09-06T04:00Z'],
    ['0 0 * * *', 'America/Santiago', '2026-04-04T12:00Z', '2026-04-05T04:00Z'],
  ])('%s in %s after %s is %s', (schedule, zone, before, expected) => {
    expect(new Date(timetable(schedule, zone).after(at(before))).toISOString()).toBe(
      new Date(at(expected)).toISOString(),
    );
  });
});

describe('what was missed', () => {
  const { latest } = timetable('*/15 * * * *', 'UTC');

  it('is the last planned time, and how many there were', () => {
    expect(latest(at('2026-11-29T10:00Z'), at('2026-11-29T10:59Z'))).toEqual({ at: at('2026-11-29T10:45Z'), count: 4 });
    expect(latest(at('2026-11-29T10:00Z'), at('2026-11-29T10:00Z'))).toEqual({ at: at('2026-11-29T10:00Z'), count: 1 });
  });

  it('is counted up to a limit', () => {
    const now = at('2026-11-29T10:07Z');
    expect(latest(at('2016-11-29T10:00Z'), now)).toEqual({ at: now, count: MOST_COUNTED });
  });
});

it('refuses what is no schedule', () => {
  expect(() => timetable('whenever', 'UTC')).toThrow();
  expect(() => timetable('61 * * * *', 'UTC')).toThrow();
  expect(() => timetable('* * * * *', 'Europe/Atlantis').after(0)).toThrow();
});
