import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { openConsole } from './files.ts';

const SCRIPT = `export const long = '${'x'.repeat(2000)}';`;

let app: QueryApp;
let built: TemporaryFolder;
beforeAll(async () => {
  app = await startQueryApp();
  built = await temporaryFolder();
  const assets = join(built.path, 'app', 'assets');
  await mkdir(assets, { recursive: true });
  await writeFile(join(built.path, 'index.html'), '<!doctype html><base href="/" /><title>OpenSync</title>');
  await writeFile(join(built.path, '.sources'), 'secret');
  await writeFile(join(assets, 'index-1.js'), SCRIPT);
  await writeFile(join(assets, 'index-1.js.br'), brotliCompressSync(SCRIPT));
  await writeFile(join(assets, 'other-2.css'), 'body{}');
});
beforeEach(() => app.replace({ console: openConsole('/', built.path) }));
afterEach(() => app.restore());
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await built.remove();
});

const policyOf = (headers: Readonly<Record<string, unknown>>) =>
  new Map(
    String(headers['content-security-policy'])
      .split('; ')
      .map((directive) => [directive.split(' ')[0]!, directive.split(' ').slice(1).join(' ')]),
  );

describe('the console', () => {
  it.each(['/', '/app', '/app/sessions', '/app/sessions/ses_1?around=mps_1'])(
    'is one page, without a key, that nothing stores: %s',
    async (path) => {
      const { status, headers, bytes } = await app.get(path, { authorization: '', accept: 'text/html,*/*;q=0.8' });
      expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
      expect(bytes.toString()).toContain('<base href="/" />');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    },
  );

  it('runs no inline script or style, loads nothing from other origins, and is not framed', async () => {
    const policy = policyOf((await app.get('/app/sessions')).headers);
    expect(policy.get('default-src')).toBe("'none'");
    for (const directive of ['script-src', 'style-src', 'connect-src', 'img-src', 'worker-src']) {
      expect([directive, policy.get(directive)]).toEqual([directive, "'self'"]);
    }
    expect(policy.get('frame-ancestors')).toBe("'none'");
    expect(policy.get('require-trusted-types-for')).toBe("'script'");
    expect(policy.get('trusted-types')).not.toMatch(/\*|allow-duplicates|'/);
  });

  it('knows the path that a proxy publishes it under', async () => {
    app.replace({ console: openConsole('/opensync/', built.path) });
    expect((await app.get('/app')).bytes.toString()).toContain('<base href="/opensync/" />');
  });

  it('leaves its place to the page about connecting agents if it is not built', async () => {
    app.replace({ console: openConsole('/', join(built.path, 'nothing')) });
    for (const path of ['/', '/app/sessions']) {
      const { status, bytes } = await app.get(path);
      expect(status).toBe(200);
      expect(bytes.toString()).toContain('Connect an agent');
    }
    expect((await app.get('/app/assets/index-1.js')).status).toBe(404);
  });

  it('leaves the root to programs that ask for JSON', async () => {
    const { headers, body } = await app.request('GET', '/', { headers: { accept: 'application/json' } });
    expect(body.name).toBe('OpenSync');
    expect(headers.vary).toContain('Accept');
  });
});

describe('an asset of the console', () => {
  it.each([
    ['br, gzip', 'br'],
    ['gzip', undefined],
    ['br;q=0', undefined],
    ['', undefined],
  ])('is sent as the build compressed it, if its client accepts that: %j', async (accepts, coding) => {
    const { status, headers, bytes } = await app.get('/app/assets/index-1.js', {
      authorization: '',
      'accept-encoding': accepts,
    });
    expect({ status, coding: headers['content-encoding'] }).toEqual({ status: 200, coding });
    expect(bytes).toEqual(coding ? brotliCompressSync(SCRIPT) : Buffer.from(SCRIPT));
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable, no-transform');
    expect(headers.vary).toContain('Accept-Encoding');
  });

  it.each([
    'index-2.js',
    'index-1.js.br',
    '..%2findex.html',
    '..%2f.sources',
    '%2e%2e%2findex.html',
    'constructor.js',
    'x',
  ])('is none of another name: %s', async (name) => {
    const { status, headers } = await app.get(`/app/assets/${name}`);
    expect(status).toBe(404);
    expect(headers['cache-control']).toBe('no-store');
  });
});
