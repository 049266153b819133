import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '@opensync/testkit';
import { ms, type Figure } from '../figures.ts';
import { BENCH_KEY, someText } from '../load.ts';
import { startProduct, type Product } from '../processes/product.ts';
import { residentMiB } from '../processes/resident.ts';

const SESSIONS = Number(process.env.BENCH_SESSIONS ?? 100_000);
const PER_BATCH = 500;
/** Without indexes, which are not read here. */
const SETTINGS = { OPENSYNC_PROJECTOR_ROLES: 'documents', LOG_LEVEL: 'error' };
const LIMIT_MIB = 300;
const LIMIT_MS = 1_000;
const SAMPLE_MS = 50;
/** For a process that has just started to become idle. */
const REST_MS = 5_000;
const headers = { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json' };

interface Measured {
  /** Above what the process had when it was idle. */
  readonly overMiB: number;
  readonly firstByteMs: number;
  readonly seconds: number;
  readonly bytes: number;
}

/** What clients that read everything cost: a list page by page, and exports of several kinds, one and two at once. */
export async function exportFigures(): Promise<Figure[]> {
  const folder = await temporaryFolder();
  try {
    await fill(folder.path);
    const exported = (query: string) => (product: Product) => readAll(`${product.url}/api/export?${query}`);
    const kinds: [string, (product: Product) => Promise<Omit<Measured, 'overMiB' | 'seconds'>>][] = [
      ['a list', listAll],
      ['an export as csv', exported('format=csv')],
      ['an export as json', exported('format=json')],
      ['an export as openai', exported('format=openai')],
      ['an anonymized export as openai', exported(`format=openai&anonymize=true&limit=${Math.ceil(SESSIONS / 10)}`)],
      ['an export as a ZIP of Markdown files', exported('format=files')],
      ['an export of a rare verdict', exported('format=json&tags=rare')],
      ['two exports as atif at once', twice(exported('format=atif'))],
    ];
    const figures: Figure[] = [];
    for (const [name, read] of kinds) {
      // Each begins with an idle process of its own.
      await using product = await startProduct({ settings: SETTINGS, dataDir: folder.path });
      const measured = await measure(product, read);
      console.error(`  ${name}: ${JSON.stringify(measured)}`);
      figures.push(...figuresOf(`${name} of ${SESSIONS.toLocaleString('en-US')} sessions`, measured));
    }
    return figures;
  } finally {
    await folder.remove();
  }
}

function figuresOf(name: string, { overMiB, firstByteMs, seconds, bytes }: Measured): Figure[] {
  const took = `${(bytes / 1024 / 1024).toFixed(0)} MiB in ${seconds.toFixed(1)} s`;
  return [
    {
      name: `${name}, memory over idle`,
      value: `${overMiB} MiB (${took})`,
      ceiling: `${LIMIT_MIB} MiB`,
      ratio: overMiB / LIMIT_MIB,
      aim: '≤ 1',
    },
    {
      name: `${name}, first byte`,
      value: ms(firstByteMs),
      ceiling: ms(LIMIT_MS),
      ratio: firstByteMs / LIMIT_MS,
      aim: '≤ 1',
    },
  ];
}

/** Sessions of two messages each. */
async function fill(dataDir: string): Promise<void> {
  await using product = await startProduct({ settings: SETTINGS, dataDir });
  let last = '';
  for (let at = 0; at < SESSIONS; at += PER_BATCH) {
    const numbers = Array.from({ length: Math.min(PER_BATCH, SESSIONS - at) }, (_, index) => at + index);
    const body = JSON.stringify({
      sessions: numbers.map((number) => ({
        externalId: `export-${number}`,
        title: `Session ${number}`,
        source: 'claude-code',
        projectPath: `/home/bench/project-${number % 100}`,
        createdAt: Date.UTC(2026, 0, 1) + number * 1_000,
      })),
      messages: numbers.flatMap((number) =>
        ['user', 'assistant'].map((role, order) => ({
          sessionExternalId: `export-${number}`,
          externalId: `export-${number}-${order}`,
          role,
          textContent: someText(400),
          createdAt: Date.UTC(2026, 0, 1) + number * 1_000 + order,
        })),
      ),
    });
    const response = await fetch(`${product.url}/sync/batch`, { method: 'POST', headers, body });
    if (response.status !== 200)
      throw new Error(`batch was answered with ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
    last = response.headers.get('osk-sequence')!;
  }
  for (;;) {
    const receipt = (await (await fetch(`${product.url}/api/receipts/${last}`, { headers })).json()) as {
      documents?: boolean;
    };
    if (receipt.documents) return;
    await delay(200);
  }
}

async function measure(
  product: Product,
  read: (product: Product) => Promise<{ firstByteMs: number; bytes: number }>,
): Promise<Measured> {
  // The first request compiles the code.
  await (await fetch(`${product.url}/api/sessions?limit=1`, { headers })).arrayBuffer();
  await delay(REST_MS);
  const idle = residentMiB(product.pid, 'RssAnon');
  let peak = idle;
  const sampler = setInterval(() => (peak = Math.max(peak, residentMiB(product.pid, 'RssAnon'))), SAMPLE_MS);
  const began = performance.now();
  try {
    const found = await read(product);
    return { ...found, seconds: (performance.now() - began) / 1000, overMiB: peak - idle };
  } finally {
    clearInterval(sampler);
  }
}

/** Takes the answer as it comes, and keeps nothing of it. */
async function readAll(url: string): Promise<{ firstByteMs: number; bytes: number }> {
  const began = performance.now();
  const response = await fetch(url, { headers });
  let firstByteMs = performance.now() - began;
  let bytes = 0;
  for await (const piece of response.body!) {
    if (bytes === 0) firstByteMs = performance.now() - began;
    bytes += piece.length;
  }
  if (response.status !== 200 && response.status !== 404)
    throw new Error(`${url} was answered with ${response.status}`);
  return { firstByteMs, bytes };
}

function twice(read: (product: Product) => Promise<{ firstByteMs: number; bytes: number }>) {
  return async (product: Product) => {
    const [one, other] = await Promise.all([read(product), read(product)]);
    return { firstByteMs: Math.max(one.firstByteMs, other.firstByteMs), bytes: one.bytes + other.bytes };
  };
}

async function listAll({ url }: Product): Promise<{ firstByteMs: number; bytes: number }> {
  let firstByteMs = 0;
  let bytes = 0;
  let cursor: string | null = '';
  while (cursor !== null) {
    const began = performance.now();
    const response = await fetch(`${url}/api/sessions?limit=200&cursor=${cursor}`, { headers });
    firstByteMs = Math.max(firstByteMs, performance.now() - began);
    const page = await response.text();
    bytes += page.length;
    ({ cursor } = JSON.parse(page) as { cursor: string | null });
  }
  return { firstByteMs, bytes };
}
