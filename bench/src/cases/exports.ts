import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder, waitFor } from '@opensync/testkit';
import { ms, type Figure } from '../figures.ts';
import { BENCH_KEY, someText } from '../load.ts';
import { startProduct, type Product } from '../processes/product.ts';
import { residentMiB } from '../processes/resident.ts';

const SESSIONS = Number(process.env.BENCH_SESSIONS ?? 100_000);
const PER_BATCH = 500;
const FIRST = Date.UTC(2025, 0, 1);
/** A year of sessions: as many in a day as a team has, not all of them in one. */
const APART_MS = 5 * 60_000;
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

/** Kept between runs if it is set, so that several runs need one set of sessions only. */
const DATA_DIR = process.env.BENCH_DATA_DIR;

type Read = (product: Product) => Promise<Omit<Measured, 'overMiB' | 'seconds'>>;

/** What clients that read everything cost: a list page by page, exports in every format, and several at once. */
export async function exportFigures(): Promise<Figure[]> {
  const folder =
    DATA_DIR === undefined ? await temporaryFolder() : { path: resolve(DATA_DIR), remove: () => Promise.resolve() };
  try {
    const formats = await fill(folder.path);
    const exported =
      (query: string): Read =>
      (product) =>
        readAll(`${product.url}/api/export?${query}`);
    const kinds: [string, Read][] = [
      ['a list', listAll],
      ...formats.map((format): [string, Read] => [`an export as ${format}`, exported(`format=${format}`)]),
      ['an archive of ATIF files', exported('format=atif&archive=zip')],
      ['an archive of one file', exported('format=openai&archive=zip')],
      ['an anonymized export as chat', exported(`format=chat&anonymize=true&limit=${Math.ceil(SESSIONS / 20)}`)],
      ['an export of a tag that no session has', exported('format=json&tags=rare')],
      [
        // As many as one owner may have.
        'two exports at once',
        atOnce(['atif', 'html'].map((format) => exported(`format=${format}`))),
      ],
    ];
    const figures: Figure[] = [];
    for (const [name, read] of kinds.filter(([kind]) => kind.includes(process.env.BENCH_EXPORT ?? ''))) {
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

/** Sessions of two messages each, unless the folder has them already. Returns the formats of exports. */
async function fill(dataDir: string): Promise<readonly string[]> {
  await using product = await startProduct({ settings: SETTINGS, dataDir });
  if ((await sessionsIn(product)) < SESSIONS) await send(product);
  // The figures follow the documents, and would be measured as well.
  await waitFor(async () => (await sessionsIn(product)) >= SESSIONS, {
    timeoutMs: 20 * 60_000,
    intervalMs: 1_000,
    what: 'the figures of all sessions',
  });
  return formatsOf(product);
}

async function sessionsIn({ url }: Product): Promise<number> {
  const stats = await fetch(`${url}/api/stats`, { headers });
  return ((await stats.json()) as { sessionCount: number }).sessionCount;
}

/** Those that the API documents, so that a new one is measured as well. */
async function formatsOf({ url }: Product): Promise<readonly string[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as ApiDocument;
  return paths['/api/export'].get.parameters.find(({ name }) => name === 'format')!.schema.enum;
}

interface ApiDocument {
  readonly paths: {
    readonly '/api/export': {
      readonly get: {
        readonly parameters: readonly {
          readonly name: string;
          readonly schema: { readonly enum: readonly string[] };
        }[];
      };
    };
  };
}

async function send(product: Product): Promise<void> {
  for (let at = 0; at < SESSIONS; at += PER_BATCH) {
    const numbers = Array.from({ length: Math.min(PER_BATCH, SESSIONS - at) }, (_, index) => at + index);
    const body = JSON.stringify({
      sessions: numbers.map((number) => ({
        externalId: `export-${number}`,
        title: `Session ${number}`,
        source: 'claude-code',
        projectPath: `/home/bench/project-${number % 100}`,
        createdAt: FIRST + number * APART_MS,
      })),
      messages: numbers.flatMap((number) =>
        ['user', 'assistant'].map((role, order) => ({
          sessionExternalId: `export-${number}`,
          externalId: `export-${number}-${order}`,
          role,
          textContent: someText(400),
          createdAt: FIRST + number * APART_MS + order,
        })),
      ),
    });
    const response = await fetch(`${product.url}/sync/batch`, { method: 'POST', headers, body });
    if (response.status !== 200)
      throw new Error(`batch was answered with ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
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

function atOnce(reads: readonly Read[]): Read {
  return async (product) => {
    const found = await Promise.all(reads.map((read) => read(product)));
    return {
      firstByteMs: Math.max(...found.map(({ firstByteMs }) => firstByteMs)),
      bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    };
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
