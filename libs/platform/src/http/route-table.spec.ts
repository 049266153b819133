import { RouteTable, withoutOrigin } from './route-table.ts';

const table = new RouteTable();
for (const [method, url] of [
  ['POST', '/write'],
  ['GET', '/things/:id'],
  ['HEAD', '/things/:id'],
  ['PATCH', '/things/:id'],
  ['GET', '/things/get'],
  ['GET', '/public/*'],
  ['OPTIONS', '*'],
] as const) {
  table.add({ method, url });
}

it.each([
  ['/write', 'POST, OPTIONS'],
  ['/write/', 'POST, OPTIONS'],
  ['//write', 'POST, OPTIONS'],
  ['/write?a=/x#y', 'POST, OPTIONS'],
  ['http://host.example/write', 'POST, OPTIONS'],
  ['/things/7', 'GET, HEAD, PATCH, OPTIONS'],
  ['/things/get', 'GET, HEAD, PATCH, OPTIONS'],
  ['/public/a/b', 'GET, OPTIONS'],
  ['/public', 'GET, OPTIONS'],
  ['/things', ''],
  ['/things/', ''],
  ['/things/7/8', ''],
  ['/', ''],
  ['*', ''],
])('%s takes %j', (url, methods) => {
  expect(table.methodsOf(url).join(', ')).toBe(methods);
});

it('distinguishes a wrong method from a wrong path', () => {
  expect(table.noRoute('DELETE', '/write?token=osk_secret')).toMatchObject({
    code: 'METHOD_NOT_ALLOWED',
    message: 'This path supports POST, OPTIONS, not DELETE',
    headers: { allow: 'POST, OPTIONS' },
  });
  expect(table.noRoute('GET', '/nowhere?token=osk_secret')).toMatchObject({
    code: 'NOT_FOUND',
    message: 'There is nothing at GET /nowhere',
    headers: undefined,
  });
});

it.each([
  ['http://x/a?b#c', '/a?b#c'],
  ['HTTPS://x:1/a', '/a'],
  ['http://x', '/'],
  ['http://x?b=http://y/', '/?b=http://y/'],
  ['/a?b=http://y/z', '/a?b=http://y/z'],
  ['*', '*'],
])('%s is %s', (url, path) => {
  expect(withoutOrigin(url)).toBe(path);
});

it('repeats no more than 200 characters of a path', () => {
  expect(table.noRoute('GET', `/${'x'.repeat(10_000)}`).message.length).toBeLessThan(250);
});
