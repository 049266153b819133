import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTestNats, temporaryFolder } from '@opensync/testkit';
import { median, micros, perSecond, type Figure } from '../figures.ts';
import { aBatch, aMessage, aToolResult, BENCH_KEY, post } from '../load.ts';
import { run } from '../processes/process.ts';
import { buildCommit } from './build.ts';

/** Pairs of runs; the two sides take turns at going first. */
const ROUNDS = 5;
const SECONDS = 3;
/** Gateways run for weeks: what compiling their code costs in the first seconds says little. */
const WARM_UP_SECONDS = 6;
const TOOL_RESULT_BYTES = 300_000;
const BATCH = 250;
const BATCH_CONNECTIONS = 4;

const NAMES = {
  single: 'ingest, 64 connections',
  batch: `/sync/batch of ${BATCH}, events`,
  large: 'ingest of 300 KB tool results',
  projection: 'those batches to SQLite documents, events',
} as const;

interface Work {
  readonly items: number;
  readonly elapsedMs: number;
  /** Of the process alone; NaN if the system does not report it. */
  readonly cpuMs: number;
}
type Works = Record<keyof typeof NAMES, Work>;

/** Ingest and projection of this tree against those of a commit, in turn on one machine. */
export async function figuresAgainst(ref: string): Promise<Figure[]> {
  await using folder = await temporaryFolder();
  console.error(`building ${ref} …`);
  const before = await buildCommit(ref, folder.path);
  const after = new URL('../processes/', import.meta.url);
  const pairs: { before: Works; after: Works }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    console.error(`round ${round} of ${ROUNDS} …`);
    const first = await workOf(round % 2 ? before : after);
    const second = await workOf(round % 2 ? after : before);
    pairs.push(round % 2 ? { before: first, after: second } : { before: second, after: first });
  }
  return (Object.keys(NAMES) as (keyof Works)[]).flatMap((name) => {
    const compared = (quantity: (work: Work) => number) => {
      const [now, then] = [pairs.map(({ after }) => after[name]), pairs.map(({ before }) => before[name])];
      const ratios = pairs.map((pair) => quantity(pair.after[name]) / quantity(pair.before[name]));
      return {
        ...{ now: median(now.map(quantity)), then: median(then.map(quantity)), ratio: median(ratios) },
        spread: [Math.min(...ratios), Math.max(...ratios)] as const,
      };
    };
    const rate = compared(({ items, elapsedMs }) => items / (elapsedMs / 1_000));
    const cpu = compared(({ items, cpuMs }) => cpuMs / items);
    return [
      {
        ...{ name: NAMES[name], value: perSecond(rate.now), ceiling: perSecond(rate.then), aim: '≥ 0.95' },
        ...{ ratio: rate.ratio, spread: rate.spread },
      },
      {
        ...{ name: '  processor time of each', value: micros(cpu.now), ceiling: micros(cpu.then), aim: '≤ 1.05' },
        ...{ ratio: cpu.ratio, spread: cpu.spread },
      },
    ];
  });
}

/** What the programs of one build do with the same requests, on a log of its own without syncs: the processor is the limit. */
async function workOf(programs: URL): Promise<Works> {
  await using nats = await startTestNats({ sync: 'interval' });
  const gateway = await run(new URL('gateway.js', programs), [nats.url, 'plain', BENCH_KEY]);
  const ingest = async (path: string, connections: number, body: () => string, itemsOfEach = 1): Promise<Work> => {
    const cpuBefore = cpuMs(gateway.pid);
    const load = await post(`${gateway.url}${path}`, { connections, seconds: SECONDS, body });
    if (load.failed > 0) throw new Error(`${load.failed} requests to ${path} were not answered with 2xx`);
    const used = cpuMs(gateway.pid) - cpuBefore;
    return { items: load.rate * SECONDS * itemsOfEach, elapsedMs: SECONDS * 1_000, cpuMs: used };
  };
  try {
    const batch = await ingest('/sync/batch', BATCH_CONNECTIONS, () => aBatch(BATCH), BATCH);
    const projection = await projectionWork(new URL('projection.js', programs), nats.url);
    await post(`${gateway.url}/sync/message`, {
      connections: 64,
      seconds: WARM_UP_SECONDS,
      body: () => JSON.stringify(aMessage()),
    });
    const single = await ingest('/sync/message', 64, () => JSON.stringify(aMessage()));
    const toolResult = () => JSON.stringify(aToolResult(TOOL_RESULT_BYTES));
    const large = await ingest('/sync/message', BATCH_CONNECTIONS, toolResult);
    return { single, batch, large, projection };
  } finally {
    await gateway.stop();
  }
}

async function projectionWork(program: URL, log: string): Promise<Work> {
  const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(program), log];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Work;
}

/** Clock ticks of Linux are hundredths of a second. */
const TICK_MS = 10;

/** Processor time of a process so far. */
function cpuMs(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  // The second field is the name in brackets, which may hold blanks. User and system time are the 14th and 15th.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
