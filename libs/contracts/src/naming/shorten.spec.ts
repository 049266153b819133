import fc from 'fast-check';
import { shorten, shortenAtWord } from './shorten.ts';

const FAMILY = '👩‍👩‍👧';
const graphemes = (text: string) => [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);

describe('shortening', () => {
  it.each([
    ['leaves what fits', 'abcde', 5, 'abcde'],
    ['cuts with an ellipsis within the limit', 'abcdef', 5, 'abcd…'],
    ['never cuts a surrogate pair', 'abc👍def', 5, 'abc…'],
    ['never cuts an emoji sequence', `ab${FAMILY}cd`, 6, 'ab…'],
    ['never cuts a flag', 'ab🇩🇪🇫🇷cd', 7, 'ab🇩🇪…'],
    ['never cuts before a combining mark', 'abcde\u0301f', 6, 'abcd…'],
    ['never cuts within CR LF', 'abc\r\ndef', 5, 'abc…'],
  ])('%s', (_name, text, longest, short) => expect(shorten(text, longest)).toBe(short));

  it('cuts a single grapheme that is too long', () => {
    const marks = `a${'\u0301'.repeat(9_000)}`;
    expect(shorten(marks, 4_096)).toHaveLength(4_096);
  });

  it('keeps whole graphemes of any well-formed text, and as many as fit', () => {
    const piece = fc.constantFrom('a', 'ß', '漢', '👍', FAMILY, '🇩🇪', 'e\u0301', 'नि', ' ', '\r\n', '각');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 12, max: 80 }), (pieces, longest) => {
        const text = pieces.join('');
        const short = shorten(text, longest);
        expect(short.length).toBeLessThanOrEqual(longest);
        expect(short.isWellFormed()).toBe(true);
        if (text.length <= longest) return expect(short).toBe(text);
        const kept = short.slice(0, -1);
        const whole = graphemes(text);
        const count = graphemes(kept).length;
        expect(whole.slice(0, count).join('')).toBe(kept);
        expect(kept.length + whole[count]!.length).toBeGreaterThanOrEqual(longest);
      }),
    );
  });

  it('ends with a whole word if one ends near the cut', () => {
    expect(shortenAtWord('the quick brown fox jumps', 18)).toBe('the quick brown…');
    expect(shortenAtWord('the quick brown fox jumps', 100)).toBe('the quick brown fox jumps');
    expect(shortenAtWord(`see ${'x'.repeat(200)}`, 60)).toBe(`see ${'x'.repeat(55)}…`);
  });
});
