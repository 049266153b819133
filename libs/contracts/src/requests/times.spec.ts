import fc from 'fast-check';
import { parseTime, readTime } from './times.ts';

const NOW = Date.UTC(2026, 10, 28, 12);
const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('a time that a client sends', () => {
  it.each<[string, number | string, number]>([
    ['milliseconds', AT, AT],
    ['milliseconds with a fraction', AT + 0.5, AT],
    ['seconds', AT / 1_000, AT],
    ['seconds with a fraction', AT / 1_000 + 0.25, AT + 250],
    ['microseconds', AT * 1_000, AT],
    ['nanoseconds', AT * 1_000_000, AT],
    ['nanoseconds that a number holds a little short', (AT + 890) * 1_000_000, AT + 890],
    ['microseconds with a millisecond', (AT + 7) * 1_000, AT + 7],
    ['milliseconds as text', String(AT), AT],
    ['seconds as text', ` ${AT / 1_000} `, AT],
    ['seconds with a fraction as text', `${AT / 1_000}.250`, AT + 250],
    ['an exponent', '1.767323045e12', AT],
    ['the first moment of 2000, in seconds', 946_684_800, Date.UTC(2000, 0, 1)],
    ['almost a day ahead', NOW + 86_399_000, NOW + 86_399_000],
    ['ISO 8601', '2026-01-02T03:04:05Z', AT],
    ['ISO 8601 with milliseconds', '2026-01-02T03:04:05.250Z', AT + 250],
    ['ISO 8601 with nanoseconds', '2026-01-02T03:04:05.250999999Z', AT + 250],
    ['ISO 8601 with a comma', '2026-01-02T03:04:05,250Z', AT + 250],
    ['ISO 8601 in small letters', '2026-01-02t03:04:05z', AT],
    ['ISO 8601 with an offset', '2026-01-02T04:04:05+01:00', AT],
    ['ISO 8601 with an offset without a colon', '2026-01-01T19:04:05-0800', AT],
    ['ISO 8601 with an offset of hours', '2026-01-02T04:04:05+01', AT],
    ['ISO 8601 without a zone, which is UTC', '2026-01-02T03:04:05', AT],
    ['ISO 8601 with a blank', '2026-01-02 03:04:05', AT],
    ['ISO 8601 without seconds', '2026-01-02T03:04Z', AT - 5_000],
    ['ISO 8601 in its basic form', '20260102T030405Z', AT],
    ['ISO 8601 in its basic form with an offset', '20260102T040405.25+0100', AT + 250],
    ['a date alone, which is its midnight in UTC', '2026-01-02', Date.UTC(2026, 0, 2)],
    ['a leap day', '2024-02-29', Date.UTC(2024, 1, 29)],
    ['RFC 9557', '2026-01-02T04:04:05+01:00[Europe/Berlin]', AT],
    ['what git and Ruby write', '2026-01-02 04:04:05 +0100', AT],
    ['what Go writes', '2026-01-02 03:04:05.25 +0000 UTC', AT + 250],
    ['what SQL writes', '2026-01-02 03:04:05 UTC', AT],
    ['RFC 2822', 'Fri, 02 Jan 2026 04:04:05 +0100', AT],
    ['RFC 2822 with a comment', 'Fri, 02 Jan 2026 04:04:05 +0100 (CET)', AT],
    ['RFC 2822 without a weekday or seconds', '2 Jan 2026 03:04 GMT', AT - 5_000],
    ['RFC 2822 with a named zone', 'Thu, 01 Jan 2026 22:04:05 EST', AT],
    ['RFC 822 with two digits of the year', 'Fri, 02 Jan 26 03:04:05 UT', AT],
    ['an HTTP date', 'Fri, 02 Jan 2026 03:04:05 GMT', AT],
    ['a cookie’s date', 'Fri, 02-Jan-2026 03:04:05 GMT', AT],
    ['RFC 2822 without a zone, which is UTC', 'Fri, 02 Jan 2026 03:04:05', AT],
    ['what JavaScript writes', 'Fri Jan 02 2026 04:04:05 GMT+0100 (Central European Standard Time)', AT],
    ['what C writes', 'Fri Jan  2 03:04:05 2026', AT],
    ['what date(1) writes', 'Fri Jan  2 03:04:05 UTC 2026', AT],
    ['a date in words', 'January 2, 2026', Date.UTC(2026, 0, 2)],
  ])('may be %s: %j', (_name, sent, ms) => expect(readTime(sent, NOW)).toEqual({ ms }));

  it.each([
    ...[0, 1, -1, 946_684_799, 315_532_800_000, -AT, Infinity, 5e18, 1e300, '0', '2026', '-5', '1999-12-31T23:59:59Z'],
    ...[
      '1969-12-31',
      '2026-12-01',
      NOW + 86_401_000,
      (NOW + 86_401_000) / 1_000,
      'Sat, 01 Jan 1994 00:00:00 GMT',
      '9999-12-31',
    ],
  ])('is implausible: %j', (sent) => expect(readTime(sent, NOW)).toEqual({ problem: 'implausible' }));

  it.each([
    ...[
      'yesterday',
      'May',
      'now',
      'NaN',
      'Infinity',
      '2026-02-30',
      '2026-02-29',
      '2026-13-01',
      '2026-00-10',
      '2026-01-01T25:00',
    ],
    ...[
      '2026-01-02T03:04:05+99:99',
      '30 Feb 2026 03:04:05 GMT',
      'Foo, 2 Bar 2026',
      '1/2/2026',
      '2026-1-2',
      '12:30',
      '2026-01',
      'T03:04',
    ],
    ...['Fri Jan 32 2026', '0x19bf0e', `2026-01-02${' '.repeat(200)}03:04`],
  ])('is invalid: %j', (sent) => expect(readTime(sent, NOW)).toEqual({ problem: 'unreadable' }));

  it('is the same millisecond in every unit and notation', () => {
    const ms = fc.integer({ min: Date.UTC(2000, 0, 2), max: NOW });
    fc.assert(
      fc.property(ms, fc.constantFrom(1e-3, 1, 1e3, 1e6), (at, units) => {
        for (const sent of [at * units, String(at * units), new Date(at).toISOString()]) {
          expect(readTime(sent, NOW)).toEqual({ ms: at });
        }
        const second = new Date(Math.floor(at / 1_000) * 1_000);
        for (const sent of [second.toUTCString(), second.toString()]) {
          expect(readTime(sent, NOW)).toEqual({ ms: second.getTime() });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      '2026',
      '-',
      '01',
      ':',
      'T',
      ' ',
      'Jan',
      'Fri,',
      '+',
      'Z',
      '(',
      ')',
      'GMT',
      '9'.repeat(20),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
        ),
        (text) => {
          const read = readTime(text, NOW);
          if ('ms' in read) expect(Number.isSafeInteger(read.ms)).toBe(true);
          expect(typeof parseTime(text)).toBe('number');
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
