import { sessionIdOf } from '@opensync/contracts';
import type { SearchStore } from '@opensync/stores';
import { aMessageSynced, anOwner, aSessionSynced } from '@opensync/testkit';
import { delivery, raw, stream } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';
import { indexChanges } from './changed-documents.ts';
import { searchIndex } from './search-index.ts';

const owner = anOwner();
const sessionId = sessionIdOf(owner, 'session-1');
const messages = Array.from({ length: 450 }, (_, n) =>
  aMessageSynced({ externalId: `m${n}`, textContent: `heron ${n}` }),
);
const ids = messages.map(({ data }) => data.messageId);

describe('documents that an index will never accept', () => {
  let indexing: Indexing;
  beforeEach(async () => {
    indexing = await openIndexing();
  });
  afterEach(() => indexing.close());

  /** The search index, which rejects the rows with these ids: no column can hold such a time. */
  const refusing = (refused: readonly string[]) => {
    const search: SearchStore = {
      ...indexing.search,
      index: (of, documents) =>
        indexing.search.index(
          of,
          documents.map((document) => (refused.includes(document.id) ? { ...document, createdAt: 2 ** 70 } : document)),
        ),
    };
    return searchIndex(search, { text: () => Promise.reject(new Error('nothing lies beside the log')) });
  };

  it('do not block others in the same change, and each has its own letter', async () => {
    const others = aSessionSynced({ externalId: 'session-2', title: 'Bitterns' });
    const changes = await indexing.apply(stream([...messages, aSessionSynced({ title: 'Herons nest' }), others]));
    expect(changes).toHaveLength(1);
    const refused = [ids[7]!, ids[300]!, others.data.sessionId];
    const { poison } = await indexChanges(changes, indexing.documents, refusing(refused));
    const bodyOf = (kind: 'sessions' | 'messages', id: string) =>
      JSON.stringify({ sessions: [], messages: [], [kind]: [id] });
    expect(poison).toMatchObject([
      { delivery: changes[0], kind: 'refused', documentId: refused[2], body: bodyOf('sessions', refused[2]!) },
      { delivery: changes[0], kind: 'refused', documentId: refused[0], body: bodyOf('messages', refused[0]!) },
      { delivery: changes[0], kind: 'refused', documentId: refused[1], body: bodyOf('messages', refused[1]!) },
    ]);
    const all = [...ids, sessionId, others.data.sessionId];
    const rows = await indexing.search.indexed(owner, all);
    expect(all.filter((id) => !rows.has(id)).sort()).toEqual([...refused].sort());

    for (const { body } of poison!) {
      await indexing.index([raw(changes[0]!.subject, changes[0]!.sequence, body!)]);
    }
    expect((await indexing.search.indexed(owner, all)).size).toBe(all.length);
  });

  it('do not block messages that are rewritten with their session', async () => {
    await indexing.index(await indexing.apply(stream([aSessionSynced({ title: 'Before' }), ...messages])));
    const changes = await indexing.apply([delivery(aSessionSynced({ title: 'After' }), 1_000)]);
    const { poison } = await indexChanges(changes, indexing.documents, refusing([ids[3]!]));
    expect(poison).toMatchObject([
      { delivery: changes[0], body: JSON.stringify({ sessions: [], messages: [ids[3]] }) },
    ]);
    const rows = await indexing.search.indexed(owner, [...ids, sessionId]);
    expect([...rows].filter(([, { title }]) => title !== 'After').map(([id]) => id)).toEqual([ids[3]]);
  });
});
