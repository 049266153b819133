import { DatabaseSync } from 'node:sqlite';
import { parseQuery } from '../query.ts';
import { excerpt, LONGEST_EXCERPT, longestWord } from './excerpt.ts';

const FILLING = 'lorem ipsum ';

describe('the excerpt of a text', () => {
  const database = new DatabaseSync(':memory:');
  const read = database.prepare(`SELECT ${excerpt('text')} AS excerpt FROM (SELECT :text AS text)`);
  afterAll(() => database.close());
  const of = (text: string, word: string) => read.get({ text, word })!.excerpt as string;

  it('is all of a short one', () => {
    for (const text of ['', 'short', FILLING.repeat(5_000), 'a\0b']) expect(of(text, 'nothing')).toBe(text);
  });

  it.each([0, 1_000, 100_000, 400_000])('is bounded and has the hit at %i words', (at) => {
    const text = `${FILLING.repeat(at / 2)}the Needle ${FILLING.repeat(200_000)}`;
    const found = of(text, 'needle');
    expect(found.length).toBeLessThanOrEqual(LONGEST_EXCERPT);
    expect(found).toContain('the Needle lorem');
  });

  it.each([
    ['nothing is found', FILLING.repeat(100_000)],
    ['it has a NUL at its beginning', `a\0${FILLING.repeat(100_000)}`],
  ])('is bounded if %s', (_name, text) => {
    expect(of(text, 'needle').length).toBeLessThanOrEqual(LONGEST_EXCERPT);
  });

  it('is around the longest word of the query', () => {
    expect(longestWord(parseQuery('the "needle x" in hay').all)).toBe('needle');
    expect(longestWord([])).toBe('');
  });
});
