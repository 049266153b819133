import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CHROMIUM_ARGS, findChromium, stablePort, waitFor } from '@opensync/testkit';
import { chromium } from 'playwright-core';
import type { Figure } from '../figures.ts';
import { openLighthouse, type Lighthouse, type LighthouseResult } from '../lighthouse-tool.ts';
import { BENCH_KEY, someText } from '../load.ts';
import { startProduct } from '../processes/product.ts';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;
const AIM = 0.95;
const SESSIONS = 60;
const headers = { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json' };
/** Sessions are private, and a public link is for those who got it: that no search engine lists them is a decision. */
const SKIPPED = ['is-crawlable'];
const DESKTOP = {
  formFactor: 'desktop',
  screenEmulation: { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false },
  throttling: { rttMs: 40, throughputKbps: 10_240, cpuSlowdownMultiplier: 1 },
} as const;

/** Lighthouse on the list of sessions, a session, and its public page. */
export async function lighthouseFigures(): Promise<Figure[]> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    return [{ name: 'Lighthouse', value: 'not run', ceiling: '', note: 'needs Chromium' }];
  }
  const lighthouse = await openLighthouse();
  const settings = { OPENSYNC_SYNC: 'interval', OPENSYNC_PROJECTOR_ROLES: 'documents', LOG_LEVEL: 'error' } as const;
  await using product = await startProduct({ settings: { ...settings, OPENSYNC_READ_RATE_LIMIT: '0' } });
  const { id, slug } = await writeSessions(product.url);
  await using measurable = await measurablePolicies(product.url);
  const port = await stablePort();
  const browser = await chromium.launch({
    executablePath,
    args: [...CHROMIUM_ARGS, `--remote-debugging-port=${port}`],
  });
  try {
    const cookie = await cookieOf(product.url);
    const pages = {
      sessions: `${product.url}/app/sessions`,
      session: `${product.url}/app/sessions/${id}`,
      'public page': `${measurable.url}/s/${slug}`,
    };
    const figures: Figure[] = [];
    for (const [name, url] of Object.entries(pages)) {
      for (const form of ['mobile', 'desktop'] as const) {
        const result = await audit(lighthouse, url, { port, cookie, form });
        figures.push(figureOf(`Lighthouse, ${name}, ${form}`, result));
      }
    }
    return figures;
  } finally {
    await browser.close();
  }
}

async function audit(
  lighthouse: Lighthouse,
  url: string,
  { port, cookie, form }: { port: number; cookie: string; form: 'mobile' | 'desktop' },
): Promise<LighthouseResult> {
  const result = await lighthouse(url, {
    ...{ port, output: 'json', logLevel: 'error', onlyCategories: CATEGORIES, skipAudits: SKIPPED },
    extraHeaders: { cookie },
    ...(form === 'desktop' && DESKTOP),
  });
  if (!result) throw new Error('Lighthouse has no result');
  if (result.lhr.runtimeError) throw new Error(result.lhr.runtimeError.message);
  return result.lhr;
}

function figureOf(name: string, { categories, audits }: LighthouseResult): Figure {
  const scores = CATEGORIES.map((category) => categories[category]?.score ?? 0);
  const low = CATEGORIES.filter((_, at) => scores[at]! < AIM);
  const causes = low.flatMap((category) =>
    categories[category]!.auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 0.9).map(
      ({ id }) => `${id} ${audits[id]?.displayValue ?? ''}`.trim(),
    ),
  );
  return {
    name: `${name}: performance · accessibility · practices · SEO`,
    value: scores.map((score) => Math.round(score * 100)).join(' · '),
    ceiling: '100',
    aim: '≥ 95 each',
    ...(causes.length > 0 && { note: `${name} misses: ${causes.join(', ')}` }),
  };
}

/**
 * The product with policies that let Lighthouse measure: a public page allows no scripts and no requests, not even those of
 * Lighthouse.
 */
async function measurablePolicies(target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void fetch(`${target}${request.url}`, { redirect: 'manual' }).then(async (answer) => {
      // The body is decoded by now.
      const left = [...answer.headers].filter(([name]) => !['content-encoding', 'content-length'].includes(name));
      const headers = left.map(([name, value]) => [name, value.replace(/\bsandbox\b/, "connect-src 'self'")] as const);
      response.writeHead(answer.status, Object.fromEntries(headers)).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A login, as that of a person. */
async function cookieOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/auth/login/key`, { method: 'POST', headers, body: '{}' });
  if (!answer.ok) throw new Error(`the login answers ${answer.status}: ${await answer.text()}`);
  return answer.headers.getSetCookie()[0]!.split(';')[0]!;
}

async function writeSessions(url: string): Promise<{ id: string; slug: string }> {
  const call = async <Body>(path: string, method: string, body?: object): Promise<Body> => {
    const answer = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
    return (await answer.json()) as Body;
  };
  const sessions = Array.from({ length: SESSIONS }, (_, at) => ({ externalId: `s${at}`, title: someText(40) }));
  const messages = sessions.flatMap(({ externalId }, of) =>
    Array.from({ length: 20 }, (_, at) => ({
      ...{
        sessionExternalId: externalId,
        externalId: `${externalId}-${at}`,
        role: at % 2 === 0 ? 'user' : 'assistant',
      },
      ...{ textContent: someText(300), createdAt: 1_767_225_600_000 + of * 86_400_000 + at * 1_000 },
    })),
  );
  await call('/sync/batch', 'POST', { sessions, messages });
  const id = await waitFor(
    async () => {
      const { sessions: known } = await call<{ sessions: { id: string; messageCount: number }[] }>(
        '/api/sessions?limit=100',
        'GET',
      );
      return known.length === SESSIONS && known.find(({ messageCount }) => messageCount === 20)?.id;
    },
    { timeoutMs: 60_000, what: 'the sessions' },
  );
  const { publicSlug } = await call<{ publicSlug: string }>(`/api/sessions/${id}`, 'PATCH', { isPublic: true });
  return { id, slug: publicSlug };
}
