import { sessionIdOf } from '@opensync/contracts';
import { EventPublisher } from '@opensync/event-log';
import { parseQuery } from '@opensync/stores';
import { aMessageSynced, aSessionCurated, aSessionDeleted, aSessionSynced } from '@opensync/testkit';
import { LIMIT_MS, owners, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { rebuild } from './rebuild.ts';

const owner = owners[0]!;
const of = (externalId: string) => ({ sessionId: sessionIdOf(owner, externalId), externalId });

let running: RunningProjections;
let publisher: EventPublisher;
beforeEach(async () => {
  running = await startProjections();
  publisher = new EventPublisher(running.nc, { source: 'test', mode: 'group' });
});
afterEach(async () => {
  await publisher.close();
  await running.close();
});

const trash = async () => (await running.stores.documents.trashed({ before: 100, limit: 9 })).map(({ id }) => id);
const found = async () => {
  const hits = await running.stores.search.search(owner, { parsed: parseQuery('herons'), filter: {}, limit: 9 });
  return new Set(hits.map(({ sessionId }) => sessionId));
};

describe('a rebuild', () => {
  it(
    'keeps what is in the trash there, and lets it come back; what was deleted for good stays away',
    async () => {
      const [kept, thrown, erased] = [of('kept'), of('thrown'), of('erased')];
      await publisher.publish(
        [kept, thrown, erased].flatMap(({ externalId }) => [
          aSessionSynced({ externalId, title: 'Herons' }, { owner }),
          aMessageSynced({ externalId: 'm1', sessionExternalId: externalId, textContent: 'about herons' }, { owner }),
        ]),
      );
      await publisher.publish([
        aSessionCurated({ externalId: thrown.externalId, trashedAt: 5 }, { owner }),
        aSessionDeleted(erased.externalId, { owner }),
      ]);
      await running.atRest();
      expect([await trash(), await found()]).toEqual([[thrown.sessionId], new Set([kept.sessionId])]);
      for (const store of ['documents', 'search'] as const) {
        expect(await rebuild(store, running.resources)).toMatchObject({ different: [], switchedEverywhere: true });
      }
      expect([await trash(), await found()]).toEqual([[thrown.sessionId], new Set([kept.sessionId])]);

      await publisher.publish([aSessionCurated({ externalId: thrown.externalId, trashedAt: null }, { owner })]);
      await running.atRest();
      expect([await trash(), await found()]).toEqual([[], new Set([kept.sessionId, thrown.sessionId])]);
      expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
    },
    LIMIT_MS,
  );
});
