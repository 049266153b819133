import { messageIdOf, sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, anOwner, aSessionCurated, aSessionDeleted, aSessionSynced } from '@opensync/testkit';
import { delivery } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';
import { indexChanges } from './changed-documents.ts';
import { vectorIndex } from './vector-index.ts';

const owner = anOwner();
const sessionId = sessionIdOf(owner, 'session-1');
const MESSAGES = ['m1', 'm2', 'm3'];
const ids = [sessionId, ...MESSAGES.map((externalId) => messageIdOf(sessionId, externalId))];
const VECTOR = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0);

describe('the index rows of a session in the trash', () => {
  let indexing: Indexing;
  let index: (...events: Parameters<Indexing['apply']>[0]) => Promise<void>;
  beforeEach(async () => {
    indexing = await openIndexing();
    const vectors = vectorIndex({
      vectors: indexing.vectors,
      payloads: { text: () => Promise.reject(new Error('nothing is in the payload store')) },
      embed: async (texts) => texts.map(() => VECTOR),
    });
    index = async (...events) => {
      const changes = await indexing.apply(events);
      await indexChanges(changes, indexing.documents, indexing.indexes.search);
      await indexChanges(changes, indexing.documents, vectors);
    };
    await index(
      delivery(aSessionSynced({ title: 'Herons' }), 1),
      ...MESSAGES.map((externalId, at) =>
        delivery(aMessageSynced({ externalId, textContent: `${externalId} about herons` }), at + 2),
      ),
    );
  });
  afterEach(() => indexing.close());

  const rows = async () =>
    Promise.all(
      [indexing.search, indexing.vectors].map(async (store) => [...(await store.indexed(owner, ids)).keys()]),
    );
  const all = [ids, ids].map((list) => list.toSorted());
  const sorted = async () => (await rows()).map((list) => list.toSorted());
  const throwAway = (sequence: number) => delivery(aSessionCurated({ trashedAt: 5 }), sequence);
  const takeOut = (sequence: number) => delivery(aSessionCurated({ trashedAt: null }), sequence);

  it('go with it, and come back with it, all of them', async () => {
    expect(await sorted()).toEqual(all);
    await index(throwAway(10));
    expect(await rows()).toEqual([[], []]);
    await index(takeOut(11));
    expect(await sorted()).toEqual(all);
    await index(throwAway(12));
    expect(await rows()).toEqual([[], []]);
  });

  it('include what its plugin sent meanwhile only when it is taken out', async () => {
    await index(throwAway(10));
    await index(
      delivery(aMessageSynced({ externalId: 'm2', textContent: 'm2 about egrets' }), 11),
      delivery(aMessageSynced({ externalId: 'm4', textContent: 'm4 about egrets' }), 12),
    );
    expect(await rows()).toEqual([[], []]);
    await index(takeOut(13));
    const m4 = messageIdOf(sessionId, 'm4');
    expect([...(await indexing.search.indexed(owner, [...ids, m4])).keys()].toSorted()).toEqual(
      [...ids, m4].toSorted(),
    );
  });

  it('are gone for good after its deletion', async () => {
    await index(throwAway(10));
    await index(delivery(aSessionCurated({ erasing: true }), 11), delivery(aSessionDeleted(), 12));
    await index(takeOut(9));
    expect(await rows()).toEqual([[], []]);
    const { sessions, gone } = await indexing.documents.load(owner, { sessions: [sessionId] });
    expect([sessions.size, gone.get(sessionId)?.fields]).toEqual([0, {}]);
    expect(await indexing.documents.trashed({ before: 100, limit: 9 })).toEqual([]);
  });
});
