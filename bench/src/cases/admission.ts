import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeEvent } from '@opensync/contracts';
import { connectLog, replay, streamEnds } from '@opensync/event-log';
import { startTestNats } from '@opensync/testkit';
import { nameOf, type Arrivals, type Found, type Outcome } from '../admission/arrivals.ts';
import { ms, percentile, perSecond, type Figure } from '../figures.ts';
import { BENCH_KEY } from '../load.ts';
import { run, type Running } from '../processes/process.ts';

const KEYS = 8;
const CONNECTIONS = 1_500;
/** One request of twenty is a batch of fifty messages: most of the messages arrive in batches. */
const MIX = { batchEvery: 20, batchSize: 50 };
const UNLOADED_PER_SECOND = 50;
const TRIAL_SECONDS = 4;
const OVERLOAD_SECONDS = 20;
/** It takes half a second of long waits until writes are turned away, and as long until those that were in progress are answered. */
const SETTLE_SECONDS = 3;
/** Rates that are tried, as shares of what the gateway answers if each of a few clients waits for its answers. */
const SHARES = [0.4, 0.55, 0.7, 0.85, 1];
const MOST_TIMES_SLOWER = 3;
/** A p99 beyond it is a queue that grows, ms. */
const QUEUE_MS = 250;
const OVERLOAD = 3;
const PREFIX = 'overload';
const LARGEST_OUTPUT = 256 * 1024 * 1024;

/**
 * Three times the load that an ingest gateway can sustain, which arrives whether answers come or not: how fast those requests are that it
 * accepts, which ones it turns away, and whether all that it acknowledged is in the log. Then the same without admission control.
 */
export async function admissionFigures(): Promise<Figure[]> {
  await using nats = await startTestNats({ sync: 'always' });
  const { found, unloaded, sustainable, missing } = await withGateway(nats.url, {}, async (load) => {
    // The first requests compile the code.
    const { event, batch, seconds } = await load(0, TRIAL_SECONDS, { connections: 64 });
    const most = (event.accepted + batch.accepted) / seconds;
    const unloaded = await load(UNLOADED_PER_SECOND, 2 * TRIAL_SECONDS);
    const sustainable = await sustainableRate(most, (rate) => load(rate, TRIAL_SECONDS));
    const found = await load(OVERLOAD * sustainable, OVERLOAD_SECONDS, {
      prefix: PREFIX,
      settleSeconds: SETTLE_SECONDS,
    });
    return { found, unloaded, sustainable, missing: await missingOf(nats.url, found) };
  });
  const without = await withGateway(nats.url, { OPENSYNC_SHED_FROM: '0' }, async (load) => {
    await load(0, TRIAL_SECONDS, { connections: 64 });
    return load(OVERLOAD * sustainable, OVERLOAD_SECONDS / 2, { settleSeconds: SETTLE_SECONDS });
  });
  const bare = await withBareAnswers(async (load) => {
    await load(UNLOADED_PER_SECOND, TRIAL_SECONDS);
    return load(OVERLOAD * sustainable, OVERLOAD_SECONDS / 2, { settleSeconds: SETTLE_SECONDS });
  });
  for (const [name, { event, batch }] of Object.entries({ unloaded, found, without, bare })) {
    console.error(`  ${name}: events ${shown(event)}; batches ${shown(batch)}`);
  }
  const accepted = found.event.accepted + found.batch.accepted;
  return [
    {
      name: 'accepted single events, p99',
      value: ms(p99(found)),
      ceiling: `${ms(p99(unloaded))} at ${UNLOADED_PER_SECOND}/s`,
      ratio: p99(found) / p99(unloaded),
      aim: `≤ ${MOST_TIMES_SLOWER}`,
      note: NOTE,
    },
    {
      name: '  the same requests at a server that only answers',
      value: ms(p99(bare)),
      ceiling: `${ms(p99(unloaded))} at ${UNLOADED_PER_SECOND}/s`,
      ratio: p99(bare) / p99(unloaded),
    },
    {
      name: '  the same without admission control',
      value: ms(p99(without)),
      ceiling: `${ms(p99(unloaded))} at ${UNLOADED_PER_SECOND}/s`,
      ratio: p99(without) / p99(unloaded),
    },
    {
      name: `accepted requests, at ${perSecond(OVERLOAD * sustainable)}`,
      value: perSecond(accepted / found.seconds),
      ceiling: `${perSecond(sustainable)} sustainable`,
      ratio: accepted / found.seconds / sustainable,
    },
    {
      name: 'turned away',
      value: `${percent(found.batch)} of the batches`,
      ceiling: `${percent(found.event)} of the single events`,
    },
    { name: 'acknowledged messages that the log lacks', value: String(missing), ceiling: '', aim: '0' },
  ];
}

const NOTE =
  'Times begin with the arrival of a request, so they include the waits of the load generator and for a processor. A server that only answers shows the least that those are: it leaves more of the processors to the generator than the gateway and its log do.';

type Offer = (rate: number, seconds: number, some?: Partial<Arrivals>) => Promise<Found>;

async function withGateway<T>(
  log: string,
  settings: NodeJS.ProcessEnv,
  measure: (load: Offer) => Promise<T>,
): Promise<T> {
  const gateway = await run(new URL('../processes/gateway.js', import.meta.url), [log, 'group', BENCH_KEY], {
    BENCH_KEYS: String(KEYS),
    OPENSYNC_ADDRESS_CONNECTIONS: String(2 * CONNECTIONS),
    ...settings,
  });
  return loading(gateway, measure);
}

async function withBareAnswers<T>(measure: (load: Offer) => Promise<T>): Promise<T> {
  return loading(await run(new URL('../processes/bare-answers.js', import.meta.url), []), measure);
}

/** Stops the server at the end. */
async function loading<T>(server: Running, measure: (load: Offer) => Promise<T>): Promise<T> {
  let runs = 0;
  try {
    return await measure((rate, seconds, some = {}) =>
      offered({
        ...{ url: server.url, keys: Array.from({ length: KEYS }, (_, at) => `${BENCH_KEY}${at}`), rate, seconds },
        ...{ settleSeconds: 1, connections: CONNECTIONS, ...MIX, prefix: `run-${server.pid}-${runs++}`, ...some },
      }),
    );
  } finally {
    await server.stop();
  }
}

const percent = ({ shed, offered }: Outcome) => `${Math.round((100 * shed) / offered)} %`;

function shown({ times, firstTimes, shedTimes, ...counts }: Outcome): string {
  const [p50, late, first, refused] = [
    [times, 0.5],
    [times, 0.99],
    [firstTimes, 0.99],
    [shedTimes, 0.99],
  ].map(([values, share]) => ms(percentile(values as number[], share as number)));
  return `${JSON.stringify(counts)}, p50 ${p50}, p99 ${late}, at first p99 ${first}, refusals p99 ${refused}`;
}

/** The highest rate, in requests per second, that is accepted in full, without a queue that grows. */
async function sustainableRate(most: number, attempt: (rate: number) => Promise<Found>): Promise<number> {
  let sustainable = 0;
  for (const share of SHARES) {
    const rate = share * most;
    const found = await attempt(rate);
    const { event, batch } = found;
    const lost = [event, batch].reduce((sum, { shed, failed, unsent }) => sum + shed + failed + unsent, 0);
    console.error(`  at ${perSecond(rate)}: p99 ${ms(p99(found))}, ${lost} not accepted`);
    if (lost > 0 || p99(found) > QUEUE_MS) break;
    sustainable = rate;
  }
  if (sustainable === 0) throw new Error(`${perSecond(SHARES[0]! * most)} is not sustainable: is the machine busy?`);
  return sustainable;
}

const p99 = ({ event }: Found) => percentile(event.times, 0.99);

/** In a process of its own: what it offers must not wait for what is counted here. */
async function offered(load: Arrivals): Promise<Found> {
  const program = fileURLToPath(new URL('../processes/arrivals.js', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(load)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: LARGEST_OUTPUT });
  return JSON.parse(stdout) as Found;
}

/** How many acknowledged messages the log does not have. */
async function missingOf(log: string, { acknowledged }: Found): Promise<number> {
  const nc = await connectLog({ servers: log, name: 'bench-admission' });
  const stored = new Set<string>();
  try {
    const { first, last } = await streamEnds(nc);
    for await (const batch of replay(nc, { from: first, to: last })) {
      for (const delivery of batch) {
        const { data } = decodeEvent(delivery);
        if ('externalId' in data && typeof data.externalId === 'string') stored.add(data.externalId);
      }
    }
  } finally {
    await nc.close();
  }
  return acknowledged.reduce((missing, [from, count]) => {
    const numbers = Array.from({ length: count }, (_, at) => from + at);
    return missing + numbers.filter((number) => !stored.has(nameOf(PREFIX, number))).length;
  }, 0);
}
