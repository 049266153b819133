import { sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const HISTORY =
  'The heron pool refuses connections, because the compose file starts the database after the container of the interface has asked for it';
const OTHER =
  'The heron pool is drained each night by the report of the accountants, which nobody has opened for longer than a year now';

describe('copied history', () => {
  let app: QueryApp;
  const forks = Array.from({ length: 7 }, (_, at) => `fork-${at}`);
  beforeAll(async () => {
    app = await startQueryApp();
    const said = (externalId: string, textContent: string) => [
      aSessionSynced({ externalId, title: externalId }, { owner }),
      aMessageSynced({ sessionExternalId: externalId, externalId: 'm1', textContent }, { owner }),
    ];
    const events = [...forks.flatMap((fork) => said(fork, HISTORY)), ...said('other', OTHER)];
    await storeEvents(app.resources, owner, events);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  interface Page {
    readonly results: readonly { sessionId: string; copies?: { count: number; sessionIds: readonly string[] } }[];
    readonly cursor: string | null;
  }
  const search = async (body: object): Promise<Page> =>
    (await app.request('POST', '/search', { body: { query: 'heron pool', ...body } })).body;

  it.each(['session', 'message'])('is one result of a search by %s, with the number of the others', async (level) => {
    const { results, cursor } = await search({ level });
    expect(results.map(({ copies }) => copies?.count).toSorted()).toEqual([6, undefined]);
    const { sessionId, copies } = results.find((result) => result.copies)!;
    const ids = forks.map((fork) => sessionIdOf(owner, fork));
    expect([sessionId, ...copies!.sessionIds].toSorted()).toEqual(ids.toSorted());
    expect(cursor).toBeNull();
  });

  it('leaves nothing out over the pages of a search', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await search({ limit: 2, cursor });
      expect(page.results.length).toBeGreaterThan(0);
      seen.push(...page.results.flatMap(({ sessionId, copies }) => [sessionId, ...(copies?.sessionIds ?? [])]));
      ({ cursor } = page);
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual([...forks, 'other'].map((id) => sessionIdOf(owner, id)).toSorted());
  });
});
