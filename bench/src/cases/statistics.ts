import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@opensync/testkit';
import { ms, percentile, type Figure } from '../figures.ts';
import { BENCH_KEY } from '../load.ts';
import { startProduct } from '../processes/product.ts';

const SMALLEST = 1_000;
const LARGEST = Number(process.env.BENCH_SESSIONS ?? 100_000);
const PER_BATCH = 500;
const ROUNDS = 50;
const FIRST = Date.UTC(2025, 0, 1);
/** The same span of time for each size: what grows is the history, not the answer. */
const SPAN_MS = 300 * 24 * 60 * 60_000;
const SETTINGS = { OPENSYNC_SYNC: 'interval', OPENSYNC_PROJECTOR_ROLES: 'documents', LOG_LEVEL: 'error' } as const;
const headers = { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json' };

const YEAR = 'from=2025-01-01&to=2025-12-31&tz=Europe/Berlin';
const QUESTIONS: readonly (readonly [name: string, path: string])[] = [
  ['totals', '/api/stats'],
  ...['day', 'hour', 'model', 'tool'].map((by) => [`a year by ${by}`, `/api/analytics?groupBy=${by}&${YEAR}`] as const),
];

/** Statistics of a history that grows: their time must depend on the span that is asked for, not on the sessions in it. */
export async function statisticsFigures(): Promise<Figure[]> {
  const sizes = [SMALLEST, Math.round(Math.sqrt(SMALLEST * LARGEST)), LARGEST];
  await using product = await startProduct({ settings: SETTINGS });
  const found = new Map<string, number[]>();
  let stored = 0;
  for (const size of sizes) {
    for (; stored < size; stored += PER_BATCH) await send(product.url, stored, Math.min(PER_BATCH, size - stored));
    await waitFor(async () => (await sessionsIn(product.url)) >= size, {
      timeoutMs: 20 * 60_000,
      intervalMs: 500,
      what: `the figures of ${size} sessions`,
    });
    await delay(1_000);
    for (const [name, path] of QUESTIONS) {
      const times = await timesOf(product.url + path);
      found.set(name, [...(found.get(name) ?? []), percentile(times, 0.95)]);
    }
  }
  return [...found].flatMap(([name, times]) =>
    times.slice(1).map((time, at) => ({
      name: `${name} of ${sizes[at + 1]!.toLocaleString('en-US')} sessions, p95`,
      value: ms(time),
      ceiling: `${ms(times[0]!)} of ${SMALLEST.toLocaleString('en-US')}`,
      ratio: time / times[0]!,
      aim: '≤ 1.5',
    })),
  );
}

async function timesOf(url: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = -10; round < ROUNDS; round++) {
    const began = performance.now();
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
    if (round >= 0) times.push(performance.now() - began);
  }
  return times;
}

async function sessionsIn(url: string): Promise<number> {
  const stats = await fetch(`${url}/api/stats`, { headers });
  return ((await stats.json()) as { sessionCount: number }).sessionCount;
}

/** Each size has sessions at all times of the span, of ten models and twenty tools. */
async function send(url: string, from: number, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  // Spread evenly, however many there are.
  const createdAt = (number: number) => FIRST + Math.floor(((number * 0.618_033_988_75) % 1) * SPAN_MS);
  const body = JSON.stringify({
    sessions: numbers.map((number) => ({
      externalId: `figures-${number}`,
      source: 'claude-code',
      projectPath: `/home/bench/project-${number % 50}`,
      createdAt: createdAt(number),
    })),
    messages: numbers.map((number) => ({
      sessionExternalId: `figures-${number}`,
      externalId: `figures-${number}-0`,
      role: 'assistant',
      model: `model-${number % 10}`,
      promptTokens: 1_000,
      completionTokens: 100,
      parts: [{ type: 'tool_use', id: `call-${number}`, name: `Tool${number % 20}`, input: {} }],
      createdAt: createdAt(number) + 1,
    })),
  });
  await waitFor(
    async () => {
      const response = await fetch(`${url}/sync/batch`, { method: 'POST', headers, body });
      await response.arrayBuffer();
      return response.status === 200;
    },
    { timeoutMs: 120_000, intervalMs: 200, what: 'the log to accept a batch' },
  );
}
