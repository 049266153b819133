import { jetstream } from '@nats-io/jetstream';
import { eventSubject, type Owner } from '@opensync/contracts';
import { connectLog } from '@opensync/event-log';
import { DeadLetters } from '@opensync/event-log/dead-letters';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { waitFor } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { bytesOnTheWire, describeInBrowser, isTooWide, loggedIn, violationsOf } from './harness/browser.ts';
import { aSession, aSessionOfAttacks, ATTACKS, manyMessages } from './harness/console-sessions.ts';
import { startAllInOne, type AllInOne } from './harness/all-in-one.ts';

const MANY = 10_000;
const FIRST_LOAD_BYTES = 90_000;
const MOST_NODES = 500;
/** Requests to the API that a page makes until it is readable. */
const MOST_REQUESTS = 8;

describeInBrowser('the console', (launch) => {
  let target: AllInOne;
  let browser: Browser;
  let ada: Api;
  let context: BrowserContext;
  /** In which an operator is logged in. */
  let operators: BrowserContext;
  const ids: Record<string, string> = {};
  /** Ada. */
  let owner: Owner;
  const errors: string[] = [];
  beforeAll(async () => {
    [target, browser] = await Promise.all([
      startAllInOne({ OPENSYNC_READ_RATE_LIMIT: '0', OPENSYNC_SYNC: 'interval' }),
      launch(),
    ]);
    ada = await target.api('ada-who-looks@example.com');
    await ada.request('/sync/batch', { json: aSession('usual') });
    await ada.request('/sync/batch', { json: aSessionOfAttacks('attacked') });
    for (const batch of manyMessages('many', MANY)) await ada.request('/sync/batch', { json: batch });
    const message = {
      sessionExternalId: 'large',
      externalId: 'm1',
      role: 'user',
      textContent: 'A word. '.repeat(650_000),
    };
    await ada.request('/sync/message', { json: message });
    await waitFor(
      async () => (await ada.sessions()).find(({ externalId }) => externalId === 'many')?.messageCount === MANY,
      {
        ...{ timeoutMs: 60_000, what: 'the session of many messages' },
      },
    );
    for (const { externalId, id } of await ada.sessions()) ids[externalId] = id;
    const { user, workspace } = (
      await ada.request<{ user: { id: Owner['userId'] }; workspace: { id: Owner['workspaceId'] } }>('/auth/session')
    ).body;
    owner = { workspaceId: workspace.id, userId: user.id };
    await makeDeadLetter();
    context = await loggedIn(browser, { url: target.url, key: ada.key });
    operators = await browser.newContext();
    const link = await target.command('users', 'login-link', 'me@localhost', '--operator');
    const page = await operators.newPage();
    await page.goto(link.stdout.trim());
    await page.locator('#use-link').click();
    await page.waitForURL(/\/app\//);
    await page.close();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await target?.stop();
  });

  /** An event that no projection can read. */
  async function makeDeadLetter(): Promise<void> {
    const log = await connectLog({ ...(await target.log()), name: 'e2e' });
    try {
      await jetstream(log).publish(eventSubject(owner, 'session'), '{"sessionId":');
      const letters = new DeadLetters(log);
      await waitFor(async () => (await letters.list()).length > 0, { timeoutMs: 30_000, what: 'the dead letter' });
    } finally {
      await log.close();
    }
  }

  /** Addresses that pages asked for, other than those of the server. */
  const foreign: string[] = [];
  async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}, of = context): Promise<Page> {
    const { cookies } = await of.storageState();
    const window = await browser.newContext({ ...options, storageState: { cookies, origins: [] } });
    const page = await window.newPage();
    page.on('pageerror', (error) => errors.push(`${path}: ${error.message}`));
    // Before the page is loaded, or what it loads first is not seen.
    page.on('request', (request) => {
      if (!request.url().startsWith(`${target.url}/`) && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    page.on('dialog', (dialog) => void dialog.dismiss());
    await page.goto(`${target.url}${path}`);
    return page;
  }
  const close = (page: Page) => page.context().close();
  type Walked = readonly [name: string, path: string, ready: string, of?: BrowserContext];
  /** Every page, in groups that are walked in one test each, with a time limit of its own. */
  const GROUPS: Readonly<Record<string, () => readonly Walked[]>> = {
    work: () => [
      ['sessions', '/app/sessions', 'table tbody tr'],
      ['filters', '/app/sessions?source=claude-code', 'table tbody tr'],
      ['timeline', '/app/sessions?layout=timeline', '.lane'],
      ['session', `/app/sessions/${ids.usual}`, '.markdown p'],
      ['search', '/app/search?q=estuary&type=fulltext', '.hits li'],
      ['live', '/app/live', '.state.isOpen'],
      ['context', '/app/context?q=estuary', '.passages li'],
    ],
    insight: () => [
      ['evals', '/app/evals', 'main nav[aria-label="Evals"]'],
      ['export of evals', '/app/evals?tab=export', '.exporter'],
      ['analytics', '/app/analytics', 'main .groups'],
      ['wrapped', '/app/wrapped', '.designs img'],
      ['API log', '/app/logs', '.route'],
    ],
    operate: () => [
      ['settings for somebody else', '/app/operate/settings', 'main h1'],
      ['services', '/app/operate/services', 'main table', operators],
      ['dead letters', '/app/operate/dead-letters', 'main table', operators],
      ['data', '/app/operate/data', '.wanted', operators],
      [
        'document',
        `/app/operate/data/${ids.usual}?workspace=${owner.workspaceId}&user=${owner.userId}`,
        'main table',
        operators,
      ],
      ['schedules', '/app/operate/schedules', 'main table', operators],
      ['rebuild', '/app/operate/rebuild', 'main table', operators],
      ['backups', '/app/operate/backups', 'main dl.facts', operators],
      ['settings', '/app/operate/settings', 'main dl.card', operators],
    ],
    account: () => [
      ['keys and connect', '/app/connect', 'main table tbody tr'],
      ['members for somebody else', '/app/members', 'main table tbody tr'],
      ['members', '/app/members', '#invitations', operators],
      ['profile', '/app/profile', '.logins li'],
      ['docs', '/app/docs', '.pages li'],
      ['search of the docs', '/app/docs?q=backup', '.found li'],
      ['page of the docs', '/app/docs/members', '.document h1'],
      ['decision', '/app/docs/adr/0063-the-console-is-static-files-that-the-api-serves', '.document h1'],
    ],
  };
  const LONGEST_WALK_MS = 120_000;

  /** Opens each page of a group in turn. Pages of the same login share a window, and with it what was loaded. */
  async function walk(
    group: string,
    options: Parameters<Browser['newContext']>[0],
    look: (page: Page, name: string) => Promise<void>,
  ): Promise<void> {
    const windows = new Map<BrowserContext, Page>();
    for (const [name, path, ready, of = context] of GROUPS[group]!()) {
      const page = windows.get(of) ?? (await open('/livez', options, of));
      windows.set(of, page);
      await page.goto(`${target.url}${path}`);
      await page.locator(ready).first().waitFor();
      await look(page, name);
    }
    for (const page of windows.values()) await close(page);
  }

  describe.each(Object.keys(GROUPS))('the pages of the group %s', (group) => {
    it.each(['light', 'dark'] as const)(
      'have no violation of WCAG 2.2 AA, %s',
      async (colorScheme) => {
        const found: string[] = [];
        await walk(group, { colorScheme, reducedMotion: 'reduce' }, async (page, name) => {
          found.push(...(await violationsOf(page)).map((violation) => `${name}: ${violation}`));
        });
        expect(found).toEqual([]);
      },
      LONGEST_WALK_MS,
    );

    it(
      'fit into 390 and 320 pixels, without a violation of WCAG 2.2 AA',
      async () => {
        const found: string[] = [];
        const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
        await walk(group, phone, async (page, name) => {
          for (const width of [390, 320]) {
            await page.setViewportSize({ width, height: 844 });
            expect([name, width, await isTooWide(page)]).toEqual([name, width, false]);
          }
          await page.setViewportSize(phone.viewport);
          found.push(...(await violationsOf(page)).map((violation) => `${name}: ${violation}`));
        });
        expect(found).toEqual([]);
      },
      LONGEST_WALK_MS,
    );
  });

  it('leads from the list into a session, to a search and to the message that it found, by keys alone', async () => {
    const page = await open('/app/sessions');
    await page.locator('table tbody tr').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/app\/sessions\/ses_/);
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.waitForURL(/\/app\/search/);
    await page.getByRole('searchbox', { name: 'Search sessions' }).waitFor();
    await page.keyboard.type('estuary');
    await page.locator('.hits li').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/app\/sessions\/ses_\w+\?m=msg_/);
    await page.locator('article.isTarget').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('keyboard');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await close(page);
  });

  it('runs nothing that somebody put into a session, in any view, public page included', async () => {
    const { body } = await ada.request<{ publicSlug: string }>(`/api/sessions/${ids.attacked}`, {
      ...{ method: 'PATCH', json: { isPublic: true, evalTags: [ATTACKS[0]!.slice(0, 60)] } },
    });
    const views = [
      '/app/sessions',
      '/app/sessions?layout=timeline',
      `/app/sessions/${ids.attacked}`,
      `/app/search?q=attack&type=fulltext`,
      `/app/search?q=${encodeURIComponent(ATTACKS[0]!)}&type=fulltext`,
      `/s/${body.publicSlug}`,
    ];
    for (const view of views) {
      const page = await open(view);
      await page.getByText('attack').first().waitFor({ state: 'attached' });
      if (view.includes('/ses_')) {
        await page.getByLabel('Density').selectOption('full');
        await page.locator('details.tool[open]').first().waitFor();
        for (let n = 0; n < 10; n++) await page.mouse.wheel(0, 2_000);
      }
      const state = await page.evaluate(
        `({ ran: window.attacked, handlers: document.querySelectorAll('[onerror], [onload], [onclick], main script, iframe, object, embed, form[action]').length,
            links: [...document.querySelectorAll('a[href]')].filter((link) => /^(javascript|data|vbscript):/i.test(link.href)).length })`,
      );
      expect({ view, state, foreign }).toEqual({ view, state: { ran: undefined, handlers: 0, links: 0 }, foreign: [] });
      await close(page);
    }
  });

  it('loads at most 90 kB at first, and asks the API little', async () => {
    for (const [name, path, ready] of GROUPS.work!().filter(([one]) => one === 'sessions' || one === 'search')) {
      const files: string[] = [];
      let requests = 0;
      const page = await open('/livez');
      page.on('request', (request) => {
        if (request.url().includes('/app/assets/')) files.push(request.url());
        if (/\/(api|auth|readyz)/.test(new URL(request.url()).pathname)) requests++;
      });
      await page.goto(`${target.url}${path}`);
      await page.locator(ready).first().waitFor();
      const sizes = await Promise.all([...new Set(files)].map((file) => bytesOnTheWire(file)));
      expect(sizes.length).toBeGreaterThan(1);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      expect({ name, bytes: bytes <= FIRST_LOAD_BYTES, few: requests <= MOST_REQUESTS }).toEqual({
        name,
        bytes: true,
        few: true,
      });
      await close(page);
    }
  });

  it('asks once for each thing that a page shows first', async () => {
    const session = `/app/sessions/${ids.many}`;
    for (const path of ['/app/sessions', '/app/sessions?source=claude-code', session]) {
      const asked: string[] = [];
      const page = await open('/livez');
      page.on('request', (request) => {
        const { pathname, search } = new URL(request.url());
        if (/^\/(api\/sessions|auth)/.test(pathname)) asked.push(pathname + search);
      });
      await page.goto(`${target.url}${path}`);
      await page
        .locator(path.startsWith(session) ? 'article .markdown' : 'main h1')
        .first()
        .waitFor();
      expect(asked.length).toBeGreaterThan(1);
      expect(asked).toEqual([...new Set(asked)]);
      await close(page);
    }
  });

  it('shows a session of 10,000 messages with at most 500 elements, at its beginning and wherever a person jumps', async () => {
    const page = await open(`/app/sessions/${ids.many}`);
    const nodes = () => page.evaluate('document.querySelectorAll("*").length') as Promise<number>;
    await page.locator('article .markdown').first().waitFor();
    expect(await nodes()).toBeLessThanOrEqual(MOST_NODES);
    await page.keyboard.press('Shift+G');
    await page.getByText(`Message ${MANY - 1}.`).waitFor();
    expect(await nodes()).toBeLessThanOrEqual(MOST_NODES);
    await close(page);
  });

  /** Opens the long session by its beginning. @returns lets the page read the rest */
  async function beginReading(page: Page): Promise<() => void> {
    const { promise: isWanted, resolve: readOn } = Promise.withResolvers<void>();
    await page.route(/\/outline\?cursor=/, async (route) => {
      await isWanted;
      await route.continue();
    });
    await page.goto(`${target.url}/app/sessions/${ids.many}`);
    await page.locator('article .markdown').first().waitFor();
    return readOn;
  }

  it('shows a long session by its beginning, and goes to what is further down once it is read, without a shift', async () => {
    const page = await open('/livez');
    // What moved in the page itself; how current it is, in the frame, is written when it is known.
    await page.addInitScript(
      `window.moved = []; new PerformanceObserver((list) => {
         for (const { sources } of list.getEntries()) for (const { node } of sources) {
           if (node?.parentElement?.closest('main')) window.moved.push(node.textContent.slice(0, 60));
         }
       }).observe({ type: 'layout-shift', buffered: true });`,
    );
    const readOn = await beginReading(page);
    const feed = page.getByRole('feed', { name: 'Messages' });
    const offset = () => feed.evaluate('(feed) => feed.firstElementChild.scrollTop') as Promise<number>;
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.locator('article.isCurrent').getByText('Message 2.').waitFor();
    const before = await offset();
    await page.keyboard.press('e');
    await page.keyboard.press('Shift+G');
    expect(await feed.getAttribute('aria-busy')).toBe('true');
    expect([await offset(), await page.locator('.toast').count()]).toEqual([before, 0]);
    // Somewhere else in between takes it back.
    await page.keyboard.press('k');
    await page.locator('article.isCurrent').getByText('Message 1.').waitFor();
    readOn();
    await page.locator('[role=feed][aria-busy=false]').waitFor();
    await page.locator('article.isCurrent').getByText('Message 1.').waitFor();
    expect(await page.evaluate('window.moved')).toEqual([]);
    await page.keyboard.press('Shift+G');
    await page
      .locator('article.isCurrent')
      .getByText(`Message ${MANY - 1}.`)
      .waitFor();
    await close(page);
  });

  it.each([
    ['the last message', (page: Page) => page.keyboard.press('Shift+G'), `Message ${MANY - 1}.`],
    [
      'a place in the overview',
      async (page: Page) => {
        const { x, y, width, height } = (await page.locator('main canvas').boundingBox())!;
        await page.mouse.click(x + width / 2, y + height / 2);
      },
      /Message (4[5-9]|5[0-4])\d\d\./,
    ],
  ])('leads to %s as soon as it is read', async (_, go, text) => {
    const page = await open('/livez');
    const readOn = await beginReading(page);
    await go(page);
    expect(await page.locator('article.isCurrent').getByText('Message 0.').count()).toBe(1);
    readOn();
    await page.locator('article.isCurrent').getByText(text).waitFor();
    await close(page);
  });

  it('finds words within a session, and steps through the messages that have them', async () => {
    const page = await open(`/app/sessions/${ids.many}`);
    await page.locator('article .markdown').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('"Message 7777"');
    await page.getByRole('status').getByText('1 of 1', { exact: true }).waitFor();
    await page.locator('article.isTarget').getByText('Message 7777.').waitFor();
    await page.getByLabel('Find in this session').fill('message');
    await page.getByRole('status').getByText(`1 of ${MANY}`, { exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText(`2 of ${MANY}`, { exact: true }).waitFor();
    await page.keyboard.press('Shift+Enter');
    await page.getByRole('status').getByText(`1 of ${MANY}`, { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('article.isTarget').waitFor({ state: 'detached' });
    await close(page);
  });

  it('stays awake with a message of 5 MB, and shows all of it in portions', async () => {
    const page = await open(`/app/sessions/${ids.large}`);
    await page.getByRole('button', { name: /Show all 5/ }).click();
    await page.getByRole('button', { name: /Show more/ }).waitFor();
    const longest = (await page.evaluate(
      `new Promise((resolve) => { let last = performance.now(); let longest = 0; let left = 30;
         requestAnimationFrame(function tick(now) { longest = Math.max(longest, now - last); last = now; if (left-- > 0) requestAnimationFrame(tick); else resolve(longest); }); })`,
    )) as number;
    expect(longest).toBeLessThan(1_000);
    await close(page);
  });

  it('shows what is written while somebody looks', async () => {
    const page = await open('/livez');
    const stream = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/live');
    await page.goto(`${target.url}/app/sessions/${ids.usual}`);
    await page.locator('article .markdown').first().waitFor();
    await stream;
    await ada.request('/sync/message', {
      json: { sessionExternalId: 'usual', externalId: 'later', role: 'user', textContent: 'Said a moment ago' },
    });
    await page.keyboard.press('Shift+G');
    await page.locator('article').getByText('Said a moment ago').waitFor();
    await close(page);
  });

  it('tells a lost server from an ended login, and continues by itself after both', async () => {
    const page = await open('/app/sessions');
    await page.locator('table tbody tr').first().waitFor();
    await page.context().setOffline(true);
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    // The page that is asked for is not here yet, and cannot be fetched.
    await page.getByText('The server does not answer. Trying again').waitFor();
    await page.context().setOffline(false);
    await page.getByRole('searchbox', { name: 'Search sessions' }).fill('estuary');
    await page.locator('.hits li').first().waitFor();
    await page.context().clearCookies();
    await page.getByRole('searchbox', { name: 'Search sessions' }).fill('godwit');
    await page.getByRole('dialog', { name: 'Log in again' }).getByLabel('API key').fill(ada.key);
    await page.getByRole('dialog').getByRole('button', { name: 'Log in' }).click();
    await page.locator('.hits li').first().waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await close(page);
  });

  it('asks for a reload, once, if the server has other files than the tab', async () => {
    const page = await open('/app/sessions');
    await page.locator('table tbody tr').first().waitFor();
    let probes = 0;
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/livez') probes++;
    });
    await page.route(/\/assets\/SearchPage/, (route) => route.fulfill({ status: 404, body: '' }));
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.getByRole('button', { name: 'Reload the page' }).waitFor();
    // Another page is loaded and read meanwhile.
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.locator('table tbody tr').first().waitFor();
    expect(probes).toBe(1);
    await close(page);
  });

  it('leaves a person who followed a link to a message where they went, when another one arrives', async () => {
    const [first] = (await ada.request<{ messages: { id: string }[] }>(`/api/sessions/${ids.usual}`)).body.messages;
    const page = await open('/livez');
    const stream = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/live');
    await page.goto(`${target.url}/app/sessions/${ids.usual}?m=${first!.id}`);
    await page.locator('article.isTarget.isCurrent').waitFor();
    await stream;
    await page.keyboard.press('Shift+G');
    await page.locator('article.isCurrent:not(.isTarget)').waitFor();
    await ada.request('/sync/message', {
      json: { sessionExternalId: 'usual', externalId: 'latest', role: 'user', textContent: 'Said just now' },
    });
    await page.locator('article').getByText('Said just now').waitFor();
    expect(await page.locator('article.isTarget.isCurrent').count()).toBe(0);
    await close(page);
  });

  it('deletes with undo', async () => {
    const page = await open(`/app/sessions/${ids.usual}`);
    await page.getByRole('button', { name: 'More' }).first().click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByText('Session deleted').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.waitForURL(new RegExp(`/app/sessions/${ids.usual}$`));
    await page.locator('article .markdown').first().waitFor();
    await close(page);
  });

  it('undoes a change of the session that it was made to, whichever is shown by then', async () => {
    const page = await open(`/app/sessions/${ids.usual}`);
    await page.getByRole('button', { name: 'Evals' }).click();
    await page.getByText('Added to evals').waitFor();
    await page.getByRole('link', { name: 'All sessions' }).click();
    await page.getByRole('link', { name: 'Very long' }).click();
    await page.getByRole('heading', { name: 'Very long' }).waitFor();
    const undone = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
    await page.getByRole('button', { name: 'Undo' }).click();
    expect(new URL((await undone).url()).pathname).toBe(`/api/sessions/${ids.usual}`);
    await page.getByText('Undone').waitFor();
    await close(page);
  });

  it('shows a newcomer how to connect each agent, and celebrates the first session', async () => {
    const grace = await target.api('grace-who-begins@example.com');
    const hers = await loggedIn(browser, { url: target.url, key: grace.key });
    const page = await open('/app/sessions', {}, hers);
    for (const agent of ['Claude Code', 'OpenCode', 'Codex', 'Cursor', 'Droid', 'Pi']) {
      await page.getByRole('tab', { name: agent }).click();
      expect(await page.getByRole('tabpanel').textContent()).toContain(target.url);
    }
    expect(await violationsOf(page)).toEqual([]);
    await page.getByText('Waiting for the first session').waitFor();
    await grace.request('/sync/batch', { json: aSession('first') });
    await page.getByText('Your first session is here').waitFor();
    await close(page);
  });

  it('had no error of its own on any page, and asked no other server', () => {
    expect({ errors, foreign }).toEqual({ errors: [], foreign: [] });
  });
});
