import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@opensync/testkit';
import { ms, percentile, type Figure } from '../figures.ts';
import { BENCH_KEY } from '../load.ts';
import { startProduct, type Product } from '../processes/product.ts';
import { residentMiB } from '../processes/resident.ts';

const READERS = 1_000;
const SECONDS = 10;
const WRITES_PER_SECOND = 10;
/** Without indexes: what is measured is the way from a write to its readers. */
const SETTINGS = {
  OPENSYNC_PROJECTOR_ROLES: 'documents',
  OPENSYNC_KEY_LIVE_STREAMS: String(READERS),
  OPENSYNC_ADDRESS_CONNECTIONS: String(2 * READERS),
};
const headers = { authorization: `Bearer ${BENCH_KEY}`, 'content-type': 'application/json' };

/** From the beginning of a write to the last byte of its event at each reader, for one reader and for a thousand. */
export async function liveFigures(): Promise<Figure[]> {
  await using product = await startProduct({ settings: SETTINGS });
  // The first requests compile the code.
  await using first = await openReaders(product, 1);
  await delays(product, first, 2);
  const alone = await delays(product, first, SECONDS);
  const before = residentMiB(product.pid);
  await using others = await openReaders(product, READERS - 1);
  const all = { arrivals: [...first.arrivals, ...others.arrivals] };
  const crowd = await delays(product, all, SECONDS);
  const memory = residentMiB(product.pid) - before;
  const lost = READERS * SECONDS * WRITES_PER_SECOND - crowd.length;
  const shown = (times: readonly number[]) => `${ms(percentile(times, 0.5))} · ${ms(percentile(times, 0.99))}`;
  return [
    {
      name: `from a write to ${READERS.toLocaleString('en-US')} live streams, p50 · p99`,
      value: shown(crowd),
      ceiling: `${shown(alone)} to one`,
      ratio: percentile(crowd, 0.5) / percentile(alone, 0.5),
      note: `${lost} of ${crowd.length + lost} events did not arrive. ${READERS} streams took ${memory} MiB. Readers and product share the machine's cores.`,
    },
  ];
}

interface OpenReaders extends AsyncDisposable {
  /** By reader, when the event about a message arrived. */
  readonly arrivals: readonly Map<string, number>[];
}

const EVENT = /"externalId":"(live-[\d-]+)"/g;

async function openReaders({ url }: Product, count: number): Promise<OpenReaders> {
  const agent = new Agent({ maxSockets: Infinity });
  const answers: IncomingMessage[] = [];
  const arrivals = Array.from({ length: count }, () => new Map<string, number>());
  for (const arrived of arrivals) {
    get(`${url}/api/live?kinds=message`, { agent, headers }, (answer) => {
      if (answer.statusCode !== 200) throw new Error(`a stream was answered with ${answer.statusCode}`);
      answers.push(answer);
      answer.setEncoding('utf8').on('data', (text: string) => {
        const now = performance.now();
        for (const [, id] of text.matchAll(EVENT)) if (!arrived.has(id!)) arrived.set(id!, now);
      });
      answer.on('error', () => undefined);
    });
    // As many as one accept queue takes.
    if (arrivals.indexOf(arrived) % 100 === 99) await waitFor(() => answers.length >= arrivals.indexOf(arrived) - 50);
  }
  await waitFor(() => answers.length === count, { what: 'all streams' });
  // Until `ready`.
  await delay(500);
  return {
    arrivals,
    async [Symbol.asyncDispose]() {
      for (const answer of answers) answer.destroy();
      agent.destroy();
    },
  };
}

let writes = 0;

/** Milliseconds from the beginning of each write to its event at each reader. */
async function delays(
  { url }: Product,
  { arrivals }: Pick<OpenReaders, 'arrivals'>,
  seconds: number,
): Promise<number[]> {
  const begun = new Map<string, number>();
  const start = performance.now();
  for (let at = 0; at < seconds * WRITES_PER_SECOND; at++) {
    await delay(Math.max(0, start + (at * 1_000) / WRITES_PER_SECOND - performance.now()));
    const externalId = `live-${process.pid}-${writes++}`;
    begun.set(externalId, performance.now());
    const body = JSON.stringify({
      sessionExternalId: `live-of-${writes % 10}`,
      externalId,
      role: 'user',
      textContent: 'Hello',
    });
    const response = await fetch(`${url}/sync/message`, { method: 'POST', headers, body });
    if (response.status !== 200) throw new Error(`a write was answered with ${response.status}`);
    await response.arrayBuffer();
  }
  const hasAll = (arrived: Map<string, number>) => [...begun.keys()].every((id) => arrived.has(id));
  await waitFor(() => arrivals.every(hasAll), { timeoutMs: 10_000, intervalMs: 100 }).catch(() => undefined);
  return arrivals.flatMap((arrived) =>
    [...begun].flatMap(([id, since]) => (arrived.has(id) ? [arrived.get(id)! - since] : [])),
  );
}
