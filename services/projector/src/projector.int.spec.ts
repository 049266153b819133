import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  changeSubject,
  currentParts,
  eventSubject,
  sessionIdOf,
  sessionView,
  type DocumentChanges,
  type NewEvent,
  type Owner,
} from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log/payloads';
import { AppError } from '@opensync/platform';
import {
  openSqliteDocuments,
  openSqliteSearch,
  openSqliteVectors,
  parseQuery,
  type DocumentStore,
  type SearchStore,
  type VectorStore,
} from '@opensync/stores';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionSynced,
  temporaryFolder,
  type TemporaryFolder,
} from '@opensync/testkit';
import { DocumentsProjection } from './documents/documents-projection.ts';
import { indexChanges } from './indexing/changed-documents.ts';
import { searchIndex } from './indexing/search-index.ts';
import { vectorIndex } from './indexing/vector-index.ts';
import { delivery, raw, stream, noHistory } from './testing/deliveries.ts';

const owner = anOwner();
const sessionId = sessionIdOf(owner, 'session-1');
const DIMENSIONS = 8;

/** Deterministic vectors: the words of a text, hashed into a few dimensions. */
function fakeVector(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const word of text.toLowerCase().match(/\w+/g) ?? []) {
    vector[createHash('sha256').update(word).digest()[0]! % DIMENSIONS]! += 1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

describe('projector', () => {
  let folder: TemporaryFolder;
  let documents: DocumentStore;
  let search: SearchStore;
  let vectors: VectorStore;
  let published: { owner: Owner; changes: DocumentChanges }[];
  let embedded: string[];
  let stored: Map<string, string>;
  let opened = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());

  beforeEach(async () => {
    documents = await openSqliteDocuments(join(folder.path, `documents-${++opened}.db`));
    search = await openSqliteSearch(join(folder.path, `search-${opened}.db`));
    vectors = await openSqliteVectors({
      folder: join(folder.path, `vectors-${opened}`),
      model: 'fake',
      dimensions: DIMENSIONS,
    });
    published = [];
    embedded = [];
    stored = new Map();
  });
  afterEach(() => Promise.all([documents.close(), search.close(), vectors.close()]));

  const payloads = {
    text: async (_owner: Owner, { sha256 }: { sha256: string }) => {
      const content = stored.get(sha256);
      if (content === undefined) throw new PayloadLostError(sha256, 'missing');
      return content;
    },
  };
  const projection = () =>
    new DocumentsProjection({
      history: noHistory,
      documents,
      publishChanges: async (changed, changes) => void published.push({ owner: changed, changes }),
    });
  const apply = (events: readonly NewEvent[]) => projection().apply(stream(events));

  /** Delivers published changes to both indexers. */
  async function index() {
    const batch = published.map((change, at) =>
      raw(changeSubject(change.owner), at + 1, JSON.stringify(change.changes)),
    );
    published = [];
    await indexChanges(batch, documents, searchIndex(search, payloads));
    const embed = async (texts: readonly string[]) => {
      embedded.push(...texts);
      return texts.map(fakeVector);
    };
    await indexChanges(batch, documents, vectorIndex({ vectors, payloads, embed }));
  }

  const find = async (query: string) =>
    (await search.search(owner, { parsed: parseQuery(query), filter: {}, limit: 10 })).map((hit) => hit.sessionId);

  const readSession = async () => {
    const { sessions } = await documents.load(owner, { sessions: [sessionId] });
    return sessions.get(sessionId)!;
  };

  describe('documents', () => {
    it('creates the session of a message that arrived first, and merges both', async () => {
      await apply([
        aMessageSynced({ textContent: 'hello', role: 'user', promptTokens: 5, source: 'claude-code' }),
        aSessionSynced({ title: 'Late title' }),
      ]);
      expect(sessionView(await readSession())).toMatchObject({
        title: 'Late title',
        source: 'claude-code',
        promptTokens: 5,
        messageCount: 1,
      });
      expect(published).toEqual([
        { owner, changes: { sessions: [sessionId], messages: [aMessageSynced().data.messageId] } },
      ]);
    });

    it('counts each message once however often it is delivered', async () => {
      const events = Array.from({ length: 10 }, (_, at) => aMessageSynced({ externalId: `m${at}`, promptTokens: 1 }));
      await apply(events);
      await apply(events);
      expect(sessionView(await readSession())).toMatchObject({ messageCount: 10, promptTokens: 10 });
    });

    it('replaces the parts of a message that is sent again', async () => {
      const parts = (contents: string[]) => [
        aMessageSynced({ partCount: contents.length }),
        ...contents.map((content, order) => aPartSynced({ order, content })),
      ];
      await apply([...parts(['a', 'b', 'c']), ...parts(['d'])]);
      const { messages } = await documents.wholeMessages(owner, [aMessageSynced().data.messageId], 1e6);
      const [message] = messages;
      expect(currentParts(message!).map((part) => part.content)).toEqual(['d']);
      // Replaced content is not kept anywhere.
      expect(message!.parts.filter((part) => part.content !== undefined)).toHaveLength(1);
    });

    it('reports invalid events as poison and projects the rest', async () => {
      const good = delivery(aMessageSynced(), 2);
      const bad = raw(eventSubject(owner, 'message'), 1, '{}', { 'ce-type': 'dev.opensync.message.synced.v9' });
      const outcome = await projection().apply([bad, good]);
      expect(outcome.poison).toEqual([
        { delivery: bad, kind: 'unknown-type', reason: expect.stringContaining('unknown event type') },
      ]);
      expect((await readSession()).rollup.messageCount).toBe(1);
    });
  });

  describe('indexes', () => {
    it('finds a session by title, by a message and by its tool calls, and under the new title after a change', async () => {
      await apply([
        aSessionSynced({ title: 'Flaky login' }),
        aMessageSynced({ textContent: 'The cookie expires', partCount: 1 }),
        aPartSynced({ type: 'tool-call', content: { toolName: 'Bash', args: { command: 'pytest -x' } } }),
      ]);
      await index();
      expect(await find('login cookie')).toEqual([sessionId]);
      expect(await find('pytest')).toEqual([sessionId]);
      await projection().apply([delivery(aSessionSynced({ title: 'Stable logout' }), 50)]);
      await index();
      expect(await find('logout cookie')).toEqual([sessionId]);
      expect(await find('flaky')).toEqual([]);
    });

    it('finds words of content in the payload store', async () => {
      const sha256 = 'a'.repeat(64);
      stored.set(sha256, 'needle in a large text');
      await apply([aMessageSynced({ textRef: { sha256, size: 300_000, preview: 'nee' } })]);
      await index();
      expect(await find('needle')).toEqual([sessionId]);
    });

    it('finds the preview of lost content, and what follows it', async () => {
      const lost = { sha256: 'b'.repeat(64), size: 300_000, preview: 'salvaged beginning' };
      await apply([
        aMessageSynced({ externalId: 'm1', textRef: lost, partCount: 1 }),
        aPartSynced({
          messageId: aMessageSynced({ externalId: 'm1' }).data.messageId,
          contentRef: lost,
          content: undefined,
        }),
        aMessageSynced({ externalId: 'm2', textContent: 'following' }),
      ]);
      await index();
      expect([await find('salvaged'), await find('following')]).toEqual([[sessionId], [sessionId]]);
    });

    it('embeds a text once, even when its message and its session change otherwise', async () => {
      await apply([aSessionSynced({ title: 'Title' }), aMessageSynced({ textContent: 'Some words', role: 'user' })]);
      await index();
      expect(embedded.sort()).toEqual(['Some words', 'Title']);
      await projection().apply([
        delivery(aMessageSynced({ role: 'assistant' }), 10),
        delivery(aSessionSynced({ model: 'claude-opus-4-6' }), 11),
      ]);
      await index();
      expect(embedded).toHaveLength(2);
      const indexed = await vectors.indexed(owner, [aMessageSynced().data.messageId, sessionId]);
      expect([...indexed.values()].every(({ version }) => version >= 11)).toBe(true);
    });

    it('embeds long texts completely, in chunks', async () => {
      const words = Array.from({ length: 2_000 }, (_, at) => `word${at}`);
      await apply([aMessageSynced({ textContent: words.join(' ') })]);
      await index();
      const seen = new Set(embedded.flatMap((text) => text.split(/\s+/)));
      expect(words.filter((word) => !seen.has(word))).toEqual([]);
    });

    it('leaves out a text that the model rejects, and embeds its neighbours', async () => {
      const texts = ['one', 'refused', 'three'];
      await apply(texts.map((textContent, at) => aMessageSynced({ externalId: `m${at}`, textContent })));
      const batch = published.map((change) => raw(changeSubject(change.owner), 1, JSON.stringify(change.changes)));
      const refusals: unknown[] = [];
      const embed = async (asked: readonly string[]) => {
        if (asked.includes('refused')) throw new AppError('INVALID_REQUEST', 'a text is not acceptable');
        return asked.map(fakeVector);
      };
      await indexChanges(
        batch,
        documents,
        vectorIndex({ vectors, payloads, embed, onRefused: (e) => refusals.push(e) }),
      );
      const ids = texts.map((_, at) => aMessageSynced({ externalId: `m${at}` }).data.messageId);
      const indexed = await vectors.indexed(owner, ids);
      expect(ids.map((id) => indexed.get(id)!.hashes.length)).toEqual([1, 0, 1]);
      expect(refusals).toHaveLength(1);
    });

    it('ends with the newest text and the newest heading whichever of two racing indexers writes last', async () => {
      const message = (text: string) => aMessageSynced({ textContent: text });
      await apply([aSessionSynced({ title: 'alpha' }), message('oldtext')]);
      await index();
      const stored = async () => (await documents.wholeMessages(owner, [message('').data.messageId], 1e6)).messages;
      const stale = await stored();
      const before = await readSession();
      await projection().apply([delivery(message('newtext'), 15), delivery(aSessionSynced({ title: 'omega' }), 20)]);
      await index();
      const late = searchIndex(search, payloads);
      // One had read the text before it changed, the other the heading; both write after everybody else.
      await late.writeMessages(owner, [{ session: await readSession(), messages: stale }]);
      await late.writeMessages(owner, [{ session: before, messages: await stored() }]);
      expect([await find('newtext omega'), await find('oldtext'), await find('alpha')]).toEqual([[sessionId], [], []]);
    });

    it('repairs rows that were written under a heading that changed meanwhile', async () => {
      await apply([aSessionSynced({ title: 'alpha' }), aMessageSynced({ textContent: 'body' })]);
      const plain = searchIndex(search, payloads);
      let raced = false;
      const racing = {
        ...plain,
        writeSessions: async (...args: Parameters<typeof plain.writeSessions>) => {
          const refused = await plain.writeSessions(...args);
          if (!raced) await projection().apply([delivery(aSessionSynced({ title: 'omega' }), 20)]);
          raced = true;
          return refused;
        },
      };
      const batch = published.map((change) => raw(changeSubject(change.owner), 1, JSON.stringify(change.changes)));
      await indexChanges(batch, documents, racing);
      expect([await find('omega body'), await find('alpha')]).toEqual([[sessionId], []]);
    });

    it('finds the words of parts next to an empty text', async () => {
      await apply([aMessageSynced({ textContent: '', partCount: 1 }), aPartSynced({ content: 'zebra crossing' })]);
      await index();
      expect(await find('zebra')).toEqual([sessionId]);
    });

    it('keeps the change if embedding fails, and repeats no finished work', async () => {
      await apply([aMessageSynced({ textContent: 'one' })]);
      const batch = published.map((change) => raw(changeSubject(change.owner), 1, JSON.stringify(change.changes)));
      const failing = vectorIndex({ vectors, payloads, embed: () => Promise.reject(new Error('embedder down')) });
      await expect(indexChanges(batch, documents, failing)).rejects.toThrow('embedder down');
      await index();
      expect(embedded).toContain('one');
    });

    it('reports a change that names no owner as poison', async () => {
      const bad = raw('osk.changes.only', 1, '{"sessions":[],"messages":[]}');
      const outcome = await indexChanges([bad], documents, searchIndex(search, payloads));
      expect(outcome.poison).toHaveLength(1);
    });
  });
});
