import { type Role, ROLES } from '@opensync/contracts';
import { openPeople } from '@opensync/event-log/testing';
import { waitFor } from '@opensync/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { describeInBrowser, isTooWide, loggedIn } from './harness/browser.ts';
import { aSession } from './harness/console-sessions.ts';
import { deployment, startTarget, type Target } from './harness/target.ts';

/** Pages of the navigation by what they need; a page that is missing here fails the first test. */
const READERS: readonly Role[] = ['owner', 'admin', 'member', 'viewer'];
const ADMINS: readonly Role[] = ['owner', 'admin'];
const OFFERED: Readonly<Record<string, readonly Role[]>> = {
  '/app/sessions': READERS,
  '/app/search': READERS,
  '/app/live': READERS,
  '/app/context': READERS,
  '/app/evals': READERS,
  '/app/analytics': ROLES,
  '/app/wrapped': ROLES,
  '/app/logs': ROLES,
  '/app/operate/services': ADMINS,
  '/app/operate/dead-letters': ADMINS,
  '/app/operate/data': ADMINS,
  '/app/operate/schedules': ADMINS,
  '/app/operate/rebuild': ADMINS,
  '/app/operate/backups': ADMINS,
  '/app/operate/settings': ADMINS,
  '/app/connect': ROLES,
  '/app/members': READERS,
  '/app/profile': ROLES,
  '/app/docs': ROLES,
};
const OPERATORS = Object.keys(OFFERED).filter((path) => path.startsWith('/app/operate/'));
/** What a process of its own and servers of the stores can change: who is told what. The pages themselves are the same files. */
const TRIED = deployment() === 'all-in-one' ? ROLES : (['owner', 'analyst'] as const);

describeInBrowser('the console, walked as each role', (launch) => {
  let target: Target;
  let browser: Browser;
  const contexts = new Map<Role, BrowserContext>();
  const problems: string[] = [];
  let shared: string;

  beforeAll(async () => {
    [target, browser] = await Promise.all([
      startTarget({ OPENSYNC_READ_RATE_LIMIT: '0', OPENSYNC_KEYLESS_LIMIT: '0' }),
      launch(),
    ]);
    await using people = await openPeople(await target.log());
    // The first member of a workspace is its owner, and the last owner stays one.
    const first = await target.api('first@roles.example.com');
    await first.request('/sync/batch', { json: aSession('shared') });
    shared = await waitFor(async () => (await first.sessions()).find(({ title }) => title === 'Count the godwits')?.id);
    await first.request(`/api/sessions/${shared}`, { method: 'PATCH', json: { visibility: 'workspace' } });
    for (const role of TRIED) {
      const { keys } = await people.member(`${role}@roles.example.com`, 'default');
      await people.setRole(`${role}@roles.example.com`, role);
      await knows(keys.read, role);
      contexts.set(role, await loggedIn(browser, { url: target.url, key: keys.admin }));
    }
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await target?.stop();
  });

  /** Gateways learn a role a moment later. */
  async function knows(key: string, role: Role): Promise<void> {
    const headers = { authorization: `Bearer ${key}` };
    await waitFor(
      async () => {
        const answer = await fetch(`${target.url}/auth/session`, { headers });
        return ((await answer.json()) as { role?: string }).role === role;
      },
      { timeoutMs: 10_000, what: `the role ${role}` },
    );
  }
  async function pageOf(role: Role): Promise<Page> {
    const page = await contexts.get(role)!.newPage();
    page.on('pageerror', (error) => problems.push(`${role}: ${page.url()}: ${error.message}`));
    page.on('response', (answer) => {
      if (answer.status() === 403 || answer.status() >= 500) {
        problems.push(
          `${role}: ${new URL(page.url()).pathname} asked ${new URL(answer.url()).pathname}: ${answer.status()}`,
        );
      }
    });
    await page.goto(`${target.url}/`);
    await page.locator('nav[aria-label="Console"] a[aria-current="page"]').waitFor();
    return page;
  }

  it.each(TRIED)('offers a person with the role %s what the role may do, and nothing else', async (role) => {
    problems.length = 0;
    const page = await pageOf(role);
    const offered = (await page.evaluate(
      `[...document.querySelectorAll('nav[aria-label="Console"] .links a')].map((link) => new URL(link.href).pathname)`,
    )) as string[];
    expect(offered).toEqual(Object.keys(OFFERED).filter((path) => OFFERED[path]!.includes(role)));
    for (const path of offered) {
      await page.locator(`nav[aria-label="Console"] a:not(.brand)[href$="${path}"]`).click();
      await page.locator('main h1').first().waitFor();
      await page.waitForURL((url) => url.pathname === path);
      // Nothing of the page is refused; how current it is, is always in sight.
      await page.locator('.as-of', { hasText: 'as of' }).waitFor();
      if (OPERATORS.includes(path)) await page.getByText('For operators of the server').waitFor();
      expect([path, await page.locator('[data-trouble="forbidden"]').count()]).toEqual([path, 0]);
    }
    await page.close();
    expect(problems).toEqual([]);
  });

  it.each(TRIED)('says to the role %s why a page that it may not see is not shown', async (role) => {
    problems.length = 0;
    const page = await pageOf(role);
    for (const [path, roles] of Object.entries(OFFERED)) {
      if (roles.includes(role)) continue;
      await page.goto(`${target.url}${path}`);
      await page.getByText(/You may not see this|For operators of the server/).waitFor();
      expect(await page.locator('main h1').count()).toBe(1);
    }
    await page.close();
    expect(problems).toEqual([]);
  });

  it.each(TRIED.filter((role) => role !== 'analyst'))(
    'offers the role %s no change of the session of another',
    async (role) => {
      problems.length = 0;
      const page = await pageOf(role);
      await page.goto(`${target.url}/app/sessions/${shared}`);
      await page.locator('article .markdown').first().waitFor();
      expect(await page.getByRole('button', { name: 'Share' }).count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Evals' }).count()).toBe(ADMINS.includes(role) ? 1 : 0);
      await page.getByRole('button', { name: 'More' }).first().click();
      expect(await page.getByRole('menuitem', { name: /Rename|Delete/ }).count()).toBe(0);
      await page.close();
      expect(problems).toEqual([]);
    },
  );

  it('keeps how current a page is in sight on a phone, and says more of it on demand', async () => {
    const page = await pageOf('owner');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator('.as-of').click();
    await page.getByRole('heading', { name: 'How current this is' }).waitFor();
    await page.locator('#as-of-each dt').nth(2).waitFor();
    expect(await page.locator('#as-of-each dt').allTextContents()).toEqual(['Pages', 'Search', 'Search by meaning']);
    expect(await isTooWide(page)).toBe(false);
    await page.close();
  });
});
