import fc from 'fast-check';
import { parseQuery } from './query.ts';

const term = (text: string, options: { parts?: string; prefix?: boolean; quoted?: true } = {}) => ({
  words: text.split(' '),
  ...(options.parts && { parts: options.parts.split(' ') }),
  prefix: options.prefix ?? false,
  ...(options.quoted && { quoted: options.quoted }),
});

describe('parseQuery', () => {
  it('takes the last word as a prefix', () => {
    expect(parseQuery('fetch sess').all).toEqual([term('fetch'), term('sess', { prefix: true })]);
    expect(parseQuery('fetch sess ').all.at(-1)?.prefix).toBe(true);
  });

  it('takes quoted words as they are', () => {
    expect(parseQuery('"fetch the session"').all).toEqual([term('fetch the session', { quoted: true })]);
    const fetch = term('fetch');
    expect(parseQuery('fetch “the session”').all).toEqual([fetch, term('the session', { quoted: true })]);
    expect(parseQuery('fetch "the sess').all).toEqual([fetch, term('the sess', { quoted: true })]);
  });

  it('takes one dash as a negation, two as an option', () => {
    expect(parseQuery('push -draft -"work in progress"')).toEqual({
      all: [term('push', { prefix: true })],
      none: [term('draft'), term('work in progress', { quoted: true })],
      isEmpty: false,
    });
    expect(parseQuery('push --force').all).toEqual([term('push'), term('force', { prefix: true })]);
    expect(parseQuery('well-known').all).toEqual([term('well known', { prefix: true })]);
  });

  it('knows identifiers by their parts too', () => {
    expect(parseQuery('useSt').all).toEqual([term('usest', { parts: 'use st', prefix: true })]);
    expect(parseQuery('src/useAuth.ts"').all).toEqual([
      term('src useauth ts', { parts: 'src use auth ts', prefix: true }),
    ]);
  });

  it('takes operators of engines as plain words', () => {
    expect(parseQuery('a AND b* OR NEAR(title:c)').all.map(({ words }) => words.join(' '))).toEqual([
      'a',
      'and',
      'b',
      'or',
      'near title c',
    ]);
  });

  it('makes no prefix of scripts whose tokens are single characters', () => {
    expect(parseQuery('東京').all).toEqual([term('東 京')]);
  });

  it.each(['', '   ', '-', '--', '""', '-""', '*()^:', '-only', '-"only this" -that'])('is empty for %j', (text) => {
    expect(parseQuery(text)).toMatchObject({ all: [], isEmpty: true });
  });

  it('is bounded and never throws', () => {
    const many = parseQuery(Array.from({ length: 10_000 }, (_, n) => `word${n}`).join(' '));
    expect(many.all.length).toBe(32);
    expect(parseQuery(`"${'x '.repeat(5_000)}"`).all[0]?.words.length).toBe(64);
    const hostile = fc.string({ unit: fc.constantFrom(...'"-*()^:+{}[]\\ \0aB1_東👍\ud800\u0301') });
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
        const { all, none, isEmpty } = parseQuery(text);
        expect(isEmpty).toBe(all.length === 0);
        for (const { words, parts = ['x'] } of [...all, ...none]) {
          expect(words.length * parts.length).toBeGreaterThan(0);
          for (const token of [...words, ...parts]) expect(token).not.toMatch(/[\s"]/);
        }
      }),
    );
  });
});
