import { moved, nameOf } from './editions.ts';

describe('editions', () => {
  it.each([
    ['2026-11-30', '2026-W49'],
    // The week of a Thursday in the other year.
    ['2027-01-01', '2026-W53'],
    ['2024-12-30', '2025-W01'],
    ['2026-01-01', '2026-W01'],
  ])('of the day %s: the week %s', (day, week) => expect(nameOf('week', day)).toBe(week));

  it('of a day have the names that the API takes', () => {
    expect((['day', 'month', 'year'] as const).map((edition) => nameOf(edition, '2026-11-30'))).toEqual([
      '2026-11-30',
      '2026-11',
      '2026',
    ]);
  });

  it('follow each other, also over the ends of months and years', () => {
    expect(moved('day', '2026-03-01', -1)).toBe('2026-02-28');
    expect(moved('week', '2026-01-01', -1)).toBe('2025-12-25');
    expect(nameOf('month', moved('month', '2026-01-31', 1))).toBe('2026-02');
    expect(nameOf('month', moved('month', '2026-01-31', -1))).toBe('2025-12');
    expect(nameOf('year', moved('year', '2026-06-15', 1))).toBe('2027');
  });
});
