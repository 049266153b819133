import { bytes, moment, pairs, table } from './output.ts';

describe('what commands print', () => {
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

  it('writes sizes and moments for people', () => {
    expect([bytes(0), bytes(1023), bytes(1536), bytes(5 * 1024 ** 3)]).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 GiB']);
    expect(moment(Date.UTC(2026, 0, 15, 12, 5))).toBe('2026-01-15 12:05');
    expect(moment(undefined)).toBe('–');
  });
});
