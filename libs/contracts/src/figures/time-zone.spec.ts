import { quarterOf } from './periods.ts';
import { isDay, isTimeZone, timeZone } from './time-zone.ts';

const at = (iso: string) => quarterOf(Date.parse(iso));

describe('a time zone', () => {
  it.each([
    ['UTC', '2026-03-29T00:00:00Z', '2026-03-29', 7, 0],
    ['Europe/Berlin', '2026-03-29T00:45:00Z', '2026-03-29', 7, 1],
    // The clock goes from 2 to 3.
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29', 7, 3],
    ['Europe/Berlin', '2026-03-29T21:45:00Z', '2026-03-29', 7, 23],
    ['Europe/Berlin', '2026-03-29T22:00:00Z', '2026-03-30', 1, 0],
    // The hour from 2 to 3 happens twice.
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25', 7, 2],
    ['Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-25', 7, 2],
    ['America/New_York', '2026-03-08T07:00:00Z', '2026-03-08', 7, 3],
    ['Asia/Kolkata', '2026-01-01T18:30:00Z', '2026-01-02', 5, 0],
    ['Asia/Kathmandu', '2026-01-01T18:15:00Z', '2026-01-02', 5, 0],
    ['Australia/Lord_Howe', '2026-04-04T14:45:00Z', '2026-04-05', 7, 1],
    ['Pacific/Kiritimati', '2026-01-01T10:00:00Z', '2026-01-02', 5, 0],
    ['Pacific/Pago_Pago', '2026-01-01T10:45:00Z', '2025-12-31', 3, 23],
  ])('%s knows the day and hour of %s', (name, instant, day, weekday, hour) => {
    const zone = timeZone(name);
    expect(zone.dayOf(at(instant))).toBe(day);
    expect(zone.hourOf(at(instant))).toEqual({ weekday, hour });
  });

  it.each([
    ['UTC', '2026-03-29', '2026-03-29T00:00:00Z'],
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00Z'],
    ['Europe/Berlin', '2026-03-30', '2026-03-29T22:00:00Z'],
    ['Asia/Kathmandu', '2026-01-02', '2026-01-01T18:15:00Z'],
    // The clock goes from 0 to 1, so that the day begins at 1.
    ['America/Havana', '2026-03-08', '2026-03-08T05:00:00Z'],
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00Z'],
    // Samoa skipped this day.
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00Z'],
    ['UTC', '1970-01-01', '1970-01-01T00:00:00Z'],
    ['Asia/Tokyo', '1970-01-01', '1970-01-01T00:00:00Z'],
  ])('%s begins %s at %s', (name, day, instant) => {
    expect(timeZone(name).startOf(day)).toBe(at(instant));
  });

  it('has 23 and 25 hours on the days when the clock changes', () => {
    const zone = timeZone('Europe/Berlin');
    const hours = (day: string, next: string) => (zone.startOf(next) - zone.startOf(day)) / 4;
    expect(hours('2026-03-29', '2026-03-30')).toBe(23);
    expect(hours('2026-10-25', '2026-10-26')).toBe(25);
  });

  it('is known by the names of the IANA database', () => {
    expect(['UTC', 'Europe/Berlin', 'Etc/GMT+5'].every(isTimeZone)).toBe(true);
    expect(['Mars/Olympus', '', 'x'].some(isTimeZone)).toBe(false);
    expect(['2026-02-28', '2026-02-30', '2026-13-01', '2026-2-3', '20260203'].map(isDay)).toEqual([
      ...[true, false, false, false, false],
    ]);
  });
});
