import { readdir, readFile } from 'node:fs/promises';

import type { ApiDocument } from './api/document.ts';
import { documentedParameters, READ_ROUTES } from './read-routes.ts';
import { documentationOf } from './parameters.ts';

const api = await readFile(new URL('../../../docs/api.md', import.meta.url), 'utf8');
const rows = /<!-- parameters: npm run generate -->([\s\S]*?)<!-- \/parameters -->/
  .exec(api)![1]!
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

describe('docs/api.md', () => {
  it('lists every parameter of every read with its values and its default', () => {
    const listed = rows.map(([, name, routes, takes, usual, meaning]) => ({ name, routes, takes, usual, meaning }));
    expect(listed).toEqual(
      documentedParameters().map(({ name, routes, takes, usual = '', meaning }) => ({
        name: `\`${name}\``,
        routes: routes.map((route) => `\`${route}\``).join(', '),
        takes,
        usual,
        meaning,
      })),
    );
  });
});

/** Pages, files and probes, which people and machines find without a row. */
const WITHOUT_ROW =
  /^GET \/(?:app.*|auth\/(?:login(?:\.js)?|callback\/:provider)|docs\/.*|openapi\.json|health|livez|readyz)?$/;

describe('the tables of calls', () => {
  const documented = new Set<string>();
  beforeAll(async () => {
    const { paths } = JSON.parse(await readFile(new URL('../openapi.json', import.meta.url), 'utf8')) as ApiDocument;
    routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    const folder = new URL('../../../docs/', import.meta.url);
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.md')) continue;
      for (const line of (await readFile(new URL(name, folder), 'utf8')).split('\n')) {
        const [, cell = ''] = line.startsWith('|') ? line.split(/(?<!\\)\|/) : [];
        // `.png` and `.md` behind a date are the same route.
        for (const [, method, path] of cell.matchAll(/`(GET|POST|PATCH|DELETE) ([^`\s?]+)/g)) {
          documented.add(`${method} ${path!.replace(/\.png$/, '').replace(/<(\w+)>/g, ':$1')}`);
        }
      }
    }
  });
  let routes: readonly string[];

  it('have a row for every route of the OpenAPI document', () => {
    const missing = routes.filter((route) => !documented.has(route) && !WITHOUT_ROW.test(route));
    expect(missing).toEqual(['POST /auth/workos/webhook']);
  });

  it('have no row for a route that does not exist', () => {
    expect([...documented].filter((route) => !routes.includes(route))).toEqual([]);
  });
});

const parameters = Object.entries(READ_ROUTES).flatMap(([route, shape]) =>
  Object.entries(shape)
    .filter(([name]) => !name.startsWith(':'))
    .map(([name, schema]) => ({ name, route, schema, doc: documentationOf(schema) })),
);
const number = (text: string) => Number(text.replaceAll(',', ''));

describe.each(parameters)('$name of $route', ({ name, schema, doc }) => {
  it('accepts what its documentation says', () => {
    // The filters have a row each.
    if (name === 'filters') return expect(doc).toBeUndefined();
    const { takes, usual } = doc!;
    const accepts = (value: unknown) => schema.safeParse(value).success;
    const range = /^whole number, ([\d,]+) to ([\d,]+)$/.exec(takes)?.slice(1).map(number);
    const longest = /^text, (?:up|1) to ([\d,]+) characters/.exec(takes)?.[1];
    if (range) {
      expect([range[0], range[1], range[0]! - 1, range[1]! + 1].map(accepts)).toEqual([true, true, false, false]);
      expect(schema.parse(undefined)).toBe(usual === undefined ? undefined : number(usual));
    } else if (longest) {
      const texts = [number(longest), number(longest) + 1].map((length) => accepts('x'.repeat(length)));
      expect(texts).toEqual([true, false]);
      expect(accepts(undefined)).toBe(!takes.endsWith('; required'));
    } else if (takes.startsWith('`')) {
      expect(takes.split(', ').every((value) => accepts(value.slice(1, -1)))).toBe(true);
      const byDefault = schema.parse(undefined);
      expect(byDefault === undefined ? undefined : `\`${String(byDefault)}\``).toBe(usual);
      expect(accepts('something else')).toBe(false);
    } else if (takes.startsWith('some of ')) {
      const values = takes.slice('some of '.length).replaceAll('`', '').split(', ');
      expect([values, values.join(','), values.slice(1), undefined, 'else', ['else']].map(accepts)).toEqual([
        ...[true, true, true, true],
        ...[false, false],
      ]);
    } else if (takes.startsWith('an id ')) {
      const id = takes.replace(/^an id `(\w+)…`$/, `$1${'0'.repeat(26)}`);
      expect([id, undefined, `${id}0`, id.slice(4), 'else'].map(accepts)).toEqual([true, true, false, false, false]);
    } else if (takes.startsWith('a status ')) {
      expect(['404', '4xx', undefined, '40', 'soon'].map(accepts)).toEqual([true, true, true, false, false]);
    } else if (takes.startsWith('time zone ')) {
      expect(['Europe/Berlin', undefined, 'Europe/Nowhere'].map(accepts)).toEqual([true, true, false]);
    } else if (takes.startsWith('a date ')) {
      expect(['2026-01-31', undefined, '2026-02-31T00:00Z', 'soon'].map(accepts)).toEqual([true, true, false, false]);
    } else {
      expect(takes).toBe('milliseconds since the epoch, or ISO 8601');
      expect(['0', '2026-01-31', '2026-01-31T09:30:00Z', undefined, 'soon'].map(accepts)).toEqual([
        true,
        true,
        true,
        true,
        false,
      ]);
    }
  });
});
