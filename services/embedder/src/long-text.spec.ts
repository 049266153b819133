import fc from 'fast-check';
import { meanVector, splitToFit, toUnitLength } from './long-text.ts';

describe('splitToFit', () => {
  const atMost = (characters: number) => (piece: string) => piece.length <= characters;

  it('leaves fitting text alone', () => {
    expect(splitToFit('a b c', atMost(5))).toEqual(['a b c']);
    expect(splitToFit('', atMost(5))).toEqual(['']);
  });

  it('cuts evenly and between words', () => {
    expect(splitToFit('alpha beta gamma delta', atMost(12))).toEqual(['alpha beta ', 'gamma delta']);
  });

  it('loses nothing, exceeds nothing and splits no character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 2, max: 40 }), (text, limit) => {
        const pieces = splitToFit(text, atMost(limit));
        expect(pieces.join('')).toBe(text);
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(limit);
          expect(piece.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it('ends if not even one character fits', () => {
    expect(splitToFit('👍👍', () => false)).toEqual(['👍', '👍']);
  });
});

describe('toUnitLength', () => {
  it('keeps the direction', () => {
    expect([...toUnitLength([3, 4])]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  });

  it.each([[[0, 0]], [[Number.NaN, 1]], [[Infinity, 1]]])('rejects %j, which cannot be normalized', (vector) => {
    expect(() => toUnitLength(vector)).toThrow(RangeError);
  });
});

describe('meanVector', () => {
  it('weighs pieces by their length', () => {
    const mean = meanVector([
      { vector: [1, 0], weight: 3 },
      { vector: [0, 1], weight: 4 },
    ]);
    expect(mean[0]).toBeCloseTo(0.6);
    expect(mean[1]).toBeCloseTo(0.8);
  });
});
