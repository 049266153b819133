import { z } from 'zod';
import { onlyFields, parseBody, parseQuery, sessionFilterFields } from './input.ts';
import { inQuery, instantOf, limitOf } from './parameters.ts';

describe('instantOf', () => {
  const instant = instantOf('When');
  it.each([
    [1_767_225_600_000, 1_767_225_600_000],
    ['1767225600000', 1_767_225_600_000],
    ['2026-01-01', 1_767_225_600_000],
    ['2026-01-01T00:00:00Z', 1_767_225_600_000],
    ['2026-01-01T00:00', 1_767_225_600_000],
    ['2026-01-01T02:00:00.500+02:00', 1_767_225_600_500],
    [0, 0],
    [undefined, undefined],
  ])('reads %j', (sent, ms) => {
    expect(instant.parse(sent)).toBe(ms);
  });

  it.each([
    'May',
    'yesterday',
    '2026-13-01',
    '2026-02-30',
    '2026-01-01T25:00',
    '-1',
    -1,
    Infinity,
    NaN,
    '99999999999999999',
    true,
    [1],
  ])('refuses %j', (sent) => {
    expect(instant.safeParse(sent).success).toBe(false);
  });
});

describe('parseQuery', () => {
  const schema = onlyFields({ limit: inQuery(limitOf(100, 20)), ...sessionFilterFields });
  const detailsOf = (query: unknown) => {
    try {
      parseQuery(schema, query);
    } catch (error) {
      return (error as { details: { path: string; message: string }[] }).details;
    }
    throw new Error('was not refused');
  };

  it('names each invalid parameter, and the first one in its message', () => {
    const query = { limit: '101', from: 'soon', source: ['a', 'b'], evalStatus: 'x' };
    expect(detailsOf(query)).toEqual([
      { path: 'source', message: 'is given more than once' },
      { path: 'limit', message: 'must be a whole number from 1 to 100' },
      { path: 'from', message: expect.stringMatching(/^must be milliseconds since the epoch, or an ISO 8601 date/) },
      { path: 'evalStatus', message: 'must be one of golden, correct, incorrect, needs_review' },
    ]);
    expect(() => parseQuery(schema, query)).toThrow('source is given more than once, and 3 more problems');
    expect(() => parseQuery(schema, { limit: '10.5' })).toThrow(/^limit must be a whole number from 1 to 100$/);
  });

  it('names unknown parameters, and the known ones', () => {
    expect(detailsOf({ limt: '3', sourc: 'x' })).toEqual(
      ['limt', 'sourc'].map((path) => ({
        path,
        message:
          'is not known; valid are limit, source, model, project, from, to, provider, user, tag, evalStatus, hasErrors, parent',
      })),
    );
  });

  it('treats an empty parameter as absent', () => {
    expect(parseQuery(schema, { limit: '', source: '', tag: '', colour: '' })).toEqual({ limit: 20 });
    expect(parseQuery(schema, { limit: ['', '7', ''], source: ['', ''] })).toEqual({ limit: 7 });
  });

  it('does not also report a repeated parameter as missing', () => {
    const required = onlyFields({ q: z.string() });
    expect(() => parseQuery(required, { q: ['a', 'b'] })).toThrow(
      expect.objectContaining({ details: [{ path: 'q', message: 'is given more than once' }] }),
    );
  });

  it('filters a source by its stored name', () => {
    expect(parseQuery(schema, { source: 'cursor' })).toMatchObject({ source: 'cursor-sync' });
    expect(parseQuery(schema, { source: 'cursor-sync' })).toMatchObject({ source: 'cursor-sync' });
    expect(parseQuery(schema, { source: 'codex' })).toMatchObject({ source: 'codex' });
  });
});

describe('parseBody', () => {
  it.each([7, 'x', null, undefined, [], true])('reports that %j is not an object', (body) => {
    expect(() => parseBody(onlyFields({ a: z.string() }), body)).toThrow('The body must be a JSON object');
  });

  it('names a field inside an object by its path', () => {
    const schema = onlyFields({ filters: onlyFields(sessionFilterFields) });
    expect(() => parseBody(schema, { filters: { sourc: 'x' } })).toThrow('filters.sourc is not known');
    expect(() => parseBody(schema, { filters: 7 })).toThrow('filters must be a JSON object');
    expect(() => parseBody(schema, { filters: {}, filter: {} })).toThrow('filter is not known; valid are filters');
  });
});
