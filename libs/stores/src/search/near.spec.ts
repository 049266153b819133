import fc from 'fast-check';
import { canBeMisspelled, isNear, nearPattern } from './near.ts';

/** Optimal string alignment: as Levenshtein, and two neighbours changed round count once. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = least;
    }
  }
  return rows[a.length]![b.length]!;
}

const wordOf = (minLength: number) =>
  fc.array(fc.constantFrom('a', 'b', 'c', 'é'), { minLength, maxLength: 8 }).map((letters) => letters.join(''));

describe('nearPattern', () => {
  it('matches what begins alike and is at most one edit away', () => {
    fc.assert(
      fc.property(wordOf(4), wordOf(1), (word, other) => {
        const expected = word[0] === other[0] && distance(word, other) <= 1;
        expect({ word, other, near: isNear(word, false)(other) }).toEqual({ word, other, near: expected });
      }),
      { numRuns: 2000 },
    );
  });

  it('matches as a prefix what begins with such a word', () => {
    fc.assert(
      fc.property(wordOf(4), wordOf(1), (word, other) => {
        const beginnings = Array.from(other, (_, at) => other.slice(0, at + 1));
        const expected = beginnings.some((beginning) => isNear(word, false)(beginning));
        expect({ word, other, near: isNear(word, true)(other) }).toEqual({ word, other, near: expected });
      }),
      { numRuns: 1000 },
    );
  });

  it('is no longer than Elasticsearch takes', () => {
    expect(nearPattern('abcdefghijklmno', true).length).toBeLessThanOrEqual(1000);
  });
});

describe('canBeMisspelled', () => {
  it.each(['memroy', 'größe', 'памть'])('treats %s as a word', (word) => expect(canBeMisspelled(word)).toBe(true));
  it.each(['css', '𝒶𝒷𝒸𝒹𝒶𝒷𝒸𝒹', '1213', 'sha256', 'use_state', 'abcdefghijklmnop', '内存不足了'])(
    'takes %s literally',
    (word) => expect(canBeMisspelled(word)).toBe(false),
  );
});
