import { bytes, duration, moment, pairs, quantities, quantity, table } from './output.ts';

describe('the output of commands', () => {
  it('aligns columns under their headings', () => {
    expect(
      table(
        ['name', 'lag'],
        [
          ['documents', '0'],
          ['search', '12'],
        ],
      ),
    ).toBe('name       lag\ndocuments  0\nsearch     12');
    expect(
      pairs([
        ['URL', 'http://x'],
        ['Data folder', '/d'],
      ]),
    ).toBe('URL          http://x\nData folder  /d');
  });

  it('uses singular and plural correctly', () => {
    expect([0, 1, 2, 12_000].map((count) => quantity(count, 'sessions'))).toEqual([
      '0 sessions',
      '1 session',
      '2 sessions',
      '12,000 sessions',
    ]);
    expect(quantity(1, 'API keys')).toBe('1 API key');
    expect(quantities({ sessions: 1, messages: 1, chunks: 12 })).toBe('1 session, 1 message, 12 chunks');
    expect([0.2, 59, 119, 150, 7199, 9000].map(duration)).toEqual([
      '1 s',
      '59 s',
      '119 s',
      '3 min',
      '120 min',
      '2.5 h',
    ]);
  });

  it('writes sizes and moments for people', () => {
    expect([bytes(0), bytes(1023), bytes(1536), bytes(5 * 1024 ** 3)]).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 GiB']);
    expect(moment(Date.UTC(2026, 0, 15, 12, 5))).toBe('2026-01-15 12:05');
    expect(moment(undefined)).toBe('–');
  });
});
