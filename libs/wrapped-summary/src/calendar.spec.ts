import { dayAfter, quarterOf } from '@opensync/contracts';
import fc from 'fast-check';
import { calendarOf, MOST_ZONES, zonesKept } from './calendar.ts';

const at = (iso: string) => quarterOf(Date.parse(iso));

describe('the days of a person', () => {
  it('begin at midnight of the zone that counts on them', () => {
    const calendar = calendarOf([{ zone: 'Europe/Berlin' }, { zone: 'America/New_York', from: '2026-07-10' }]);
    expect(calendar.startOf('2026-07-09')).toBe(at('2026-07-08T22:00:00Z'));
    expect(calendar.startOf('2026-07-10')).toBe(at('2026-07-10T04:00:00Z'));
    // The day before the move has 30 hours; clocks are read in the zone of the day.
    expect(calendar.dayOf(at('2026-07-10T03:45:00Z'))).toBe('2026-07-09');
    expect(calendar.hourOf(at('2026-07-10T03:45:00Z'))).toBe(5);
    expect(calendar.hourOf(at('2026-07-10T04:00:00Z'))).toBe(0);
    expect([calendar.zoneOn('2026-07-09'), calendar.zoneOn('2026-07-10')]).toEqual([
      'Europe/Berlin',
      'America/New_York',
    ]);
  });

  it('may be empty after a move across the date line', () => {
    const calendar = calendarOf([{ zone: 'Pacific/Pago_Pago' }, { zone: 'Pacific/Kiritimati', from: '2026-07-10' }]);
    expect(calendar.startOf('2026-07-10')).toBe(calendar.startOf('2026-07-09'));
    expect(calendar.startOf('2026-07-11')).toBeGreaterThan(calendar.startOf('2026-07-10'));
  });

  it('contain every quarter of an hour once, wherever a person moves', () => {
    const zones = fc.constantFrom(
      ...['UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kathmandu'],
      ...['Australia/Lord_Howe', 'America/Havana', 'Pacific/Apia', 'America/Sao_Paulo'],
    );
    const day = fc.integer({ min: 0, max: 730 }).map((days) => dayAfter('2025-01-01', days));
    const moves = fc.array(fc.record({ zone: zones, from: day }), { maxLength: 5 });
    fc.assert(
      fc.property(zones, moves, fc.integer({ min: 0, max: 730 * 96 }), (zone, later, offset) => {
        const calendar = calendarOf([{ zone }, ...later]);
        const quarter = at('2025-01-01T00:00:00Z') + offset;
        const own = calendar.dayOf(quarter);
        expect(calendar.startOf(own)).toBeLessThanOrEqual(quarter);
        expect(calendar.startOf(dayAfter(own, 1))).toBeGreaterThan(quarter);
      }),
      { numRuns: 300 },
    );
  });

  it('cost the memory of few zones, however many spellings of zones are asked for', () => {
    const spellings = Array.from({ length: 512 }, (_, bits) =>
      [...'europe/berlin'].map((letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join(''),
    );
    const before = zonesKept();
    for (const zone of spellings) expect(calendarOf([{ zone }]).zoneOn('2026-03-29')).toBe(zone);
    expect(zonesKept()).toBeLessThanOrEqual(before + 1);
    for (let minutes = 0; minutes < 3 * MOST_ZONES; minutes++) {
      const zone = `+0${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
      expect(calendarOf([{ zone }]).startOf('2026-03-29')).toBeGreaterThan(0);
    }
    expect(zonesKept()).toBeLessThanOrEqual(MOST_ZONES);
  });
});
