import { RequestRates } from '@opensync/platform/http';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, waitFor } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { exchangeRates } from './exchange-rates.ts';

it('lets gateways count the requests of a key together', async () => {
  const server = await startTestNats();
  const disposal = new Disposal(() => undefined);
  const now = Date.now();
  try {
    const gateway = async () => {
      const nc = await connectLog({ servers: server.url, name: 'test' });
      disposal.defer('connection', () => nc.close());
      const rates = new RequestRates(() => now);
      exchangeRates(nc, rates, disposal);
      await nc.flush();
      return rates;
    };
    const [a, b, c] = [await gateway(), await gateway(), await gateway()];
    for (let count = 0; count < 10; count++) a.take('ingest', 'key');
    for (let count = 0; count < 5; count++) b.take('ingest', 'key');
    c.take('read', 'key');
    await waitFor(() => [a, b, c].every((rates) => rates.used('ingest', 'key') === 15));
    await waitFor(() => [a, b, c].every((rates) => rates.used('read', 'key') === 1));
    a.take('ingest', 'key');
    await waitFor(() => c.used('ingest', 'key') === 16);
  } finally {
    await disposal.run(2000);
    await server.stop();
  }
});
