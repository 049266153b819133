import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { sessionIdOf } from '@opensync/contracts';
import { openSqliteDocuments, type DocumentStore } from '@opensync/stores';
import { dropMongoGeneration, openMongoDocuments } from '@opensync/stores/servers';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionSynced,
  describeWith,
  temporaryFolder,
  type TemporaryFolder,
} from '@opensync/testkit';
import fc from 'fast-check';
import { stream } from '../testing/deliveries.ts';
import { DocumentsProjection } from './documents-projection.ts';

const owner = anOwner();
const sessionId = sessionIdOf(owner, 'session-1');

/** `open` gives a store for one replica on the documents of that name, which are new at first. */
function convergence(open: (name: string) => Promise<DocumentStore>): void {
  const events = stream([
    aSessionSynced({ title: 'one', promptTokens: 7 }),
    ...Array.from({ length: 8 }, (_, at) => aMessageSynced({ externalId: `m${at % 5}`, textContent: `t${at}` })),
    aSessionSynced({ title: 'two', promptTokens: 0 }),
    aMessageSynced({ partCount: 2 }),
    aPartSynced({ order: 0 }),
    aPartSynced({ order: 1 }),
    aMessageSynced({ partCount: 1 }),
    aPartSynced({ order: 0, content: 'last' }),
  ]);

  const digest = async (documents: DocumentStore) => {
    const { sessions } = await documents.load(owner, { sessions: [sessionId] });
    const { revision: _revision, ...session } = sessions.get(sessionId)!;
    return { session, messages: await documents.messages(owner, sessionId, { limit: 100 }) };
  };
  const project = (documents: DocumentStore, batch: typeof events) =>
    new DocumentsProjection({ documents, publishChanges: async () => undefined }).apply(batch);

  it('gives the same documents to projectors that race with shuffled, duplicated batches', async () => {
    const alone = await open('alone');
    await project(alone, events);
    const expected = await digest(alone);
    await alone.close();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.shuffledSubarray(events, { minLength: events.length }), { minLength: 2, maxLength: 3 }),
        async (deliveries) => {
          const name = `race-${++run}`;
          const replicas = await Promise.all(deliveries.map(() => open(name)));
          const half = Math.ceil(events.length / 2);
          try {
            await Promise.all(
              replicas.map(async (documents, at) => {
                await project(documents, deliveries[at]!.slice(0, half));
                await project(documents, deliveries[at]!.slice(half));
              }),
            );
            expect(await digest(replicas[0]!)).toEqual(expected);
          } finally {
            await Promise.all(replicas.map((documents) => documents.close()));
          }
        },
      ),
      { numRuns: 10 },
    );
  });
}

describe('projecting documents with several replicas on SQLite', () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());
  convergence((name) => openSqliteDocuments(join(folder.path, `${name}.db`)));
});

await describeWith(['mongodb'], 'projecting documents with several replicas on MongoDB', ({ mongodb: url }) => {
  const prefix = `opensync-test-${randomUUID()}`;
  const databases = new Set<string>();
  afterAll(() => Promise.all([...databases].map((database) => dropMongoGeneration({ url, database }))));
  convergence((name) => {
    const database = `${prefix}-${name}`;
    databases.add(database);
    return openMongoDocuments({ url, database });
  });
});
