import { randomUUID } from 'node:crypto';
import { evolveSession, type SessionState } from '@opensync/contracts';
import { aSessionSynced, describeWith, SOME_TIME } from '@opensync/testkit';
import { MongoClient, type Db } from 'mongodb';
import { documentsConformance } from '../conformance/suite.ts';
import { INDEXES } from './collections.ts';
import { dropMongoGeneration, openMongoDocuments } from './store.ts';
import type { DocumentStore } from '../port.ts';
import { ada, aMessage, aPart, aSession, bob, fresh, page, save, whole } from '../conformance/states.ts';

await describeWith(['mongodb'], 'MongoDB', ({ mongodb: url }) => {
  documentsConformance('MongoDB', async () => {
    const database = aDatabaseName();
    const store = await openMongoDocuments({ url, database });
    return {
      store,
      dispose: async () => {
        await store.close();
        await using client = new MongoClient(url);
        await client.db(database).dropDatabase();
      },
    };
  });

  describe('documents store: MongoDB, its own', () => {
    let client: MongoClient;
    let database: Db;
    let opened: DocumentStore[];
    const open = async (generation?: number) => {
      const store = await openMongoDocuments({ url, database: database.databaseName, generation });
      opened.push(store);
      return store;
    };

    beforeEach(() => {
      client = new MongoClient(url);
      database = client.db(aDatabaseName());
      opened = [];
    });
    afterEach(async () => {
      await Promise.all(opened.map((store) => store.close()));
      await database.dropDatabase();
      await client.close();
    });

    const indexNames = async (collection: string) =>
      (await database.collection(collection).indexes()).map(({ name }) => name).sort();

    it('creates its indexes, even if several open at once, and finds no problem with them', async () => {
      const stores = await Promise.all([open(), open(), open()]);
      for (const [collection, indexes] of Object.entries(INDEXES)) {
        expect(await indexNames(collection)).toEqual(['_id_', ...indexes.map(({ name }) => name)].sort());
      }
      expect((await stores[0]!.describe()).problems).toEqual([]);
    });

    it('reports missing and different indexes, creates missing ones, and leaves different ones', async () => {
      const store = await open();
      await database.collection('parts').dropIndex('parts_of_message');
      await database.collection('sessions').dropIndex('sessions_by_update');
      await database.collection('sessions').createIndex({ updatedAt: 1 }, { name: 'sessions_by_update' });
      const differs =
        /^index sessions_by_update of sessions is {"updatedAt":1} but must be {"workspaceId":1,"userId":1,/;
      expect((await store.describe()).problems).toEqual([
        expect.stringMatching(differs),
        'index parts_of_message of parts is missing: {"workspaceId":1,"userId":1,"messageId":1}',
      ]);
      expect((await (await open()).describe()).problems).toEqual([expect.stringMatching(differs)]);
    });

    it('finds the errors of sessions that an earlier version stored', async () => {
      const store = await open();
      const message = aMessage({ partCount: 1 }, { sequence: 2 });
      const part = aPart({ type: 'tool-call', content: { toolName: 'Bash', is_error: true } }, { sequence: 3 });
      const sessions = [aSession(), aSession({ externalId: 'smooth' })].map(fresh);
      await save(store, { sessions, messages: [fresh(message)], parts: [part] });
      await database.collection('parts').updateMany({}, { $unset: { failed: 1 } });
      await database.collection('parts').dropIndex('parts_failed');
      const again = await open();
      const found = async (hasErrors: boolean) => (await again.sessions(ada, page({ hasErrors }))).map(({ id }) => id);
      expect([await found(true), await found(false)]).toEqual([[sessions[0]!.id], [sessions[1]!.id]]);
      expect((await again.load(ada, { rollups: [message.sessionId] })).rollups.get(message.sessionId)!.hasErrors).toBe(
        true,
      );
    });

    it('drops an unchanged index of an earlier version that another one replaces', async () => {
      const former = { workspaceId: 1, userId: 1, sessionId: 1, createdAt: 1, sequence: 1 } as const;
      const asMade = { ...former, promptTokens: 1, completionTokens: 1, cost: 1 } as const;
      const messages = database.collection('messages');
      await messages.createIndex(asMade, { name: 'messages_of_session' });
      await Promise.all([open(), open(), open()]);
      expect(await indexNames('messages')).toEqual(['_id_', ...INDEXES.messages.map(({ name }) => name)].sort());
      await messages.createIndex(former, { name: 'messages_of_session' });
      await open();
      expect(await indexNames('messages')).toContain('messages_of_session');
    });

    it('keeps the ranks that events gave to fields', async () => {
      const store = await open();
      const session: SessionState = { ...aSession({ title: 'mine' }), ranks: { title: 2 } };
      await save(store, { sessions: [fresh(session)] });
      expect((await store.load(ada, { sessions: [session.id] })).sessions.get(session.id)).toEqual({
        ...session,
        revision: 1,
      });
    });

    it('opens although the documents prevent an index, and reports it', async () => {
      const twin = { workspaceId: 'w', userId: 'u', externalId: 'same' };
      await database.collection('sessions').insertMany([{ ...twin }, { ...twin }]);
      const { problems } = await (await open()).describe();
      expect(problems).toContainEqual(expect.stringMatching(/^index sessions_by_external_id of sessions is missing/));
    });

    it('keeps the newest part whichever of many savers inserts it first', async () => {
      const stores = await Promise.all([open(), open(), open(), open()]);
      await save(stores[0]!, { messages: [fresh(aMessage())] });
      for (let round = 0; round < 20; round++) {
        const parts = stores.map((_, at) => aPart({ order: round, content: `${at}` }, { sequence: at + 1 }));
        await Promise.all(stores.map((store, at) => save(store, { parts: [parts[at]!] })));
        const stored = (await whole(stores[0]!, parts[0]!.messageId))!.parts;
        expect(stored.find(({ order }) => order === round)).toEqual(parts.at(-1));
      }
    });

    it('distinguishes the winner of each document if two stores save the same ones at once', async () => {
      const stores = await Promise.all([open(), open()]);
      const sessions = Array.from({ length: 30 }, (_, n) => aSession({ externalId: `s${n}` }));
      await save(stores[0]!, { sessions: sessions.map(fresh) });
      const changed = (title: string) => sessions.map((session) => ({ ...retitled(session, title), revision: 1 }));
      const lost = await Promise.all(stores.map((store, at) => save(store, { sessions: changed(`by ${at}`) })));
      const stored = await stores[0]!.load(ada, { sessions: sessions.map(({ id }) => id) });
      for (const { id } of sessions) {
        const { fields, revision } = stored.sessions.get(id)!;
        expect(revision).toBe(2);
        const winner = Number(fields.title!.slice(-1));
        expect(lost.map((ids) => ids.includes(id))).toEqual([winner !== 0, winner !== 1]);
      }
    });

    it('keeps generations apart and removes one without the other', async () => {
      const [first, second] = await Promise.all([open(1), open(2)]);
      await save(first, { sessions: [fresh(aSession({ title: 'first' }))] });
      await save(second, { sessions: [fresh(aSession({ title: 'second' }))], messages: [fresh(aMessage())] });
      expect((await first.sessions(ada, page())).map(({ fields }) => fields.title)).toEqual(['first']);
      expect((await second.describe()).counts).toEqual({ sessions: 1, messages: 1 });
      await second.close();
      const generation = { url, database: database.databaseName, generation: 2 };
      await dropMongoGeneration(generation);
      await dropMongoGeneration(generation);
      const collections = await database.listCollections().toArray();
      expect(collections.map(({ name }) => name).sort()).toEqual([
        'contributions',
        'figures',
        'messages',
        'parts',
        'sessions',
      ]);
      expect(await first.sessions(ada, page())).toHaveLength(1);
    });

    it('counts the owner as part of every key', async () => {
      const store = await open();
      await save(store, { sessions: [fresh(aSession()), fresh({ ...aSession(), owner: bob })] });
      const stored = await database.collection('sessions').find().toArray();
      expect(stored.map(({ workspaceId, userId }) => ({ workspaceId, userId }))).toEqual([ada, bob]);
      expect(new Set(stored.map(({ _id }) => String(_id))).size).toBe(2);
    });
  });
});

function aDatabaseName(): string {
  return `opensync-test-${randomUUID()}`;
}

function retitled(session: SessionState, title: string): SessionState {
  const { externalId, owner } = session;
  return evolveSession(session, { ...aSessionSynced({ externalId, title }, { owner, time: SOME_TIME }), sequence: 9 })!;
}
