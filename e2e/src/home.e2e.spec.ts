import { startTarget, type Target } from './harness/target.ts';

describe('the address of the server in a browser', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget();
  });
  afterAll(() => target?.stop());

  it('is a page that says how it is and how to connect an agent, with the address that it was opened at', async () => {
    const response = await fetch(`${target.url}/`, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const page = await response.text();
    expect(page).toContain('data-state="ok"');
    for (const agent of ['Claude Code', 'OpenCode', 'Codex', 'Cursor', 'Droid', 'Pi']) expect(page).toContain(agent);
    expect(page).toContain(`export CLAUDE_SYNC_CONVEX_URL=${target.url}\n`);
    expect(page).not.toMatch(/osk_[\w-]/);
  });

  it('is JSON for a client that asks for it', async () => {
    const response = await fetch(target.url, { headers: { accept: 'application/json' } });
    expect(await response.json()).toMatchObject({ name: 'OpenSync', url: target.url, status: 'ok' });
  });
});
