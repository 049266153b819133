import { startTestNats } from '@opensync/testkit';
import { run } from '../processes/process.ts';
import { ms, perSecond, type Figure } from '../figures.ts';
import { aMessage, BENCH_KEY, post } from '../load.ts';

const SECONDS = 4;

/** Single-event ingest over HTTP against a bare handler that publishes and awaits the ack on a stream with the same sync. */
export async function ingestFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const sync of ['always', 'interval'] as const) {
    await using nats = await startTestNats({ sync });
    const mode = sync === 'always' ? 'group' : 'plain';
    const gateway = await run(new URL('../processes/gateway.js', import.meta.url), [nats.url, mode, BENCH_KEY]);
    const subject = 'osk.events.wsp_bench.usr_bench.message';
    const bare = await run(new URL('../processes/bare-publisher.js', import.meta.url), [nats.url, subject]);
    try {
      for (const connections of [1, 16, 64, 256]) {
        const load = { connections, seconds: SECONDS, body: () => JSON.stringify(aMessage()) };
        const ceiling = await post(bare.url, load);
        const product = await post(`${gateway.url}/sync/message`, load);
        if (product.failed > 0) throw new Error(`${product.failed} requests were not answered with 2xx`);
        figures.push({
          name: `ingest, ${connections} connections, syncs ${sync === 'always' ? 'on' : 'off'}`,
          value: `${perSecond(product.rate)}, p99 ${ms(product.p99)}`,
          ceiling: `${perSecond(ceiling.rate)}, p99 ${ms(ceiling.p99)}`,
          ratio: product.rate / ceiling.rate,
          aim: sync === 'interval' ? '≥ 0.8' : connections >= 64 ? '≥ 1.5' : '',
        });
      }
    } finally {
      await Promise.all([gateway.stop(), bare.stop()]);
    }
  }
  return figures;
}
