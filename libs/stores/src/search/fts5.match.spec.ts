import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { matchExpression, negatedExpression } from './fts5.match.ts';
import { parseQuery } from './query.ts';
import { PUNCTUATION_IN_TOKENS } from './tokens.ts';

describe('matchExpression', () => {
  it.each([
    ['fetch sess', '"fetch" AND "sess" *'],
    ['"the session" -draft', '"the session"'],
    ['useState', '("usestate" * OR {parts tool} : "use state" *)'],
  ])('says %s', (query, expected) => expect(matchExpression(parseQuery(query))).toBe(expected));

  it('says apart what is negated', () => {
    expect(negatedExpression(parseQuery('"the session" -draft -"to do"'))).toBe('"draft" OR "to do"');
    expect(negatedExpression(parseQuery('session'))).toBeUndefined();
  });

  it('is valid whatever is typed', () => {
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
