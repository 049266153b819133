import { jetstream } from '@nats-io/jetstream';
import { connectLog, CONSUMER, eventAt, EventPublisher, reconcileTopology } from '@opensync/event-log';
import { loadSettings } from '@opensync/platform';
import { confirmPosition, IndexLife } from '@opensync/stores';
import { anOwner, aSessionSynced, startTestNats, waitFor } from '@opensync/testkit';
import { readStores } from './stores.ts';

describe('the status of the stores', () => {
  it('does not report a store as older whose projector moves and records the position during the read', async () => {
    const server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'test' });
    try {
      await reconcileTopology(nc, { replicas: 1 });
      const publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
      const owner = anOwner('ada@example.com');
      await publisher.publish([
        aSessionSynced({ externalId: 'a' }, { owner }),
        aSessionSynced({ externalId: 'b' }, { owner }),
      ]);
      await publisher.close();
      const { stream, durable } = CONSUMER.documents;
      const consumer = await jetstream(nc).consumers.get(stream, durable);
      const first = await consumer.next({ expires: 5000 });
      await first!.ackAck();
      await waitFor(async () => (await consumer.info()).num_ack_pending === 0);
      await IndexLife.open(nc, 'documents');
      await confirmPosition(nc, 'documents', { generation: 1, sequence: 1 });
      const position = { sequence: 1, witness: await eventAt(nc, 1) };
      // The answer of the process that has the stores open.
      const report = { kind: 'documents', engine: 'SQLite', location: 'here', counts: { sessions: 1 }, position };
      nc.subscribe('osk.status.stores', {
        callback: (_error, request) =>
          void confirmPosition(nc, 'documents', { generation: 1, sequence: 2 }).then(() =>
            request.respond(JSON.stringify([report])),
          ),
      });
      const target = { kind: 'remote', url: server.url, nc } as const;
      const [documents] = await readStores(target, loadSettings({ NATS_URL: server.url }));
      expect(documents!.discrepancy).toBeUndefined();
      // The next check finds that it stays behind the record.
      const [behind] = await readStores(target, loadSettings({ NATS_URL: server.url }));
      expect(behind!.discrepancy).toMatchObject({ condition: 'older' });
    } finally {
      await nc.close();
      await server.stop();
    }
  });
});
