import { setTimeout as delay } from 'node:timers/promises';
import { ms, percentile, perSecond, type Figure } from '../figures.ts';
import { aBatch, aMessage, BENCH_KEY, post } from '../load.ts';
import { startProduct, type Product } from '../processes/product.ts';
import { residentMiB } from '../processes/resident.ts';

const MESSAGES = 100;
const SECONDS = 10;
const headers = { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json' };

/** The all-in-one under load: throughput to searchable, freshness at half of it, ingest beside everything else, memory. */
export async function wholeFigures(): Promise<Figure[]> {
  await using product = await startProduct();
  const throughput = await searchableRate(product);
  const fresh = await freshness(product, throughput / 2);
  const beside = await ingestBesideWork(product);
  const memory = await memoryOverTime(product, throughput / 2);
  return [
    {
      name: 'HTTP to searchable, embedding beside it',
      value: perSecond(throughput),
      ceiling: '',
      aim: '≥ 3,000/s',
    },
    {
      name: 'freshness at half that load, p50 · p99',
      value: `${ms(percentile(fresh, 0.5))} · ${ms(percentile(fresh, 0.99))}`,
      ceiling: '',
    },
    {
      name: 'ingest p99 beside searches, projection and embedding',
      value: ms(beside.loaded),
      ceiling: `${ms(beside.alone)} alone`,
      ratio: beside.loaded / beside.alone,
    },
    {
      name: `resident memory over ${memory.events.toLocaleString('en-US')} events, first and last third`,
      value: `${memory.last} MiB`,
      ceiling: `${memory.first} MiB`,
      ratio: memory.last / memory.first,
      aim: '≤ 1.1',
    },
  ];
}

async function sendBatch(product: Product, messages: number): Promise<string> {
  const response = await fetch(`${product.url}/sync/batch`, { method: 'POST', headers, body: aBatch(messages) });
  if (response.status !== 200) throw new Error(`batch was answered with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  return response.headers.get('osk-sequence')!;
}

/** Resolves when the event at this position can be found. */
async function searchable(product: Product, position: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${product.url}/api/receipts/${position}`, { headers });
    const receipt = (await response.json()) as { searchable?: boolean };
    if (receipt.searchable) return;
    await delay(10);
  }
}

async function searchableRate(product: Product): Promise<number> {
  const start = performance.now();
  const until = start + SECONDS * 1000;
  let events = 0;
  const sender = async () => {
    let last: string | undefined;
    while (performance.now() < until) {
      last = await sendBatch(product, MESSAGES);
      events += MESSAGES;
    }
    return last;
  };
  const lasts = await Promise.all(Array.from({ length: 4 }, sender));
  // Which of them was stored last, positions do not tell.
  for (const last of lasts) if (last !== undefined) await searchable(product, last);
  return events / ((performance.now() - start) / 1000);
}

/** Milliseconds from the answer of a write until it can be found, for a sample of the writes. */
async function freshness(product: Product, rate: number): Promise<number[]> {
  const samples: Promise<number>[] = [];
  await atRate(product, rate, SECONDS, async (position) => {
    const start = performance.now();
    await searchable(product, position);
    samples.push(Promise.resolve(performance.now() - start));
  });
  return Promise.all(samples);
}

/** Sends batches at a fixed rate of events; calls `sent` with every tenth position. */
async function atRate(product: Product, rate: number, seconds: number, sent: (position: string) => Promise<void>) {
  const perBatch = 50;
  const start = performance.now();
  const work: Promise<void>[] = [];
  for (let at = 0; (at * perBatch) / rate < seconds; at++) {
    await delay(Math.max(0, start + (at * perBatch * 1000) / rate - performance.now()));
    work.push(sendBatch(product, perBatch).then((position) => (at % 10 === 0 ? sent(position) : undefined)));
  }
  await Promise.all(work);
}

/** p99 of single ingest requests, alone and while searches, a bulk projection and embedding run. */
async function ingestBesideWork(product: Product): Promise<{ alone: number; loaded: number }> {
  const load = { connections: 8, seconds: 5, body: () => JSON.stringify(aMessage()) };
  const url = `${product.url}/sync/message`;
  const alone = await post(url, load);
  let working = true;
  const search = async () => {
    while (working) {
      const response = await fetch(`${product.url}/api/search?q=login+cookie+retr&type=hybrid`, { headers });
      await response.arrayBuffer();
    }
  };
  const bulk = async () => {
    while (working) await sendBatch(product, 500);
  };
  const work = Promise.all([search(), search(), bulk()]);
  const loaded = await post(url, load);
  working = false;
  await work;
  return { alone: alone.p99, loaded: loaded.p99 };
}

/** Resident memory of the process and its nats-server in the first and the last third of a long ingest, MiB (medians). */
async function memoryOverTime(product: Product, rate: number) {
  const seconds = Number(process.env.BENCH_MEMORY_SECONDS ?? 60);
  const samples: number[] = [];
  const sampler = setInterval(() => samples.push(residentMiB(product.pid)), 500);
  await atRate(product, rate, seconds, () => Promise.resolve());
  clearInterval(sampler);
  const third = Math.floor(samples.length / 3);
  return {
    events: Math.round(rate * seconds),
    first: percentile(samples.slice(0, third), 0.5),
    last: percentile(samples.slice(-third), 0.5),
  };
}
