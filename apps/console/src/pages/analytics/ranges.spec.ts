import { dayIn, rangeOf, zoneOf } from './ranges.ts';

const NOW = Date.parse('2026-11-30T23:30:00Z');
const of = (query: string, zone = 'UTC') => rangeOf(new URLSearchParams(query), NOW, zone);

describe('the range of an address', () => {
  it('is 30 days up to today unless it says otherwise, in the zone of the reader', () => {
    expect(of('')).toEqual({ from: '2026-11-01', to: '2026-12-01', name: '30d' });
    expect(of('', 'Asia/Tokyo')).toEqual({ from: '2026-11-02', to: '2026-12-02', name: '30d' });
    expect(of('range=7d')).toEqual({ from: '2026-11-24', to: '2026-12-01', name: '7d' });
    expect(of('range=nonsense').name).toBe('30d');
  });

  it('is what a person chose, both days included', () => {
    expect(of('from=2026-02-01&until=2026-02-28')).toEqual({ from: '2026-02-01', to: '2026-03-01', name: undefined });
    expect(of('from=2026-02-01&until=2026-02-01')).toMatchObject({ to: '2026-02-02' });
  });

  it.each([
    'from=2026-02-02&until=2026-02-01',
    'from=2020-01-01&until=2026-01-01',
    'from=x&until=y',
    'from=2026-02-01',
  ])('is the usual one for %s, which no answer could show', (query) => expect(of(query).name).toBe('30d'));

  it('knows days of zones in which it is tomorrow already, and no zone that does not exist', () => {
    expect(dayIn(NOW, 'Pacific/Kiritimati')).toBe('2026-12-01');
    expect(zoneOf(new URLSearchParams('tz=Asia/Tokyo'))).toBe('Asia/Tokyo');
    expect(zoneOf(new URLSearchParams('tz=Mars/Base'))).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });
});
