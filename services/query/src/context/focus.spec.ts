import { parseQuery } from '@opensync/stores';
import { bestPlace, needlesOf } from './focus.ts';

const filler = 'nothing to see here at all. '.repeat(60);
const find = (query: string, text: string) => bestPlace(text, needlesOf(parseQuery(query)));

describe('bestPlace', () => {
  it('is where most of the words stand', () => {
    const text = `The pool is mentioned.\n${filler}The pool refuses a connection.\n${filler}`;
    expect(find('pool refuses connection', text)).toBe(text.indexOf('refuses'));
    expect(find('POOL', text)).toBe(4);
  });

  it.each([
    ['useState', 'useState'],
    ['src/auth.ts', 'src/auth.ts'],
    ['ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED'],
    ['再試行', '再試行'],
  ])('finds %s', (query, word) => {
    const text = `${filler}before ${word} after ${filler}`;
    expect(find(query, text)).toBe(filler.length + 'before '.length);
  });

  it('prefers rare words to frequent ones', () => {
    const lines = Array.from({ length: 900 }, (_, n) => `step ${n}: the scheduler looks at queue ${n} again`).join(
      '\n',
    );
    const at = find('scheduler queue 317', lines)!;
    expect(lines.slice(at)).toMatch(/^317/);
  });

  it('is unknown if the text has no word of the query', () => {
    expect(find('kitten', 'a concatenated text')).toBeUndefined();
    expect(find('kitten', '')).toBeUndefined();
    expect(find('', 'text')).toBeUndefined();
  });
});
