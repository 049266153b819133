import {
  deletionBy,
  ERASURE,
  sessionIdOf,
  sessionOfDeletion,
  sessionOfErasure,
  type SessionState,
} from '@opensync/contracts';
import { aMessageSynced, aSessionSynced, aUserErased } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { verifyStores } from './verify-stores.ts';

const ada = OWNERS['ada']!;
const bob = OWNERS['bob']!;
const id = sessionIdOf(ada, 's');
const SEQUENCE = 10;
const erasure = { ...aUserErased({ owner: ada }), sequence: SEQUENCE };

let app: QueryApp;
beforeAll(async () => {
  app = await startQueryApp();
  for (const owner of [ada, bob]) {
    await storeEvents(
      app.resources,
      owner,
      [
        aSessionSynced({ externalId: 's', title: 'Herons' }, { owner }),
        aMessageSynced({ sessionExternalId: 's', externalId: 'm', textContent: 'bitterns' }, { owner }),
      ],
      { vectorOf: () => Float32Array.of(1, 0) },
    );
  }
});
afterAll(() => app[Symbol.asyncDispose]());

const verified = () => verifyStores(app.resources, ada, SEQUENCE);
const save = (state: SessionState, revision: number) =>
  app.resources.documents.save({ sessions: [{ ...state, revision }], messages: [], parts: [] });

it('finds what any of the stores has left from before an erasure, step by step', async () => {
  const { documents, search, vectors } = app.resources;
  expect(await verified()).toBeUndefined();
  // The documents know of the erasure, but have the session.
  await save(sessionOfErasure(undefined, erasure), 0);
  expect(await verified()).toBeUndefined();
  // They have deleted the session, but not its messages.
  const { revision, ...session } = (await documents.load(ada, { sessions: [id] })).sessions.get(id)!;
  await save(sessionOfDeletion(session, deletionBy(erasure, session)), revision);
  expect(await verified()).toBeUndefined();
  await documents.removeBefore(ada, id, SEQUENCE);
  expect(await verified()).toBeUndefined();
  await search.remove(ada, [id]);
  expect(await verified()).toBeUndefined();
  await vectors.remove(ada, [id]);
  expect(await verified()).toBe(1);
  // Another erasure, of which they do not know yet.
  expect(await verifyStores(app.resources, ada, SEQUENCE + 1)).toBeUndefined();
  expect((await documents.load(ada, { sessions: [ERASURE] })).gone.size).toBe(1);
});
