import type { Browser, Locator, Page } from 'playwright-core';
import type { Api } from './harness/api.ts';
import { startAllInOne, type AllInOne } from './harness/all-in-one.ts';
import { publishBelow, type BelowPath } from './harness/below-path.ts';
import { describeInBrowser } from './harness/browser.ts';
import { aSession } from './harness/console-sessions.ts';

const MOST_TABS = 80;

// One server for both: what works below a path works at the root, where console.e2e.spec.ts is.
describeInBrowser('the console’s account pages, by keys alone, below the path of a proxy', (launch) => {
  let target: AllInOne;
  let proxy: BelowPath;
  let browser: Browser;
  let owner: Api;
  const errors: string[] = [];
  const outside: string[] = [];
  beforeAll(async () => {
    [target, browser] = await Promise.all([
      startAllInOne({ OPENSYNC_BASE_PATH: '/below', OPENSYNC_READ_RATE_LIMIT: '0', OPENSYNC_SYNC: 'interval' }),
      launch(),
    ]);
    proxy = await publishBelow('/below', target.url);
    owner = await target.api('me@localhost');
    await owner.request('/sync/batch', { json: aSession('usual') });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await proxy?.[Symbol.asyncDispose]();
    await target?.stop();
  });

  /** A new browser, logged in on the login page, which leads on to `path`. */
  async function open(path: string): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    page.on('pageerror', (error) => errors.push(`${path}: ${error.message}`));
    page.on('request', (request) => {
      const { protocol, pathname } = new URL(request.url());
      if (protocol === 'http:' && !pathname.startsWith('/below/')) outside.push(request.url());
    });
    await page.goto(`${proxy.url}/auth/login?return=${encodeURIComponent(`/below${path}`)}`);
    await page.getByLabel('API key').fill(owner.key);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${proxy.url}${path}`);
    await page.locator('main h1').first().waitFor();
    return page;
  }
  /** Goes to an element as people without a mouse do. */
  async function tabTo(page: Page, element: Locator): Promise<void> {
    await element.waitFor();
    for (let tabs = 0; tabs < MOST_TABS; tabs++) {
      if ((await element.and(page.locator(':focus')).count()) > 0) return;
      await page.keyboard.press('Tab');
    }
    throw new Error('it is not reached with the tabulator');
  }
  async function press(page: Page, name: string): Promise<void> {
    await tabTo(page, page.getByRole('button', { name, exact: true }).first());
    await page.keyboard.press('Enter');
  }
  async function confirm(page: Page, name: string): Promise<void> {
    await tabTo(page, page.getByRole('dialog').getByRole('button', { name, exact: true }));
    await page.keyboard.press('Enter');
  }

  it('makes a key, fills it in, rotates and revokes it', async () => {
    const page = await open('/app/connect');
    await page.keyboard.press('n');
    await page.getByRole('dialog', { name: 'New key' }).waitFor();
    await page.keyboard.type('laptop');
    await page.keyboard.press('Enter');
    const key = await page.locator('.made code').first().textContent();
    expect(key).toMatch(/^osk_/);
    expect(await page.getByRole('tabpanel').textContent()).toContain(`CLAUDE_SYNC_API_KEY=${key}`);
    expect(await page.getByRole('tabpanel').textContent()).toContain(`CLAUDE_SYNC_CONVEX_URL=${proxy.url}`);
    const usable = async () =>
      (await fetch(`${target.url}/api/sessions`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await usable()).toBe(200);
    await press(page, 'Rotate laptop');
    await page.getByRole('dialog', { name: 'Rotate laptop' }).waitFor();
    await confirm(page, 'Rotate');
    await page.getByText('replaced').filter({ visible: true }).first().waitFor();
    expect(await page.locator('.made code').first().textContent()).not.toBe(key);
    expect(await usable()).toBe(200);
    // The former one is the last of that name.
    await tabTo(page, page.getByRole('button', { name: 'Revoke laptop' }).last());
    await page.keyboard.press('Enter');
    await confirm(page, 'Revoke the key');
    await page.getByText('laptop revoked').waitFor();
    expect(await usable()).toBe(401);
    await page.reload();
    await page.getByText('revoked').filter({ visible: true }).first().waitFor();
    expect(await page.locator('.made').count()).toBe(0);
    await page.context().close();
  });

  it('invites somebody, whose link works, and withdraws an invitation', async () => {
    const page = await open('/app/members');
    await page.keyboard.press('n');
    await page.getByRole('dialog', { name: 'Invite somebody' }).waitFor();
    await page.keyboard.type('grace@example.org');
    await page.keyboard.press('Enter');
    const link = await page.locator('.made code').first().textContent();
    expect(link).toContain(`${proxy.url}/auth/login#invitation=`);
    const hers = await (await browser.newContext()).newPage();
    await hers.goto(link!);
    await hers.locator('#accept').click();
    await hers.waitForURL(`${proxy.url}/app/sessions`);
    await hers.context().close();
    await page.reload();
    await page.getByLabel('Role of grace@example.org').waitFor();
    await page.keyboard.press('n');
    await page.getByRole('dialog', { name: 'Invite somebody' }).waitFor();
    await page.keyboard.press('Enter');
    await press(page, 'Withdraw the invitation for member');
    await confirm(page, 'Withdraw');
    await page.getByText('Nobody is invited at the moment.').waitFor();
    await press(page, 'Remove grace@example.org');
    await confirm(page, 'Remove');
    await page.getByText('grace@example.org removed').waitFor();
    await page.context().close();
  });

  it('shows changes as they happen, and continues after a pause without losing any', async () => {
    const page = await open('/app/live');
    const say = (id: string) =>
      owner.request('/sync/message', {
        json: { sessionExternalId: 'usual', externalId: id, role: 'user', textContent: 'Now' },
      });
    const lines = page.locator('.feed li.message');
    await page.locator('.state.isOpen').waitFor();
    await say('live-1');
    await lines.first().waitFor();
    await page.keyboard.press('p');
    await page.getByText('Paused since').waitFor();
    await say('live-2');
    await say('live-3');
    await page.keyboard.press('p');
    await lines.nth(2).waitFor();
    expect(await lines.count()).toBe(3);
    await tabTo(page, lines.first().getByRole('link'));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/app\/sessions\/ses_\w+\?m=msg_/);
    await page.context().close();
  });

  it('finds a page of the documentation, and follows a link in it to its section', async () => {
    const page = await open('/app/docs');
    await page.keyboard.type('invitation of a new member');
    const hit = page.locator('.found a[href$="/app/docs/members#invitations"]').first();
    await tabTo(page, hit);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/app\/docs\/members#invitations$/);
    await page.locator('.document h2', { hasText: 'Invitations' }).waitFor();
    await tabTo(page, page.locator('.document a', { hasText: 'access' }).first());
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/app\/docs\/access$/);
    await page.locator('.document h1', { hasText: 'Users, workspaces and keys' }).waitFor();
    await page.context().close();
  });

  it('keeps how the console looks, and logs out everywhere', async () => {
    const page = await open('/app/profile');
    const other = await open('/app/sessions');
    await page.reload();
    await tabTo(page, page.getByRole('radio', { name: 'As the system' }).first());
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.reload();
    await page.locator(':root[data-theme="dark"]').waitFor();
    await press(page, 'Log out everywhere');
    await confirm(page, 'Log out everywhere');
    await page.getByLabel('API key').waitFor();
    await other.keyboard.press('g');
    await other.keyboard.press('p');
    await other.getByRole('dialog', { name: 'Log in again' }).waitFor();
    await page.context().close();
    await other.context().close();
  });

  it('continues at the first page, and finds the documentation’s pages below the path', async () => {
    const page = await open('/app/sessions');
    await page.goto(`${proxy.url}/auth/login`);
    await tabTo(page, page.getByRole('link', { name: 'Continue' }));
    await page.keyboard.press('Enter');
    await page.waitForURL(`${proxy.url}/app/sessions`);
    for (const [from, link, to] of [
      ['/docs', 'Backup', '/docs/backup'],
      ['/docs/adr/0063-the-console-is-static-files-that-the-api-serves', 'All pages', '/docs'],
      ['/docs/members', 'access', '/docs/access'],
      ['/docs/api', 'openapi.json', '/openapi.json'],
    ] as const) {
      await page.goto(`${proxy.url}${from}`);
      await page.getByRole('link', { name: link, exact: true }).first().click();
      await page.waitForURL(`${proxy.url}${to}`);
    }
    await page.context().close();
  });

  it('had no error of its own, and asked for nothing outside the path', () => {
    expect({ errors, outside }).toEqual({ errors: [], outside: [] });
  });
});
