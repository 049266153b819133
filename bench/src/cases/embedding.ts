import { setTimeout as delay } from 'node:timers/promises';
import { BUNDLED_MODEL, LOCAL_MODEL_NAMES, type LocalModelName } from '@opensync/platform';
import { temporaryFolder } from '@opensync/testkit';
import { ms, percentile, perSecond, type Figure } from '../figures.ts';
import { aBatch, BENCH_KEY } from '../load.ts';
import { runCommand, startProduct, type Product } from '../processes/product.ts';
import { residentMiB } from '../processes/resident.ts';

const PER_BATCH = 500;
/** What there is to find before the backlog. */
const FILLED = 200;
const QUERIES = 100;
/** Milliseconds between queries, of one person who searches. */
const PAUSE_MS = 50;
const headers = { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json' };

/**
 * Each model that runs on this machine, in the all-in-one: the rate at which it embeds messages, the time for a backlog
 * of 10,000 (BENCH_MESSAGES), searches by words and meaning alone and beside that backlog, and memory.
 */
export async function embeddingFigures(): Promise<Figure[]> {
  const chosen = process.env.BENCH_MODELS?.split(',') ?? LOCAL_MODEL_NAMES;
  const figures: Figure[] = [];
  for (const model of LOCAL_MODEL_NAMES.filter((name) => chosen.includes(name)))
    figures.push(...(await ofModel(model)));
  return figures;
}

async function ofModel(model: LocalModelName): Promise<Figure[]> {
  await using folder = await temporaryFolder();
  if (model !== BUNDLED_MODEL) {
    const problem = await runCommand(['models', 'install', model, '--data-dir', folder.path]);
    if (problem !== undefined) return [{ name: model, value: 'not run', ceiling: '', note: `${model}: ${problem}` }];
  }
  await using product = await startProduct({
    dataDir: folder.path,
    settings: { OPENSYNC_LOCAL_MODEL: model, LOG_LEVEL: 'error' },
  });
  await embedded(product, [await sendBatch(product, FILLED)]);
  const alone = await searches(product, () => false);
  const messages = Number(process.env.BENCH_MESSAGES ?? 10_000);
  const startedAt = performance.now();
  const positions: string[] = [];
  for (let sent = 0; sent < messages; sent += PER_BATCH) {
    positions.push(await sendBatch(product, Math.min(PER_BATCH, messages - sent)));
  }
  let isDone = false;
  const embedding = embedded(product, positions).then(() => (isDone = true));
  const beside = await searches(product, () => isDone);
  await embedding;
  const seconds = (performance.now() - startedAt) / 1000;
  const [p95, p95Alone] = [percentile(beside, 0.95), percentile(alone, 0.95)];
  return [
    {
      name: `${model}: ${messages.toLocaleString('en-US')} messages embedded`,
      value: `${Math.round(seconds)} s`,
      ceiling: '',
    },
    { name: `${model}: texts embedded while one person searches`, value: perSecond(messages / seconds), ceiling: '' },
    {
      name: `${model}: hybrid search beside that backlog, p95`,
      value: ms(p95),
      ceiling: `${ms(p95Alone)} alone`,
      ratio: p95 / p95Alone,
      aim: '≤ 2',
    },
    { name: `${model}: resident memory`, value: `${residentMiB(product.pid)} MiB`, ceiling: '' },
  ];
}

async function sendBatch({ url }: Product, messages: number): Promise<string> {
  const response = await fetch(`${url}/sync/batch`, { method: 'POST', headers, body: aBatch(messages) });
  if (response.status !== 200) throw new Error(`batch was answered with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  return response.headers.get('osk-sequence')!;
}

/** Resolves when all that was stored up to these positions has vectors. */
async function embedded({ url }: Product, positions: readonly string[]): Promise<void> {
  for (const position of positions) {
    for (;;) {
      const response = await fetch(`${url}/api/receipts/${position}`, { headers });
      if (((await response.json()) as { embedded?: boolean }).embedded) break;
      await delay(200);
    }
  }
}

/** Milliseconds of each of some searches, or of fewer if it is done before. */
async function searches({ url }: Product, isDone: () => boolean): Promise<number[]> {
  const times: number[] = [];
  for (let query = 0; query < QUERIES && !isDone(); query++) {
    const startedAt = performance.now();
    const response = await fetch(`${url}/api/search?q=login+cookie+expires+${query}&type=hybrid`, { headers });
    const answer = (await response.json()) as { results?: unknown[] };
    if (!response.ok || answer.results === undefined) throw new Error(`a search was answered with ${response.status}`);
    times.push(performance.now() - startedAt);
    await delay(PAUSE_MS);
  }
  return times;
}
