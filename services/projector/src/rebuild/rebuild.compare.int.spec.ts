import { LIMIT_MS, owners, startProjections, type RunningProjections } from '../testing/running-projections.ts';
import { rebuild } from './rebuild.ts';

let running: RunningProjections;
beforeEach(async () => {
  running = await startProjections();
});
afterEach(() => running.close());

describe('a rebuild of the documents', () => {
  it(
    'repairs what the live generation lost or has wrong, and says which sessions that were',
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
    'does not put to use what is less than there was, unless told to',
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
