import { messageIdOf, partIdOf, sessionIdOf, type MessageSynced, type PartSynced } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { parseQuery, type SessionFilter } from '@opensync/stores';
import { aMessageSynced, anOwner, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { delivery } from '../testing/deliveries.ts';
import { openIndexing, type Indexing } from '../testing/indexing.ts';
import { indexChanges } from './changed-documents.ts';

const owner = anOwner();
const sessionId = sessionIdOf(owner, 'session-1');
const message = (externalId: string, data: Partial<MessageSynced>, sequence: number) =>
  delivery(aMessageSynced({ externalId, ...data }), sequence);
const prompt = (textContent: string) => ({ role: 'user', textContent });

describe('a missing value of a session', () => {
  let indexing: Indexing;
  beforeEach(async () => {
    indexing = await openIndexing();
  });
  afterEach(() => indexing.close());

  const applyAndIndex = async (...events: Delivery[]) => indexing.index(await indexing.apply(events));
  const found = async (query: string, filter: SessionFilter = {}) =>
    (await indexing.search.search(owner, { parsed: parseQuery(query), filter, limit: 10 })).map((hit) => hit.sessionId);
  const headings = async () => {
    const ids = [sessionId, ...['m1', 'm2', 'm3'].map((externalId) => messageIdOf(sessionId, externalId))];
    const rows = await indexing.search.indexed(owner, ids);
    return [...rows.values()].map(({ title, model }) => `${title} (${model})`);
  };

  it('is in every row of it, and found by filters, as if it had been sent', async () => {
    await applyAndIndex(message('m1', prompt('Why do herons nest?'), 1));
    await applyAndIndex(message('m2', { role: 'assistant', textContent: 'In reeds', model: 'opus', provider: 'x' }, 2));
    expect(await headings()).toEqual(new Array(3).fill('Why do herons nest? (opus)'));
    expect(await found('reeds', { model: 'opus' })).toEqual([sessionId]);
    expect(await found('reeds', { model: 'sonnet' })).toEqual([]);
    for (const model of ['opus', 'sonnet']) {
      const listed = await indexing.documents.sessions(owner, { limit: 9, sort: 'createdAt', order: 'desc', model });
      expect(listed.map(({ id }) => id)).toEqual(model === 'opus' ? [sessionId] : []);
    }
    const vectors = await indexing.vectors.indexed(owner, [sessionId]);
    expect(vectors.get(sessionId)).toMatchObject({ model: 'opus', hashes: [expect.any(String)] });
  });

  it('changes with an earlier message, whatever order messages arrive in', async () => {
    await applyAndIndex(message('m3', { ...prompt('third'), createdAt: 300, model: 'late' }, 1));
    await applyAndIndex(message('m1', { ...prompt('first'), createdAt: 100, model: 'early' }, 2));
    await applyAndIndex(message('m2', { ...prompt('second'), createdAt: 200, model: 'middle' }, 3));
    expect(await headings()).toEqual(new Array(4).fill('first (early)'));
    // An older event is folded last: it has the true time of the message that was first.
    await applyAndIndex(message('m1', { ...prompt('first'), createdAt: 100, model: 'early' }, 2));
    await applyAndIndex(message('m1', { createdAt: 400 }, 4));
    expect(await headings()).toEqual(new Array(4).fill('second (middle)'));
  });

  it('is replaced by a later sent value, and does not come back for a placeholder', async () => {
    await applyAndIndex(message('m1', { ...prompt('Why do herons nest?'), model: 'opus' }, 1));
    await applyAndIndex(delivery(aSessionSynced({ title: 'New session - 2026-01-02T03:04:05Z', model: 'unknown' }), 2));
    expect(await headings()).toEqual(new Array(2).fill('Why do herons nest? (opus)'));
    await applyAndIndex(delivery(aSessionSynced({ title: 'Herons', model: 'sonnet' }), 3));
    await applyAndIndex(delivery(aSessionSynced({ title: 'Untitled', model: '<synthetic>' }), 4));
    expect(await headings()).toEqual(new Array(2).fill('Herons (sonnet)'));
  });

  it('is correct if a slower indexer, which has not seen the first message, writes last', async () => {
    const changes = await indexing.apply([message('m2', { ...prompt('second'), createdAt: 200 }, 2)]);
    const { search } = indexing.indexes;
    let overtaken = false;
    await indexChanges(changes, indexing.documents, {
      ...search,
      writeMessages: async (...args) => {
        if (!overtaken) {
          overtaken = true;
          await applyAndIndex(message('m1', { ...prompt('first'), createdAt: 100 }, 1));
        }
        return search.writeMessages(...args);
      },
    });
    expect(await headings()).toEqual(new Array(3).fill('first ()'));
  });

  it('may be that a tool failed, also if the part arrives by itself, until its message is sent again', async () => {
    const messageId = messageIdOf(sessionId, 'm2');
    const part = (content: PartSynced['content'], sequence: number) =>
      delivery(
        aPartSynced({ sessionId, messageId, partId: partIdOf(messageId, 0), order: 0, type: 'tool-call', content }),
        sequence,
      );
    const ran = { role: 'assistant', textContent: 'ran a tool', partCount: 1 };
    const FAILED = { hasErrors: true };
    await applyAndIndex(message('m1', prompt('Why do herons nest?'), 1), message('m2', ran, 2));
    expect([await found('herons', FAILED), await found('herons', { hasErrors: false })]).toEqual([[], [sessionId]]);
    await applyAndIndex(part({ toolName: 'Bash', is_error: true }, 3));
    expect([await found('herons', FAILED), await found('herons', { hasErrors: false })]).toEqual([[sessionId], []]);
    // The message itself, of those of the session.
    const inMessages = async (query: string) => {
      const asked = { parsed: parseQuery(query), filter: { failed: true }, limit: 10, level: 'message' } as const;
      return (await indexing.search.search(owner, asked)).map((hit) => hit.messageId);
    };
    expect([await inMessages('herons'), await inMessages('ran')]).toEqual([[], [messageId]]);
    await applyAndIndex(message('m2', ran, 4));
    await applyAndIndex(part({ toolName: 'Bash' }, 5));
    expect([await found('herons', FAILED), await found('herons', { hasErrors: false })]).toEqual([[], [sessionId]]);
  });

  it('is not rewritten endlessly while messages keep arriving', async () => {
    let sequence = 1;
    const changes = await indexing.apply([message('m1', prompt('first'), sequence++)]);
    let writes = 0;
    const { search } = indexing.indexes;
    await indexChanges(changes, indexing.documents, {
      ...search,
      writeSessions: async (...args) => {
        writes++;
        await indexing.apply([message(`n${sequence}`, prompt('another'), sequence++)]);
        return search.writeSessions(...args);
      },
    });
    expect(writes).toBe(1);
  });
});
