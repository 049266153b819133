import { connectLog, CONSUMER, eventAt, EventPublisher, reconcileTopology } from '@opensync/event-log';
import { createLogger, loadSettings } from '@opensync/platform';
import { confirmPosition, openGeneration, recordNow, type DocumentStore, type StorePosition } from '@opensync/stores';
import { anOwner, describeWith, removeIndexesAndCollections, startTestNats, waitFor } from '@opensync/testkit';
import { aHistory } from '../testing/replica.ts';
import { IndexKeeper } from './index-keeper.ts';
import { UnusableStores } from './unusable-stores.ts';

await describeWith(['qdrant'], 'vectors on Qdrant', ({ qdrant }) => {
  const prefix = `opensync-lost-${process.pid}`;
  afterEach(() => removeIndexesAndCollections({ qdrant }, prefix));

  it.each(['messages', 'sessions'])('are refilled after their collection of %s was deleted', async (kind) => {
    const server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'test' });
    try {
      await reconcileTopology(nc, { replicas: 1 });
      const history = aHistory([anOwner('ada@example.com')], 3);
      const publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
      await publisher.publish([...history]);
      await publisher.close();
      const held: StorePosition = { sequence: history.length, witness: await eventAt(nc, history.length) };
      const documents = {
        position: async () => held,
        describe: async () => ({ counts: { messages: 1 } }),
        reach: async () => history.length,
      };
      const settings = loadSettings({ QDRANT_URL: qdrant, OPENSYNC_STORE_PREFIX: prefix });
      const keeperOf = async () =>
        new IndexKeeper('vectors', CONSUMER.vectors, await openGeneration(settings, 'vectors', 1), {
          nc,
          generations: { used: () => ({ documents: 1, search: 1, vectors: 1 }) },
          unusable: new UnusableStores(),
          documents: documents as unknown as DocumentStore,
          everyMs: 0,
          announceAll: async () => 3,
          logger: createLogger('silent', 'test'),
        });
      const record = async () => (await recordNow(nc, 'vectors'))!;

      const whole = await keeperOf();
      await waitFor(
        async () => (await whole.look()).condition.kind === 'complete' && (await record()).fill === undefined,
        { timeoutMs: 60_000 },
      );
      const store = await openGeneration(settings, 'vectors', 1);
      await store.setPosition(held, await store.position());
      await confirmPosition(nc, 'vectors', { generation: 1, sequence: history.length });

      const { collections } = ((await (await fetch(`${qdrant}/collections`)).json()) as Collections).result;
      const gone = collections.find(({ name }) => name.startsWith(`${prefix}-${kind}`))!.name;
      expect((await fetch(`${qdrant}/collections/${gone}`, { method: 'DELETE' })).ok).toBe(true);
      // As after a restart, which recreates it.
      const again = await keeperOf();
      expect(await again.look()).toMatchObject({ action: 'all documents are being reindexed' });
      expect((await record()).fill).toMatchObject({ token: expect.any(String) });
      await waitFor(async () => (await record()).lease === undefined, { timeoutMs: 60_000 });
    } finally {
      await nc.close();
      await server.stop();
    }
  });
});

interface Collections {
  readonly result: { readonly collections: readonly { readonly name: string }[] };
}
