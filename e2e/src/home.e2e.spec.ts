import { startTarget, type Target } from './harness/target.ts';

describe('the address of the server in a browser', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget();
  });
  afterAll(() => target?.stop());

  it('is the console, whose files are all there', async () => {
    const response = await fetch(`${target.url}/`, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('cache-control')).toBe('no-store');
    const page = await response.text();
    const files = [...page.matchAll(/(?:src|href)="\.\/(app\/assets\/[^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const { status, headers } = await fetch(`${target.url}/${file}`);
      expect({ file, status, cached: headers.get('cache-control') }).toEqual({
        ...{ file, status: 200 },
        cached: expect.stringContaining('immutable'),
      });
    }
  });

  it('is JSON for a client that asks for it', async () => {
    const response = await fetch(target.url, { headers: { accept: 'application/json' } });
    expect(await response.json()).toMatchObject({ name: 'OpenSync', url: target.url, status: 'ok' });
  });
});
