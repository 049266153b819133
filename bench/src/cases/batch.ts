import { jetstream } from '@nats-io/jetstream';
import { connectLog } from '@opensync/event-log';
import { startTestNats } from '@opensync/testkit';
import { rates, type Figure } from '../figures.ts';
import { aBatch, aMessage, BENCH_KEY, post } from '../load.ts';
import { run } from '../processes/process.ts';

const SECONDS = 5;
const CONNECTIONS = 4;
const MESSAGES = 250;
const WINDOW = CONNECTIONS * MESSAGES;

/** `/sync/batch` in events per second, against raw `js.publish` with the same number of events in flight. */
export async function batchFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const sync of ['always', 'interval'] as const) {
    await using nats = await startTestNats({ sync });
    const mode = sync === 'always' ? 'group' : 'plain';
    const gateway = await run(new URL('../processes/gateway.js', import.meta.url), [nats.url, mode, BENCH_KEY]);
    try {
      figures.push(await batchFigure(`/sync/batch, syncs ${sync === 'always' ? 'on' : 'off'}`, gateway.url, nats.url));
    } finally {
      await gateway.stop();
    }
  }
  return figures;
}

/** Batches through a gateway that publishes to this log, and raw publishing to the same stream. */
export async function batchFigure(name: string, gateway: string, log: string): Promise<Figure> {
  const ceiling = await rawPublishRate(log);
  const load = await post(`${gateway}/sync/batch`, {
    connections: CONNECTIONS,
    seconds: SECONDS,
    body: () => aBatch(MESSAGES),
  });
  if (load.failed > 0) throw new Error(`${load.failed} batches were not answered with 2xx`);
  return rates(`${name}, ${WINDOW} events in flight`, { product: load.rate * MESSAGES, ceiling }, '≥ 0.7');
}

async function rawPublishRate(servers: string): Promise<number> {
  const nc = await connectLog({ servers, name: 'bench-raw' });
  const js = jetstream(nc);
  const body = JSON.stringify(aMessage());
  const until = performance.now() + SECONDS * 1000;
  let published = 0;
  const publisher = async () => {
    while (performance.now() < until) {
      await js.publish('osk.events.wsp_bench.usr_bench.message', body);
      published++;
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, publisher));
  await nc.close();
  return published / SECONDS;
}
