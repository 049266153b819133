import { messageIdOf, readerOf, sessionIdOf, type Visibility } from '@opensync/contracts';
import { parseQuery } from '@opensync/stores';
import { aMessageSynced, anOwner, aSessionCurated, aSessionSynced } from '@opensync/testkit';
import { delivery } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';
import { indexChanges } from './changed-documents.ts';
import { vectorIndex } from './vector-index.ts';

const owner = anOwner();
const colleague = readerOf(anOwner('bob@example.com'));
const sessionId = sessionIdOf(owner, 'session-1');
const MESSAGES = ['m1', 'm2', 'm3'];
const ids = [sessionId, ...MESSAGES.map((externalId) => messageIdOf(sessionId, externalId))];

describe('a change of a session’s visibility', () => {
  let indexing: Indexing;
  /** Texts that were embedded. */
  let embedded: string[];
  let index: (events: Parameters<Indexing['apply']>[0]) => Promise<void>;

  beforeEach(async () => {
    indexing = await openIndexing();
    embedded = [];
    const vectors = vectorIndex({
      vectors: indexing.vectors,
      payloads: { text: () => Promise.reject(new Error('nothing is in the payload store')) },
      embed: async (texts) => {
        embedded.push(...texts);
        return texts.map(() => Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0));
      },
    });
    index = async (events) => {
      const changes = await indexing.apply(events);
      await indexChanges(changes, indexing.documents, indexing.indexes.search);
      await indexChanges(changes, indexing.documents, vectors);
    };
    await index([
      delivery(aSessionSynced({ title: 'Herons' }), 1),
      ...MESSAGES.map((externalId, at) =>
        delivery(aMessageSynced({ externalId, textContent: `${externalId} about herons` }), at + 2),
      ),
    ]);
  });
  afterEach(() => indexing.close());

  const curate = (visibility: Visibility, sequence: number) =>
    index([delivery(aSessionCurated({ visibility }), sequence)]);
  const rows = async () => {
    const stored = [await indexing.search.indexed(owner, ids), await indexing.vectors.indexed(owner, ids)];
    return stored.map((found) => [...found.values()].map(({ visibility }) => visibility));
  };
  const found = async () => {
    const hits = [
      await indexing.search.search(colleague, { parsed: parseQuery('herons m2'), filter: {}, limit: 9 }),
      await indexing.vectors.search(colleague, {
        vector: Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0),
        filter: {},
        limit: 9,
      }),
    ];
    return hits.map((of) => of.map((hit) => hit.sessionId));
  };

  it('rewrites every row of both indexes, and embeds nothing again', async () => {
    const before = embedded.length;
    expect([before, await found()]).toEqual([4, [[], []]]);
    await curate('workspace', 10);
    expect(await rows()).toEqual([new Array(4).fill('workspace'), new Array(4).fill('workspace')]);
    expect(await found()).toEqual([[sessionId], [sessionId]]);
    await curate('private', 11);
    expect(await rows()).toEqual([new Array(4).fill('private'), new Array(4).fill('private')]);
    expect(await found()).toEqual([[], []]);
    expect(embedded).toHaveLength(before);
  });

  it('ends with the latest one, whatever order the changes arrive in', async () => {
    await curate('private', 12);
    await curate('workspace', 11);
    expect(await rows()).toEqual([new Array(4).fill('private'), new Array(4).fill('private')]);
    await curate('workspace', 13);
    await curate('workspace', 13);
    expect(await found()).toEqual([[sessionId], [sessionId]]);
  });
});
