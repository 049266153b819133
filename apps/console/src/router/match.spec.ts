import { match, withParameters } from './match.ts';

it.each([
  ['/app/sessions', '/app/sessions', {}],
  ['/app/sessions', '/app/sessions/', {}],
  ['/app/sessions/:id', '/app/sessions/ses_1', { id: 'ses_1' }],
  ['/app/sessions/:id', '/app/sessions/a%20b%2Fc', { id: 'a b/c' }],
  ['/app/sessions/:id', '/app/sessions/%E0%A4%A', undefined],
  ['/app/sessions/:id', '/app/sessions', undefined],
  ['/app/sessions', '/app/search', undefined],
])('%s of %s is %j', (pattern, path, params) => {
  expect(match(pattern, path)).toEqual(params);
});

it('changes parameters and leaves the others', () => {
  expect(withParameters('?a=1&b=2', { b: undefined, c: ['x', 'y'] })).toBe('?a=1&c=x&c=y');
  expect(withParameters('?a=1', { a: '' })).toBe('');
});
