import { CHROMIUM_ARGS, findChromium, waitFor } from '@opensync/testkit';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { median, ms, percentile, type Figure } from '../figures.ts';
import { LONG_SESSION, MESSAGES, writeLongSession } from '../long-session.ts';
import { BENCH_KEY } from '../load.ts';
import { startProduct } from '../processes/product.ts';

const ROUNDS = 7;
const JUMPS = 20;
const WHEELS = 60;
const SHORT = 'bench-short';
const LARGE = 'bench-large';
/** Of one message; about 5 MB. */
const LARGE_TEXT = 'A word of a very long text. '.repeat(185_000);
const headers = { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json' };

/** A session of 10,000 messages in a browser, and a message of 5 MB. */
export async function consoleFigures(): Promise<Figure[]> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    return [{ name: 'the console in a browser', value: 'not run', ceiling: '', note: 'needs Chromium' }];
  }
  // Without the indexes, whose work on the new messages would be measured as well.
  const settings = { OPENSYNC_SYNC: 'interval', OPENSYNC_PROJECTOR_ROLES: 'documents', LOG_LEVEL: 'error' } as const;
  await using product = await startProduct({ settings: { ...settings, OPENSYNC_READ_RATE_LIMIT: '0' } });
  await writeLongSession(product);
  await writeOthers(product.url);
  const ids = await idsOf(product.url);
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGS, '--enable-precise-memory-info'] });
  try {
    const context = await loggedIn(browser, product.url);
    const addressOf = (session: string) => `${product.url}/app/sessions/${ids.get(session)}`;
    const short = await readable(context, addressOf(SHORT));
    const long = await readable(context, addressOf(LONG_SESSION));
    const page = await open(context, addressOf(LONG_SESSION));
    const jumps = await jumpTimes(page);
    const scrolling = await longestFrame(page, () => scroll(page));
    const heap = await heapOf(page);
    await page.close();
    const large = await openLarge(context, addressOf(LARGE));
    const name = `${MESSAGES.toLocaleString('en-US')} messages in the console`;
    return [
      {
        ...{ name: `${name}, readable, median`, value: ms(median(long)), ceiling: `${ms(median(short))} with 9` },
        ...{ ratio: median(long) / median(short), aim: '≤ 500 ms' },
      },
      { name: `${name}, a jump, p95`, value: ms(percentile(jumps, 0.95)), ceiling: '', aim: '≤ 100 ms' },
      { name: `${name}, longest frame while scrolling`, value: ms(scrolling), ceiling: '', aim: '≤ 100 ms' },
      { name: `${name}, heap`, value: `${heap.toFixed(1)} MB`, ceiling: '', aim: '≤ 60 MB' },
      { name: 'a message of 5 MB: longest frame, opened and whole', value: ms(large), ceiling: '', aim: '≤ 1,000 ms' },
    ];
  } finally {
    await browser.close();
  }
}

async function writeOthers(url: string): Promise<void> {
  const short = Array.from({ length: 9 }, (_, at) => ({
    ...{ sessionExternalId: SHORT, externalId: `m${at}`, role: at % 2 === 0 ? 'user' : 'assistant' },
    ...{ textContent: `Message ${at} of a short session`, createdAt: 1_767_225_600_000 + at * 1_000 },
  }));
  await post(`${url}/sync/batch`, { sessions: [], messages: short });
  await post(`${url}/sync/message`, {
    ...{ sessionExternalId: LARGE, externalId: 'm1', role: 'user', textContent: LARGE_TEXT },
  });
}

async function post(url: string, body: object): Promise<void> {
  await waitFor(
    async () => {
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      await answer.arrayBuffer();
      return answer.ok;
    },
    { timeoutMs: 120_000, what: 'the log to accept a write' },
  );
}

async function idsOf(url: string): Promise<Map<string, string>> {
  return waitFor(
    async () => {
      const answer = await fetch(`${url}/api/sessions`, { headers });
      const { sessions } = (await answer.json()) as { sessions: readonly { externalId: string; id: string }[] };
      const ids = new Map(sessions.map(({ externalId, id }) => [externalId, id]));
      return ids.size === 3 && ids;
    },
    { timeoutMs: 60_000, what: 'three sessions' },
  );
}

async function loggedIn(browser: Browser, url: string): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${url}/app/sessions`);
  await page.getByLabel('API key').fill(BENCH_KEY);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Sessions' }).waitFor();
  await page.close();
  // The time at which a message can be read, since the navigation, noted by the page itself.
  await context.addInitScript(`
    window.readable = new Promise((resolve, reject) => {
      const noticed = new MutationObserver(() => {
        if (!document.querySelector('article .markdown, article pre')) return;
        noticed.disconnect();
        requestAnimationFrame(() => resolve(performance.now()));
      });
      setTimeout(() => reject(new Error('no message can be read after a minute: ' + location)), 60_000);
      noticed.observe(document, { subtree: true, childList: true });
    });
  `);
  return context;
}

async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate('window.readable');
  return page;
}

/** From the navigation until a message can be read, ms; the files of the console are in the browser's cache, as on any day but the first. */
async function readable(context: BrowserContext, url: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    const page = await open(context, url);
    if (round >= 0) times.push((await page.evaluate('window.readable')) as number);
    await page.close();
  }
  return times;
}

/** From a press on the overview beside the messages until a message with its text is where it was pressed, ms. */
async function jumpTimes(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (let jump = 0; jump < JUMPS; jump++) {
    // Far from each other, so that no text is there yet.
    const place = ((jump * 0.618) % 1) * 0.96 + 0.02;
    // Not the value of the expression: a promise would be waited for, and the press that it waits for comes after.
    await page.evaluate(`void (window.jumped = (${jumped})())`);
    const box = (await page.locator('main canvas').first().boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + place * box.height);
    times.push((await page.evaluate('window.jumped')) as number);
  }
  return times;
}

const jumped = `async () => {
  const shown = () => [...document.querySelectorAll('article')].map((one) => one.dataset.message).join();
  const before = shown();
  const start = await new Promise((resolve) => {
    addEventListener('pointerdown', () => resolve(performance.now()), { capture: true, once: true });
  });
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const inSight = [...document.querySelectorAll('article')].filter((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return bottom > 100 && top < innerHeight - 50;
    });
    if (shown() !== before && inSight.length > 0 && inSight.every((one) => one.textContent.trim().length > 40)) break;
    if (performance.now() - start > 10_000) throw new Error('no message appears after a jump');
  }
  return performance.now() - start;
}`;

async function scroll(page: Page): Promise<void> {
  await page.mouse.move(500, 400);
  for (let turn = 0; turn < WHEELS; turn++) await page.mouse.wheel(0, turn % 10 === 9 ? 20_000 : 900);
}

/** The longest time between two frames while something happens, ms. */
async function longestFrame(page: Page, work: () => Promise<void>): Promise<number> {
  await page.evaluate(`(() => {
    window.longest = 0;
    let last = performance.now();
    requestAnimationFrame(function tick(now) {
      window.longest = Math.max(window.longest, now - last);
      last = now;
      if (window.longest >= 0) requestAnimationFrame(tick);
    });
  })()`);
  await work();
  return (await page.evaluate(
    '(() => { const found = window.longest; window.longest = -Infinity; return found; })()',
  )) as number;
}

/** Megabytes that are in use after a collection of garbage. */
async function heapOf(page: Page): Promise<number> {
  const client = await page.context().newCDPSession(page);
  await client.send('HeapProfiler.collectGarbage');
  const { usedSize } = await client.send('Runtime.getHeapUsage');
  await client.detach();
  return usedSize / 1_000_000;
}

async function openLarge(context: BrowserContext, url: string): Promise<number> {
  const page = await open(context, url);
  const longest = await longestFrame(page, async () => {
    await page.getByRole('button', { name: /Show all 5/ }).click();
    await page.getByRole('button', { name: /Show more/ }).click();
  });
  await page.close();
  return longest;
}
