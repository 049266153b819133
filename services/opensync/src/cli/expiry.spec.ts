import { durationOf, expiryOf } from './expiry.ts';

const now = Date.UTC(2026, 0, 15, 12);

describe('--expires', () => {
  it.each([
    ['12h', Date.UTC(2026, 0, 16, 0)],
    ['30d', Date.UTC(2026, 1, 14, 12)],
    ['1w', Date.UTC(2026, 0, 22, 12)],
    ['2026-01-15', Date.UTC(2026, 0, 16)],
    ['2027-01-31T08:30:00Z', Date.UTC(2027, 0, 31, 8, 30)],
  ])('%s', (text, expected) => {
    expect(expiryOf(text, now)).toBe(expected);
  });

  it.each(['soon', '30', '30y', '', '2026-13-40', '-1d'])('rejects "%s"', (text) => {
    expect(() => expiryOf(text, now)).toThrow(/--expires: .* is neither/);
  });

  it('rejects a time in the past', () => {
    expect(() => expiryOf('2026-01-14', now)).toThrow('is in the past');
    expect(() => expiryOf('0d', now)).toThrow('is in the past');
  });
});

it.each([
  ['0h', 0],
  ['12h', 12 * 3_600_000],
  ['2w', 14 * 86_400_000],
  ['24', undefined],
  ['1.5h', undefined],
  ['-1h', undefined],
])('the duration %s', (text, expected) => {
  expect(durationOf(text)).toBe(expected);
});
