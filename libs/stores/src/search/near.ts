import { isSingleCharacter } from './tokens.ts';

/** In UTF-16. Shorter words have too many neighbours; the pattern of longer ones is longer than Elasticsearch takes (1,000). */
const SHORTEST = 4;
const LONGEST = 15;
const LETTERS_ALONE = /^\p{L}+$/v;

/** Whether a word may be a misspelled one: numbers and identifiers with digits or `_` are taken literally. */
export function canBeMisspelled(word: string): boolean {
  return word.length >= SHORTEST && word.length <= LONGEST && LETTERS_ALONE.test(word) && !isSingleCharacter(word);
}

/**
 * A regular expression for whole words that begin with the same letter and differ in at most one: another letter, one
 * more, one less, or two neighbours swapped (an optimal string alignment distance of 1). With `prefix`, for all words
 * that begin with such a word. Uses only syntax that JavaScript and Lucene share, so that all engines find the same.
 */
export function nearPattern(word: string, prefix: boolean): string {
  const letters = [...word];
  const from = (at: number) => letters.slice(at).join('');
  const alternatives = new Set<string>([`${word}.`]);
  for (let at = 1; at < letters.length; at++) {
    const before = letters.slice(0, at).join('');
    alternatives.add(`${before}.${from(at + 1)}`);
    alternatives.add(`${before}${from(at + 1)}`);
    alternatives.add(`${before}.${from(at)}`);
    if (at + 1 < letters.length) alternatives.add(`${before}${letters[at + 1]}${letters[at]}${from(at + 2)}`);
  }
  return `(${[...alternatives].join('|')})${prefix ? '.*' : ''}`;
}

/** Whether a word is what {@link nearPattern} describes. */
export function isNear(word: string, prefix: boolean): (candidate: string) => boolean {
  const pattern = new RegExp(`^${nearPattern(word, prefix)}$`, 'sv');
  return (candidate) => pattern.test(candidate);
}
