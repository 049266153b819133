import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTestNats, temporaryFolder } from '@opensync/testkit';
import { median, perSecond, type Figure } from '../figures.ts';
import { aBatch, aMessage, aToolResult, BENCH_KEY, post } from '../load.ts';
import { run } from '../processes/process.ts';
import { buildCommit } from './build.ts';

/** Pairs of runs, of which each side is the first in turn. */
const ROUNDS = 4;
const SECONDS = 3;
const TOOL_RESULT_BYTES = 300_000;
const BATCH = 250;
const BATCH_CONNECTIONS = 4;

const NAMES = {
  single: 'ingest, 64 connections, events/s',
  batch: `/sync/batch of ${BATCH}, events/s`,
  large: 'ingest of 300 KB tool results, requests/s',
  projection: 'events of those batches to SQLite documents',
} as const;
type Rates = Record<keyof typeof NAMES, number>;

/** Ingest and projection of this tree against those of a commit, in turn on one machine. */
export async function figuresAgainst(ref: string): Promise<Figure[]> {
  await using folder = await temporaryFolder();
  console.error(`building ${ref} …`);
  const before = await buildCommit(ref, folder.path);
  const after = new URL('../processes/', import.meta.url);
  const pairs: { before: Rates; after: Rates }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    console.error(`round ${round} of ${ROUNDS} …`);
    const first = await ratesOf(round % 2 ? before : after);
    const second = await ratesOf(round % 2 ? after : before);
    pairs.push(round % 2 ? { before: first, after: second } : { before: second, after: first });
  }
  return (Object.keys(NAMES) as (keyof Rates)[]).map((name) => {
    const ratios = pairs.map((pair) => pair.after[name] / pair.before[name]);
    return {
      name: NAMES[name],
      value: perSecond(median(pairs.map(({ after }) => after[name]))),
      ceiling: perSecond(median(pairs.map(({ before }) => before[name]))),
      ratio: median(ratios),
      spread: [Math.min(...ratios), Math.max(...ratios)],
      aim: '≥ 0.95',
    };
  });
}

/** What the programs of one build reach with the same requests, on a log of its own without syncs: the processor is the limit. */
async function ratesOf(programs: URL): Promise<Rates> {
  await using nats = await startTestNats({ sync: 'interval' });
  const gateway = await run(new URL('gateway.js', programs), [nats.url, 'plain', BENCH_KEY]);
  const rate = async (path: string, connections: number, body: () => string) => {
    const load = await post(`${gateway.url}${path}`, { connections, seconds: SECONDS, body });
    if (load.failed > 0) throw new Error(`${load.failed} requests to ${path} were not answered with 2xx`);
    return load.rate;
  };
  try {
    const batch = BATCH * (await rate('/sync/batch', BATCH_CONNECTIONS, () => aBatch(BATCH)));
    const projection = await projectionRate(new URL('projection.js', programs), nats.url);
    const single = await rate('/sync/message', 64, () => JSON.stringify(aMessage()));
    const large = await rate('/sync/message', BATCH_CONNECTIONS, () => JSON.stringify(aToolResult(TOOL_RESULT_BYTES)));
    return { single, batch, large, projection };
  } finally {
    await gateway.stop();
  }
}

async function projectionRate(program: URL, log: string): Promise<number> {
  const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(program), log];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}
