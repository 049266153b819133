import { searchBodySchema, searchQuerySchema } from './search-request.ts';

describe('search requests', () => {
  it('mean the same as a body and as a query string', () => {
    const body = searchBodySchema.parse({
      query: ' login ',
      type: 'hybrid',
      limit: 5,
      filters: { source: 'codex', from: 0 },
    });
    const query = searchQuerySchema.parse({ q: 'login', type: 'hybrid', limit: '5', source: 'codex', from: '0' });
    expect(query).toEqual(body);
    expect(body).toEqual({
      query: 'login',
      type: 'hybrid',
      level: 'session',
      limit: 5,
      filters: { source: 'codex', from: 0 },
    });
  });

  it('are full-text searches for 20 results by default', () => {
    expect(searchBodySchema.parse({ query: 'x' })).toEqual({
      query: 'x',
      type: 'fulltext',
      level: 'session',
      limit: 20,
      filters: {},
    });
  });

  it('treat null as absent', () => {
    const body = { query: 'x', type: null, limit: null, filters: { source: null, from: null, evalStatus: null } };
    for (const sent of [body, { ...body, filters: null }]) {
      expect(searchBodySchema.parse(sent)).toEqual({
        query: 'x',
        type: 'fulltext',
        level: 'session',
        limit: 20,
        filters: {},
      });
    }
  });

  it('reject unknown filters and fields', () => {
    expect(searchBodySchema.safeParse({ query: 'x', colour: 'red' }).error?.issues).toMatchObject([
      { keys: ['colour'], message: 'is not known; valid are query, type, level, limit, cursor, facets, filters' },
    ]);
    // Ignoring a misplaced filter would return what it should exclude.
    expect(searchBodySchema.safeParse({ query: 'x', source: 'codex' }).success).toBe(false);
    expect(searchBodySchema.safeParse({ query: 'x', filters: { sourc: 'codex' } }).error?.issues).toMatchObject([
      {
        path: ['filters'],
        keys: ['sourc'],
        message: expect.stringMatching(/^is not known; valid are source, model, /),
      },
    ]);
    expect(searchQuerySchema.safeParse({ q: 'x', sourc: 'codex' }).error?.issues).toMatchObject([{ keys: ['sourc'] }]);
  });

  it('find `cursor-sync` as `cursor`', () => {
    const filters = { source: 'cursor' };
    expect(searchBodySchema.parse({ query: 'x', filters }).filters.source).toBe('cursor-sync');
    expect(searchQuerySchema.parse({ q: 'x', ...filters }).filters.source).toBe('cursor-sync');
  });

  it('treats an empty filter as absent', () => {
    expect(searchBodySchema.parse({ query: 'x', filters: { source: '', tag: '' } }).filters).toEqual({});
  });

  it.each([
    {},
    { query: '' },
    { query: '  ' },
    { query: 7 },
    { query: 'x', type: 'fuzzy' },
    { query: 'x', level: 'part' },
    { query: 'x', limit: 0 },
    { query: 'x', limit: true },
    { query: 'x', limit: '5' },
    { query: null },
    'x',
    null,
    [],
  ])('are refused as %j', (body) => {
    expect(searchBodySchema.safeParse(body).success).toBe(false);
  });
});
