import { headers } from '@nats-io/transport-node';
import { startTestNats } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { JobBook } from '../jobs/job-book.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { PreferenceBook } from './preferences.ts';

describe('a message that nats-server was made to copy into a bucket', () => {
  it('is no preference, and no record of a job, that a change continues', async () => {
    const server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'test' });
    try {
      await reconcileTopology(nc, { replicas: 1 });
      const of = { workspaceId: 'wsp_a', userId: 'usr_b' };
      const book = new PreferenceBook(nc);
      await book.change(of, () => ({ mail: 'ada@example.com' }));
      expect(await book.change(of, (before) => ({ ...before, hour: 7 }))).toEqual({ mail: 'ada@example.com', hour: 7 });
      const copied = headers();
      copied.set('Nats-Stream', 'EVENTS');
      const evil = { webhook: { url: 'https://evil.example/', secret: 'x' } };
      nc.publish('$KV.preferences.wsp_a.usr_b', JSON.stringify(evil), { headers: copied });
      await nc.flush();
      expect(await book.change(of, (before) => ({ ...before, hour: 9 }))).toEqual({ hour: 9 });

      nc.publish('$KV.jobs.prices', JSON.stringify({ dueAt: 1, paused: true }), { headers: copied });
      await nc.flush();
      let seen: unknown = 'nothing';
      await new JobBook(nc).change('prices', (record) => void (seen = record));
      expect(seen).toBeUndefined();
    } finally {
      await nc.close();
      await server.stop();
    }
  });
});
