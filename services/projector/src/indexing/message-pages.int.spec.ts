import type { SearchDocument } from '@opensync/stores';
import { sessionIdOf, type NewEvent, type Owner } from '@opensync/contracts';
import { ByteBudget } from '@opensync/platform';
import { aMessageSynced, anOwner, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { delivery, stream } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';
import { indexChanges } from './changed-documents.ts';
import { messagePages, messagePagesOf, PAGE_BYTES } from './message-pages.ts';
import { searchIndex } from './search-index.ts';

const owner = anOwner();
const sessionId = sessionIdOf(owner, 'session-1');
const idOf = (n: number) => aMessageSynced({ externalId: `m${n}` }).data.messageId;
const idsOf = (count: number) => Array.from({ length: count }, (_, n) => idOf(n));

describe('messages in pages', () => {
  let indexing: Indexing;
  beforeEach(async () => {
    indexing = await openIndexing();
  });
  afterEach(() => indexing.close());

  const budget = new ByteBudget({ limit: PAGE_BYTES });
  const pagesOf = async (ids: readonly string[]) => {
    const summaries = await indexing.documents.messageSummaries(owner, ids);
    return Array.fromAsync(messagePagesOf(indexing.documents, owner, summaries, budget));
  };

  it('are loaded by the hundred if they are small, in the order of their session or as requested', async () => {
    const events = Array.from({ length: 430 }, (_, n) => aMessageSynced({ externalId: `m${n}` }));
    await indexing.apply(stream(events));
    const ids = idsOf(430);
    const inOrder = await Array.fromAsync(messagePages(indexing.documents, owner, sessionId, budget));
    expect(inOrder.map((page) => page.length)).toEqual([200, 200, 30]);
    expect(inOrder.flat().map(({ message }) => message.id)).toEqual(ids);
    const asked = await pagesOf([...ids, 'msg_unknown']);
    expect(asked.map((page) => page.length)).toEqual([200, 200, 30]);
    expect(new Set(asked.flat().map(({ message }) => message.id))).toEqual(new Set(ids));
  });

  it('are loaded a few at a time if their texts or parts are large', async () => {
    const text = 'x'.repeat(2 ** 18);
    const large = (n: number) => [
      aMessageSynced({ externalId: `m${n}`, textContent: text, partCount: 1 }),
      aPartSynced({ messageId: idOf(n), order: 0, type: 'tool-result', content: [text, { args: text }] }),
    ];
    await indexing.apply(stream(Array.from({ length: 20 }, (_, n) => large(n)).flat()));
    const sizes = (pages: readonly (readonly unknown[])[]) => pages.map((page) => page.length);
    expect(sizes(await Array.fromAsync(messagePages(indexing.documents, owner, sessionId, budget)))).toEqual([
      5, 5, 5, 5,
    ]);
    expect(sizes(await pagesOf(idsOf(20)))).toEqual([5, 5, 5, 5]);
  });

  it('are written before more content is fetched from the payload store, when they or their session change', async () => {
    const sizeOf = ({ text, toolText }: SearchDocument) => text.length + toolText.length;
    let fetched = 0;
    let most = 0;
    const writes: number[] = [];
    const text = 'heron '.repeat(2 ** 18);
    const payloads = {
      text: async () => {
        fetched += text.length;
        most = Math.max(most, fetched);
        return text;
      },
    };
    const search = {
      ...indexing.search,
      // Measures the loaded bytes: splitting them into words would take a minute.
      index: async (_: unknown, documents: readonly SearchDocument[]) => {
        writes.push(documents.reduce((sum, document) => sum + sizeOf(document), 0));
        fetched = 0;
        return indexing.search.index(
          owner,
          documents.map((document) => ({ ...document, text: '' })),
        );
      },
    };
    const textRef = { sha256: 'a'.repeat(64), size: text.length, preview: 'heron' };
    const events = Array.from({ length: 20 }, (_, n) => aMessageSynced({ externalId: `m${n}`, textRef }));
    const index = searchIndex(search, payloads);
    await indexChanges(await indexing.apply(stream(events)), indexing.documents, index);
    expect(writes.filter((characters) => characters > 0)).toHaveLength(10);
    await indexChanges(
      await indexing.apply(stream([...events, aSessionSynced({ title: 'Herons' })])),
      indexing.documents,
      index,
    );
    expect(writes.filter((characters) => characters > 0)).toHaveLength(20);
    expect(most).toBeLessThanOrEqual(PAGE_BYTES);
    expect((await indexing.search.indexed(owner, idsOf(20))).get(idOf(19))!.title).toBe('Herons');
  });

  it('are loaded only if their rows are outdated, not for changes that no row shows', async () => {
    const whole: string[] = [];
    const documents = {
      ...indexing.documents,
      wholeMessages: async (of: Owner, ids: readonly string[], maxBytes: number) => {
        whole.push(...ids);
        return indexing.documents.wholeMessages(of, ids, maxBytes);
      },
    };
    let sequence = 0;
    const index = async (events: readonly NewEvent[]) => {
      whole.length = 0;
      const changes = await indexing.apply(events.map((event) => delivery(event, ++sequence)));
      for (const each of Object.values(indexing.indexes)) await indexChanges(changes, documents, each);
      return [...new Set(whole)].sort();
    };
    const message = (n: number, data: object) => aMessageSynced({ externalId: `m${n}`, ...data });
    const ids = idsOf(3).sort();
    expect(await index([0, 1, 2].map((n) => message(n, { textContent: `herons ${n}` })))).toEqual(ids);
    expect(await index([0, 1, 2].map((n) => message(n, { promptTokens: 7, cost: 1 })))).toEqual([]);
    expect(await index([aSessionSynced({ promptTokens: 9 })])).toEqual([]);
    expect(await index([message(1, { textContent: 'bitterns' }), message(2, { cost: 2 })])).toEqual([idOf(1)]);
    expect(await index([aSessionSynced({ title: 'Marsh' })])).toEqual(ids);
    expect(await index([aSessionSynced({ title: 'Marsh' }), message(0, { cost: 1 })])).toEqual([]);
    const part = aPartSynced({ messageId: idOf(2), content: 'a part' });
    expect(await index([message(2, { partCount: 1 }), part])).toEqual([idOf(2)]);
    expect(await indexing.find(owner, 'bitterns')).toEqual([sessionId]);
    expect(await indexing.find(owner, 'part marsh')).toEqual([sessionId]);
  });
});
