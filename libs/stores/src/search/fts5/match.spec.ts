import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { anyExpression, matchExpression, negatedExpression, phrasesOf } from './match.ts';
import { parseQuery } from '../query.ts';
import { PUNCTUATION_IN_TOKENS } from '../tokens.ts';

describe('matchExpression', () => {
  it.each([
    ['"fetch" xyz', '"fetch" AND ("xyz" * OR "xyz")'],
    ['"the session" -draft', '"the session"'],
    ['useXy9', '("usexy9" * OR {parts tool} : "use xy 9" * OR "usexy9" OR {parts tool} : "use xy 9")'],
  ])('says %s', (query, expected) => expect(matchExpression(parseQuery(query))).toBe(expected));

  it('is made of phrases', () => {
    const phrasesIn = (query: string) => phrasesOf(matchExpression(parseQuery(query)));
    expect(phrasesIn('"fetch it" xyz')).toEqual(['"fetch it"', '"xyz" *', '"xyz"']);
    expect(phrasesIn('useXy9 "c++"')).toEqual(['"usexy9"', '{parts tool} : "use xy 9"', '"c++"']);
  });

  it('repeats complete words, in each form', () => {
    const expression = matchExpression(parseQuery('request'));
    expect(expression).toBe('("request" * OR "request" OR "requests" OR "requested" OR "requesting")');
    // Forms that begin otherwise would match what does not begin with what was typed.
    expect(matchExpression(parseQuery('requests'))).toBe('("requests" * OR "requests")');
  });

  it('lists forms and any of several terms', () => {
    const terms = [
      { text: 'a', words: ['a'], prefix: false, forms: ['as'] },
      { text: 'b c', words: ['b', 'c'], prefix: false },
    ];
    expect(anyExpression(terms)).toBe('("a" OR "as") OR "b c"');
  });

  it('separates negated terms', () => {
    expect(negatedExpression(parseQuery('"the session" -draft -"to do"'))).toBe('"draft" OR "to do"');
    expect(negatedExpression(parseQuery('session'))).toBeUndefined();
  });

  it('is valid for any input', () => {
    const database = new DatabaseSync(':memory:');
    database.exec(
      `CREATE VIRTUAL TABLE fts USING fts5 (title, text, project, parts, tool, tokenize = "ascii tokenchars '${PUNCTUATION_IN_TOKENS}'")`,
    );
    const match = database.prepare('SELECT rowid FROM fts WHERE fts MATCH ?');
    const pieces = [
      '"',
      '-',
      '*',
      '(',
      ')',
      '^',
      ':',
      '+',
      '{',
      '}',
      ' ',
      '\0',
      'NEAR',
      ' AND ',
      ' OR ',
      ' NOT ',
      'title:',
    ];
    const unit = fc.oneof(fc.constantFrom(...pieces, 'aB1', '_', '東', '👍', '\ud800'), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const parsed = parseQuery(text);
        if (!parsed.isEmpty) expect(match.all(matchExpression(parsed))).toEqual([]);
        const negated = negatedExpression(parsed);
        if (negated !== undefined) expect(match.all(negated)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
    database.close();
  });
});
