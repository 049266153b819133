import { fileURLToPath } from 'node:url';
import { ServiceProcess, startTestNats } from '@opensync/testkit';
import type { Figure } from '../../figures.ts';
import { BENCH_KEY } from '../../load.ts';
import { onServer } from '../../servers.ts';
import { dropDatabase, ownName, withDatabase } from '../../stores.ts';
import { batchFigure } from '../batch.ts';

const NAME = '/sync/batch at a gateway apart, syncs on';
const NOTE =
  'MongoDB is connected and not written to: ingest only publishes. The ceiling syncs for each event, groups sync once.';
const main = fileURLToPath(new URL('../../../../build/ingest.js', import.meta.url));

/** Batch ingest through the ingest service as it is deployed: a process of its own on NATS and MongoDB. */
export function gatewayFigures(): Promise<Figure[]> {
  return onServer('mongodb', NAME, async (server) => {
    const name = ownName();
    const url = withDatabase(server, name);
    await using nats = await startTestNats({ sync: 'always' });
    try {
      await using gateway = new ServiceProcess(main, {
        NATS_URL: nats.url,
        MONGODB_URL: url,
        OPENSYNC_BOOTSTRAP_KEY: BENCH_KEY,
      });
      return [{ ...(await batchFigure(NAME, await gateway.url(), nats.url)), note: NOTE }];
    } finally {
      await dropDatabase(url, name);
    }
  });
}
