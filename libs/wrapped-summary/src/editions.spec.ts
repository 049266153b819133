import { dayAfter } from '@opensync/contracts';
import fc from 'fast-check';
import { EDITIONS, editionNamed, editionOf } from './editions.ts';

describe('a period', () => {
  it.each([
    ['2026-11-29', 'day', '2026-11-29', '2026-11-30', '2026-11-22'],
    ['2024-02-29', 'day', '2024-02-29', '2024-03-01', '2024-02-22'],
    ['2026-W48', 'week', '2026-11-23', '2026-11-30', '2026-11-16'],
    // The first week of 2026 begins in 2025, and 2026 has 53 weeks.
    ['2026-W01', 'week', '2025-12-29', '2026-01-05', '2025-12-22'],
    ['2026-W53', 'week', '2026-12-28', '2027-01-04', '2026-12-21'],
    ['2026-01', 'month', '2026-01-01', '2026-02-01', '2025-12-01'],
    ['2024-02', 'month', '2024-02-01', '2024-03-01', '2024-01-01'],
    ['2026', 'year', '2026-01-01', '2027-01-01', '2025-01-01'],
  ])('%s is a %s from %s to %s, compared with what is since %s', (date, edition, first, after, before) => {
    expect(editionNamed(date)).toEqual({ edition, date, first, after, before });
  });

  it.each([
    '2026-02-30',
    '2026-13',
    '2026-00',
    '2025-W53',
    '2026-W00',
    '2026-W1',
    '26',
    '1969',
    '',
    'today',
    '2026-11-29.png',
  ])('is not named %j', (name) => expect(editionNamed(name)).toBeUndefined());

  it('contains the days that belong to it', () => {
    const day = fc.integer({ min: 0, max: 40_000 }).map((days) => dayAfter('1971-01-01', days));
    fc.assert(
      fc.property(day, fc.constantFrom(...EDITIONS), (of, edition) => {
        const period = editionOf(edition, of);
        expect(period.edition).toBe(edition);
        expect(period.first <= of && of < period.after).toBe(true);
        expect(editionNamed(period.date)).toEqual(period);
      }),
    );
  });
});
