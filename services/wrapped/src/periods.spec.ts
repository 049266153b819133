import { endedPeriods } from './periods.ts';

const namesOf = (today: string) => endedPeriods(today).map(({ period, age }) => `${period.date} ${age}`);

it('has each day of the last week, and what ended with one of them', () => {
  expect(namesOf('2026-12-02')).toEqual([
    ...['2026-11-25 7', '2026-11-26 6', '2026-11-27 5', '2026-11-28 4', '2026-11-29 3', '2026-W48 3'],
    ...['2026-11-30 2', '2026-11 2', '2026-12-01 1'],
  ]);
});

it('has the year on New Year’s Day', () => {
  expect(namesOf('2027-01-01').slice(-3)).toEqual(['2026-12-31 1', '2026-12 1', '2026 1']);
});
