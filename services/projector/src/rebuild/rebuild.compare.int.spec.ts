import { evolveMessage, type Owner, type Projection } from '@opensync/contracts';
import { EventPublisher } from '@opensync/event-log';
import { PayloadStore } from '@opensync/event-log/payloads';
import { AppError } from '@opensync/platform';
import { parseQuery, type SearchStore, UnusableStoreError } from '@opensync/stores';
import { aMessageSynced, aSessionSynced, waitFor } from '@opensync/testkit';
import { searchIndex } from '../indexing/search-index.ts';
import { LIMIT_MS, owners, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { rebuild, type RebuildResources } from './rebuild.ts';

let running: RunningProjections;
beforeEach(async () => {
  running = await startProjections();
});
afterEach(() => running.close());

describe('a rebuild of the documents', () => {
  it(
    'repairs sessions that the live generation lost or has wrong, and names them',
    async () => {
      await running.publish(0, 200);
      await running.atRest();
      const [session] = await running.stores.documents.sessions(owners[0]!, {
        limit: 1,
        sort: 'createdAt',
        order: 'asc',
      });
      const loaded = (await running.stores.documents.load(owners[0]!, { sessions: [session!.id] })).sessions.get(
        session!.id,
      )!;
      const wrong = { ...loaded, fields: { ...loaded.fields, title: 'wrong' } };
      expect(await running.stores.documents.save({ sessions: [wrong], messages: [], parts: [] })).toEqual([]);
      const report = await rebuild('documents', running.resources, { dropOld: true });
      expect(report).toMatchObject({ different: [{ owner: owners[0], sessionId: session!.id }], kept: [] });
      expect(await running.digestOfDocuments()).toBe(await running.digestOfFreshReplay());
    },
    LIMIT_MS,
  );

  it(
    'does not switch to a generation with less data, unless forced',
    async () => {
      await running.publish(0, 50);
      await running.atRest();
      const before = await running.digestOfDocuments();
      const [session] = await running.stores.documents.sessions(owners[0]!, {
        limit: 1,
        sort: 'createdAt',
        order: 'asc',
      });
      const extra = { ...session!, id: 'ses_not_in_the_log', externalId: 'not in the log', revision: 0 };
      await running.stores.documents.save({ sessions: [extra], messages: [], parts: [] });
      await expect(rebuild('documents', running.resources)).rejects.toMatchObject({
        name: 'RebuildRefusedError',
        message: expect.stringMatching(/^generation 2 has \d+ sessions instead of \d+,.*--force/),
      });
      expect((await running.stores.documents.describe()).location).toMatch(/documents\.db$/);
      expect(await rebuild('documents', running.resources, { force: true })).toMatchObject({ generation: 2 });
      expect(await running.digestOfDocuments()).toBe(before);
    },
    LIMIT_MS,
  );
});

describe('a rebuild of the search index', () => {
  const searched = async () =>
    (await running.stores.search.search(owners[0]!, { parsed: parseQuery('words'), filter: {}, limit: 5 })).length;

  it(
    'does not switch to an index that lacks data of the live one, unless forced',
    async () => {
      await running.publish(0, 50);
      await running.atRest();
      const refusing = withSearch(2, (store) => ({
        ...store,
        index: async (_owner, documents) => {
          const details = documents.map(({ id }) => ({ path: id, message: 'not today' }));
          throw new AppError('INTERNAL', 'the search store refuses all', { details });
        },
      }));
      await expect(rebuild('search', refusing)).rejects.toMatchObject({
        name: 'RebuildRefusedError',
        message: expect.stringMatching(
          /^generation 2 is missing data of the live one, .* for \d+ sessions, e\.g\. ses_.*--force/,
        ),
      });
      expect(await searched()).toBeGreaterThan(0);
      expect(await rebuild('search', refusing, { force: true })).toMatchObject({ generation: 2 });
      expect(await searched()).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'also has data that the live one took from a document before the log announced it',
    async () => {
      await running.publish(0, 50);
      await running.atRest();
      let changed = false;
      const ahead = withSearch(1, (store) => ({
        ...store,
        async indexed(owner, ids) {
          // The first read of the live one: the next one is filled by now.
          if (!changed) await changeUntold(store);
          changed = true;
          return store.indexed(owner, ids);
        },
      }));
      expect(await rebuild('search', ahead)).toMatchObject({ generation: 2, different: [] });
      const query = { parsed: parseQuery('herons'), filter: {}, limit: 5 };
      expect(await running.stores.search.search(owners[0]!, query)).toHaveLength(1);
    },
    LIMIT_MS,
  );

  /** A message that differs between the documents and this index, and is not announced on CHANGES yet. */
  async function changeUntold(index: SearchStore): Promise<void> {
    const [owner] = owners;
    const { documents } = running.stores;
    const [session] = await documents.sessions(owner!, { limit: 1, sort: 'createdAt', order: 'asc' });
    const [key] = await documents.messageKeys(owner!, session!.id, { limit: 1 });
    const [stored] = (await documents.wholeMessages(owner!, [key!.id], 1e6)).messages;
    const { message } = stored!;
    const { revision } = (await documents.load(owner!, { messages: [message.id] })).messages.get(message.id)!;
    const { externalId } = message;
    const said = aMessageSynced(
      { externalId, sessionExternalId: session!.externalId, textContent: 'herons' },
      { owner: owner! },
    );
    const later = evolveMessage(message, { ...said, sequence: 1_000_000 });
    await documents.save({ sessions: [], messages: [{ ...later, revision }], parts: [] });
    const writes = searchIndex(index, new PayloadStore(running.nc));
    await writes.writeMessages(owner!, [{ session: session!, messages: [{ message: later, parts: stored!.parts }] }]);
  }

  it(
    'has the current heading even if that changed while messages were written with the previous one',
    async () => {
      await running.publish(0, 50);
      await running.atRest();
      let retitled: { owner: Owner; id: string } | undefined;
      const unreadable = withSearch(1, (store) => ({
        ...store,
        describe: async () => {
          throw new UnusableStoreError('search', { message: 'another version made it' });
        },
      }));
      const busy = withSearch(
        2,
        (store) => ({
          ...store,
          async index(owner, documents) {
            const { sessionId: id, messageId } = documents[0]!;
            if (!retitled && messageId !== undefined) {
              retitled = { owner, id };
              await retitle(owner, id);
              // The change is indexed before there are messages to rewrite.
              await waitFor(async () => (await store.indexed(owner, [id])).has(id), { timeoutMs: 30_000 });
            }
            return store.index(owner, documents);
          },
        }),
        unreadable,
      );
      await rebuild('search', busy);
      const { owner, id } = retitled!;
      const messages = await running.stores.documents.messageKeys(owner, id, { limit: 1000 });
      const rows = await running.stores.search.indexed(owner, [id, ...messages.map((message) => message.id)]);
      expect(new Set([...rows.values()].map(({ headingVersion }) => headingVersion)).size).toBe(1);
      expect(rows.size).toBe(messages.length + 1);
      expect(messages.length).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  async function retitle(owner: Owner, id: string): Promise<void> {
    const { externalId } = (await running.stores.documents.load(owner, { sessions: [id] })).sessions.get(id)!;
    const publisher = new EventPublisher(running.nc, { source: 'test', mode: 'plain' });
    await publisher.publish([aSessionSynced({ externalId, title: 'another title' }, { owner })]);
    await publisher.close();
  }

  it(
    'replaces a generation that cannot be read',
    async () => {
      await running.publish(0, 50);
      await running.atRest();
      const unusable = async () => {
        throw new UnusableStoreError('search', { message: 'another version made it' });
      };
      const unreadable = withSearch(1, (store) => ({ ...store, describe: unusable, indexed: unusable }));
      const report = await rebuild('search', unreadable);
      expect(report).toMatchObject({ generation: 2, different: [], counts: { before: {} } });
      expect(report.unreadable).toMatch(/another version made it/);
      expect(await searched()).toBeGreaterThan(0);

      const unopened = withSearch(2, async (store) => {
        await store.close();
        throw new Error('made by a newer version');
      });
      expect(await rebuild('search', unopened)).toMatchObject({ generation: 3, unreadable: 'made by a newer version' });
      expect(await searched()).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );
});

describe('a rebuild of the vectors', () => {
  it(
    'does not begin if the live ones use another model',
    async () => {
      const confirmModel = () => Promise.reject(new AppError('UNAVAILABLE', 'of another model'));
      await expect(rebuild('vectors', { ...running.resources, confirmModel })).rejects.toThrow('of another model');
      expect(await rebuild('search', { ...running.resources, confirmModel })).toMatchObject({ generation: 2 });
    },
    LIMIT_MS,
  );
});

/** Resources whose given generation of the search index is wrong. */
function withSearch(
  altered: number,
  alter: (store: SearchStore) => SearchStore | Promise<SearchStore>,
  resources = running.resources,
): RebuildResources {
  const open = async (name: Projection, generation: number) => {
    const store = await resources.open(name, generation);
    return name === 'search' && generation === altered ? alter(store as SearchStore) : store;
  };
  return { ...resources, open: open as RebuildResources['open'] };
}
