import { createHash } from 'node:crypto';
import { startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { AGENTS } from './agents.ts';

let app: QueryApp;
beforeAll(async () => {
  app = await startQueryApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const home = (headers: Record<string, string> = {}) => app.request('GET', '/', { headers });

const sourcesIn = (html: string, element: string) =>
  [...html.matchAll(new RegExp(`<${element}>([^]*?)</${element}>`, 'g'))].map(([, source]) => source!);
const digestOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

describe('the root', () => {
  it('is a page that shows its purpose, its health, and how to connect each agent', async () => {
    const { status, headers, text } = await home({ host: 'sync.example:8443', authorization: '' });
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    expect(text).toContain('<span id="state" class="state" role="status" data-state="ok">Healthy</span>');
    for (const { name, commands } of AGENTS) {
      expect(text).toContain(`<summary>${name}</summary>`);
      for (const line of commands('http://sync.example:8443').split('\n')) expect(text).toContain(line);
    }
    expect(text).toContain('opensync keys create');
    expect(text).not.toMatch(/osk_[\w-]/);
  });

  it('runs and loads only its own style and script', async () => {
    const { headers, text } = await home();
    const policy = new Map(
      String(headers['content-security-policy'])
        .split('; ')
        .map((directive) => [directive.split(' ')[0]!, directive.split(' ').slice(1)]),
    );
    expect(policy.get('default-src')).toEqual(["'none'"]);
    expect(policy.get('style-src')).toEqual(sourcesIn(text, 'style').map(digestOf));
    expect(policy.get('script-src')).toEqual(sourcesIn(text, 'script').map(digestOf));
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
    expect(String(headers['content-security-policy'])).not.toContain('unsafe');
    // Nothing that the policy would only block: no other sources, handlers or inline styles.
    expect(text).not.toMatch(/\ssrc=|\sstyle=|\son\w+=|@import|url\(/);
    const loaded = [...text.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href);
    expect(loaded).toEqual(['data:,']);
    for (const [link] of text.matchAll(/<a href="http[^>]*>/g)) expect(link).toContain('rel="noopener noreferrer"');
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
  });

  it('is JSON for a client that asks for it', async () => {
    const { headers, body } = await home({ host: 'localhost:3211', accept: 'application/json' });
    expect(body).toEqual({
      name: 'OpenSync',
      url: 'http://localhost:3211',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      status: 'ok',
      parts: {},
    });
    expect(headers.vary).toContain('Accept');
    expect(headers['content-type']).toMatch(/^application\/json/);
  });

  it('has the address that its caller uses, also behind a proxy', async () => {
    const urlFor = async (headers: Record<string, string>) =>
      (await home({ accept: 'application/json', ...headers })).body.url as string;
    expect(await urlFor({ host: 'a.example', 'x-forwarded-proto': 'https' })).toBe('https://a.example');
    expect(await urlFor({ host: '[::1]:3211' })).toBe('http://[::1]:3211');
    expect(await urlFor({ host: 'a.example', 'x-forwarded-proto': 'javascript' })).toBe('http://a.example');
  });

  it.each(['a"><script>alert(1)</script>', 'a.example/path', 'a b', "a'", 'user@a', 'a:99999999'])(
    'does not repeat an invalid host: %s',
    async (host) => {
      const { text } = await home({ host });
      expect(text).toContain('<code>http://localhost:3211</code>');
      expect(text).not.toContain(host);
    },
  );

  it('needs no key, and rejects other methods with the supported ones', async () => {
    expect((await home({ authorization: 'Bearer osk_wrong' })).status).toBe(200);
    const { status, headers } = await app.request('POST', '/', { body: {} });
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: expect.stringContaining('GET') });
  });
});
