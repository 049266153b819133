import { cleared, countOf, queryOf, readViews } from './filters.ts';

const parameters = (text: string) => new URLSearchParams(text);

it('passes filters and sorting on, and nothing else', () => {
  expect(queryOf(parameters('model=x&from=2026-01-01&view=table&limit=9999&sort=updatedAt&q='))).toEqual({
    ...{ model: 'x', from: '2026-01-01', sort: 'updatedAt' },
  });
});

it('counts filters without the sorting', () => {
  expect(countOf(parameters('model=x&source=y&sort=updatedAt&order=asc&layout=compact'))).toBe(2);
});

it('clears filters and keeps the rest', () => {
  expect(cleared(parameters('model=x&layout=compact'))).toBe('?layout=compact');
  expect(cleared(parameters('model=x'))).toBe('');
});

it.each([null, '', 'nonsense', '{}', '[1,null,{"name":"x"}]', '[{"name":"x","search":"javascript:1"}]'])(
  'takes unusable views for none: %j',
  (text) => expect(readViews(text)).toEqual([]),
);

it('reads views', () => {
  const views = [{ name: 'Mine', search: '?model=x' }];
  expect(readViews(JSON.stringify(views))).toEqual(views);
});
