import { randomUUID } from 'node:crypto';
import { describeWith, serverFor } from '@opensync/testkit';
import { MongoClient, type Document } from 'mongodb';
import { collectionsOf, createIndexes, type Collections } from './collections.ts';
import {
  byKeys,
  messageKeysQuery,
  ofOwner,
  partsOfMessages,
  rollupsPipeline,
  sessionsQuery,
  sharedSessionsQuery,
  sharedWith,
  startedByQuery,
  statsPipeline,
} from './queries.ts';
import { openMongoDocuments } from './store.ts';
import { ada, aMessage, aPart, aSession, bob, fresh, page, save, withVisibility } from '../conformance/states.ts';

/** The stages and the indexes of the winning plan, however deep it is nested. */
function planOf(explained: Document): { stages: string[]; indexes: string[] } {
  const stages: string[] = [];
  const indexes: string[] = [];
  JSON.stringify(explained, (key, value: unknown) => {
    if (key === 'rejectedPlans' || key === 'command') return undefined;
    if (key === 'stage') stages.push(String(value));
    if (key === 'indexName') indexes.push(String(value));
    return value;
  });
  return { stages, indexes };
}

async function hasPlans(url: string | undefined): Promise<boolean> {
  if (url === undefined) return false;
  await using client = new MongoClient(url);
  try {
    const explained = await client.db('opensync-test').collection('none').find({ a: 1 }).explain('queryPlanner');
    return planOf(explained).stages.length > 0;
  } catch {
    // Only some services that speak the protocol lack the command.
    return false;
  }
}

const explains = await hasPlans(await serverFor('mongodb'));

const title = `MongoDB query plans${explains ? '' : ' (not run: this server has no explain)'}`;
await describeWith(['mongodb'], title, ({ mongodb: url }) => {
  let client: MongoClient;
  let collections: Collections;
  const database = `opensync-test-${randomUUID()}`;

  beforeAll(async () => {
    client = new MongoClient(url);
    collections = collectionsOf(client.db(database), '');
    await createIndexes(collections);
    const store = await openMongoDocuments({ url, database });
    const each = <T>(make: (n: number) => T) => Array.from({ length: 200 }, (_, n) => make(n));
    await save(store, {
      sessions: each((n) => fresh(aSession({ externalId: `s${n}`, createdAt: n % 50 }, { time: 1_000 + (n % 40) }))),
      messages: each((n) => fresh(aMessage({ externalId: `m${n}`, createdAt: n % 50 }))),
      parts: each((n) => aPart({}, { message: `m${n}`, sequence: n + 1 })),
    });
    const ofBob = each((n) => aSession({ externalId: `s${n}`, createdAt: n % 50 }, { owner: bob }));
    await save(store, { sessions: ofBob.map((one, n) => fresh(n % 2 ? withVisibility(one, 'workspace', 9) : one)) });
    await store.close();
  });
  afterAll(async () => {
    await client.db(database).dropDatabase();
    await client.close();
  });

  const session = aSession();
  const message = aMessage();
  const after = { value: 500, id: session.id };
  const find = <Name extends keyof Collections>(
    name: Name,
    { filter, sort = {}, limit = 0 }: { filter: object; sort?: object; limit?: number },
  ) => (collections[name] as Collections['sessions']).find(filter, { sort: sort as Record<string, 1>, limit });

  (explains ? it : it.skip).each<[string, string[], () => Promise<Document>]>([
    ['sessions by key', ['_id_'], () => find('sessions', { filter: byKeys(ada, [session.id, 'x']) }).explain()],
    ['messages by key', ['_id_'], () => find('messages', { filter: byKeys(ada, [message.id, 'x']) }).explain()],
    [
      'parts of messages',
      ['parts_of_message'],
      () => find('parts', { filter: partsOfMessages(ada, [message.id, 'x']) }).explain(),
    ],
    [
      'sessions by creation',
      ['sessions_by_creation'],
      () => find('sessions', sessionsQuery(ada, page({ after }))).explain(),
    ],
    [
      'sessions by update',
      ['sessions_by_update'],
      () => find('sessions', sessionsQuery(ada, page({ sort: 'updatedAt', order: 'asc', after }))).explain(),
    ],
    [
      'sessions of a source',
      ['sessions_by_source', 'sessions_by_creation'],
      () => find('sessions', sessionsQuery(ada, page({ source: 'opencode', after }))).explain(),
    ],
    [
      'shared sessions by creation',
      ['sessions_shared_by_creation'],
      () => find('sessions', sharedSessionsQuery(ada, page({ after }))).explain(),
    ],
    [
      'shared sessions by update',
      ['sessions_shared_by_update'],
      () => find('sessions', sharedSessionsQuery(ada, page({ sort: 'updatedAt', order: 'asc', after }))).explain(),
    ],
    [
      'shared sessions by id',
      ['sessions_shared'],
      () => find('sessions', { filter: { ...sharedWith(ada), id: { $in: [session.id, 'x'] } } }).explain(),
    ],
    [
      'sessions that an agent started',
      ['sessions_by_parent'],
      () => find('sessions', startedByQuery(ada, 's1', 10)).explain(),
    ],
    [
      'stats of shared sessions',
      ['sessions_shared', 'sessions_shared_by_creation', 'sessions_shared_by_update'],
      () => collections.sessions.aggregate(statsPipeline(sharedWith(ada))).explain(),
    ],
    [
      'messages of a session',
      ['messages_with_facts'],
      () => {
        const query = { limit: 10, after: { createdAt: 20, sequence: 0 } };
        return find('messages', messageKeysQuery(ada, message.sessionId, query)).explain();
      },
    ],
    [
      'rollups',
      ['messages_with_facts'],
      () => collections.messages.aggregate(rollupsPipeline(ada, [message.sessionId])).explain(),
    ],
    [
      'stats',
      ['sessions_by_creation', 'sessions_by_update', 'sessions_by_source', 'sessions_by_external_id'],
      () => collections.sessions.aggregate(statsPipeline(ofOwner(ada))).explain(),
    ],
  ])('finds %s by an index, in order', async (what, allowed, explain) => {
    const { stages, indexes } = planOf(await explain());
    expect(stages).not.toContain('COLLSCAN');
    expect(stages).not.toContain('SORT');
    expect(allowed).toEqual(expect.arrayContaining(indexes));
    expect(indexes.length).toBeGreaterThan(0);
    if (what === 'rollups') expect(stages).not.toContain('FETCH');
  });
});
