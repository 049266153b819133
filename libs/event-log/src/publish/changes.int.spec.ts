import { parseChangeSubject, parseDocumentChanges, type DocumentChanges } from '@opensync/contracts';
import { anOwner, startTestNats, waitFor } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { BatchConsumer } from '../consume/batch-consumer.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { publishChanges } from './changes.ts';

describe('publishChanges', () => {
  it('announces each id once to both indexers, in messages of bounded size', async () => {
    await using server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    const owner = anOwner();
    const ids = (kind: string, count: number) => Array.from({ length: count }, (_, n) => `${kind}_${n}`);
    const told = { sessions: ids('ses', 3), messages: ids('msg', 1200) };
    await publishChanges(nc, owner, told);
    await publishChanges(nc, owner, { sessions: [], messages: [] });

    for (const consumer of [CONSUMER.search, CONSUMER.vectors]) {
      const received: DocumentChanges[] = [];
      const indexer = new BatchConsumer(nc, {
        consumer,
        handler: async (batch) => {
          for (const delivery of batch) {
            expect(parseChangeSubject(delivery.subject)).toEqual(owner);
            received.push(parseDocumentChanges(JSON.parse(delivery.body()))!);
          }
          return {};
        },
      });
      await waitFor(() => received.length === 3);
      await indexer.stop();
      expect(received.flatMap(({ sessions }) => sessions)).toEqual(told.sessions);
      expect(received.flatMap(({ messages }) => messages).toSorted()).toEqual(told.messages.toSorted());
    }
    await nc.close();
  });
});
