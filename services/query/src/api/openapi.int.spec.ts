import { Validator } from '@seriousme/openapi-schema-validator';
import { routeOf } from '@opensync/platform/api-document';
import { startQueryApp, type QueryApp } from '../testing/query-app.ts';
import type { ApiDocument } from './document.ts';
import { QUERY_ROUTES } from './routes.ts';

let app: QueryApp;
beforeAll(async () => {
  app = await startQueryApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const anonymous = { headers: { authorization: '' } };

describe('/openapi.json', () => {
  it('needs no key and has every route of the service, and those of ingest', async () => {
    const { status, body } = await app.request('GET', '/openapi.json', anonymous);
    const { paths } = body as ApiDocument;
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(status).toBe(200);
    // Read from the router, and not empty because of how it prints them.
    expect(app.routes()).toContain('GET /api/sessions/:id/media/:sha256');
    expect(documented).toEqual(expect.arrayContaining([...app.routes()]));
    expect(documented).toContain('POST /sync/batch');
  });

  it('is valid OpenAPI 3.1', async () => {
    const { body } = await app.request('GET', '/openapi.json', anonymous);
    const validator = new Validator();
    expect(await validator.validate(body)).toMatchObject({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('has only references that exist', async () => {
    const { text, body } = await app.request('GET', '/openapi.json', anonymous);
    const references = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path]) => path!);
    expect(references.length).toBeGreaterThan(20);
    for (const path of new Set(references)) {
      const found = path.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], body);
      expect([path, typeof found]).toEqual([path, 'object']);
    }
  });

  it('distinguishes a fixed path from one with a parameter', () => {
    expect(routeOf(QUERY_ROUTES, 'GET', '/api/sessions/get?id=x')?.path).toBe('/api/sessions/get');
    expect(routeOf(QUERY_ROUTES, 'GET', '/api/sessions/ses_1')?.path).toBe('/api/sessions/:id');
    expect(routeOf(QUERY_ROUTES, 'PUT', '/api/sessions/ses_1')).toBeUndefined();
  });
});

describe('/docs/api', () => {
  it('is a page with every operation and form, which loads and runs nothing', async () => {
    const { status, headers, bytes } = await app.get('/docs/api', { authorization: '' });
    const html = bytes.toString();
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    for (const { method, path, summary } of QUERY_ROUTES) {
      expect(html).toContain(`<b>${method}</b> ${path.replaceAll(/:(\w+)/g, '{$1}')}</code>`);
      expect(html).toContain(summary.replaceAll('"', '&quot;').replaceAll(/`([^`]+)`/g, '<code>$1</code>'));
    }
    const anchors = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g))
      expect([target, anchors.has(target)]).toEqual([target, true]);
    expect(html).not.toMatch(/<script|\ssrc=|\sstyle=|\son\w+=|@import|url\(/);
    expect(String(headers['content-security-policy'])).toContain("default-src 'none'");
  });
});
