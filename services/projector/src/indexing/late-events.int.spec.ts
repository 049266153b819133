import { sessionIdOf } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { aMessageSynced, anOwner, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { delivery } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';
import { indexChanges } from './changed-documents.ts';
import type { DocumentIndex } from './document-index.ts';

const owner = anOwner();
const sessionId = sessionIdOf(owner, 'session-1');
const { messageId } = aMessageSynced().data;

/** Events that are folded after one with a higher sequence: from another projector, or redelivered. */
describe('an event that reaches the documents after later ones', () => {
  let indexing: Indexing;
  beforeEach(async () => {
    indexing = await openIndexing();
  });
  afterEach(() => indexing.close());

  /** Before its first write of messages or sessions, `meanwhile` runs: a faster one projects and indexes something. */
  const overtaken = (
    index: DocumentIndex,
    step: keyof DocumentIndex,
    meanwhile: () => Promise<void>,
  ): DocumentIndex => {
    let pending: (() => Promise<void>) | undefined = meanwhile;
    const before = async (next: keyof DocumentIndex) => {
      if (next !== step || !pending) return;
      const work = pending;
      pending = undefined;
      await work();
    };
    return {
      ...index,
      writeMessages: async (...args) => {
        await before('writeMessages');
        return index.writeMessages(...args);
      },
      writeSessions: async (...args) => {
        await before('writeSessions');
        return index.writeSessions(...args);
      },
    };
  };
  const applyAndIndex = async (...events: Delivery[]) => indexing.index(await indexing.apply(events));

  it.each(['writeMessages', 'writeSessions'] as const)(
    'is found if a slower indexer, which has not seen it, writes last with %s: a title',
    async (step) => {
      const changes = await indexing.apply([
        delivery(aMessageSynced({ textContent: 'reeds' }), 9),
        delivery(aSessionSynced({ model: 'opus' }), 10),
      ]);
      const slow = overtaken(indexing.indexes.search, step, () =>
        applyAndIndex(delivery(aSessionSynced({ title: 'Herons nest' }), 5)),
      );
      await indexChanges(changes, indexing.documents, slow);
      expect(await indexing.find(owner, 'herons reeds')).toEqual([sessionId]);
      const rows = await indexing.search.indexed(owner, [sessionId, messageId]);
      expect([...rows.values()].map(({ title }) => title)).toEqual(['Herons nest', 'Herons nest']);
    },
  );

  it.each(['search', 'vectors'] as const)('is found if a slower indexer of %s writes last: a part', async (name) => {
    const message = delivery(aMessageSynced({ partCount: 2 }), 21);
    const avocet = delivery(aPartSynced({ order: 0, content: 'avocet' }), 22);
    const bittern = delivery(aPartSynced({ order: 1, content: 'bittern' }), 23);
    const changes = await indexing.apply([message, bittern]);
    const slow = overtaken(indexing.indexes[name], 'writeMessages', () => applyAndIndex(avocet));
    await indexChanges(changes, indexing.documents, slow);
    expect(await indexing.find(owner, 'avocet bittern')).toEqual([sessionId]);
    const inOrder = await openIndexing();
    try {
      await inOrder.index(await inOrder.apply([message, avocet, bittern]));
      const expected = await inOrder.vectors.indexed(owner, [messageId]);
      expect(await indexing.vectors.indexed(owner, [messageId])).toEqual(expected);
    } finally {
      await inOrder.close();
    }
  });

  it('gives its session a heading in the vectors, too', async () => {
    const changes = await indexing.apply([delivery(aSessionSynced({ model: 'opus' }), 10)]);
    const slow = overtaken(indexing.indexes.vectors, 'writeSessions', () =>
      applyAndIndex(delivery(aSessionSynced({ title: 'Herons nest', projectName: 'marsh' }), 5)),
    );
    await indexChanges(changes, indexing.documents, slow);
    const row = (await indexing.vectors.indexed(owner, [sessionId])).get(sessionId);
    expect(row).toMatchObject({ projectName: 'marsh', hashes: [expect.any(String)] });
  });
});
