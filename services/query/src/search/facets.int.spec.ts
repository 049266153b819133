import { sessionIdOf } from '@opensync/contracts';
import { StoreUnavailableError, type SearchStore } from '@opensync/stores';
import { aMessageSynced, aSessionCurated, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const bob = OWNERS.bob!;
const vectorOf = () => Float32Array.of(1, 0);

describe('facets of a search', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    app.replace({ embeddings: { embed: async (texts) => texts.map(vectorOf) } });
    const session = (of: typeof owner, externalId: string, source: string, provider: string) => [
      aSessionSynced({ externalId, title: externalId, source, provider }, { owner: of }),
      ...['user', 'assistant'].map((role) =>
        aMessageSynced(
          { sessionExternalId: externalId, externalId: role, role, textContent: 'a needle' },
          { owner: of },
        ),
      ),
    ];
    const events = [
      ...session(owner, 's1', 'codex', 'openai'),
      ...session(owner, 's2', 'codex', 'anthropic'),
      ...session(owner, 's3', 'droid', 'openai'),
    ];
    await storeEvents(app.resources, owner, events, { vectorOf });
    const shared = [
      ...session(bob, 'shared', 'cursor-sync', 'openai'),
      aSessionCurated({ externalId: 'shared', visibility: 'workspace' }, { owner: bob }),
      ...session(bob, 'private', 'secret', 'openai'),
    ];
    await storeEvents(app.resources, bob, shared, { vectorOf, first: 100 });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const search = async (body: object) =>
    (await app.request('POST', '/search', { body: { query: 'needle', ...body } })).body;
  const OF_SESSIONS = ['source', 'provider', 'user'];
  const COUNTED = {
    source: [
      { value: 'codex', count: 2 },
      { value: 'cursor-sync', count: 1 },
      { value: 'droid', count: 1 },
    ],
    provider: [
      { value: 'openai', count: 3 },
      { value: 'anthropic', count: 1 },
    ],
    user: [
      { value: owner.userId, count: 3 },
      { value: bob.userId, count: 1 },
    ],
  };

  it.each(['fulltext', 'hybrid'])('count all that matches by words, not only a page: %s', async (type) => {
    const { facets, results } = await search({ type, facets: OF_SESSIONS, limit: 1 });
    expect(results).toHaveLength(1);
    expect(facets).toEqual(COUNTED);
    const { body } = await app.request('GET', `/api/search?q=needle&type=${type}&limit=1&facets=source,provider,user`);
    expect(body.facets).toEqual(COUNTED);
  });

  it('are only there if they are asked for', async () => {
    expect(await search({})).not.toHaveProperty('facets');
    expect((await search({ facets: [] })).facets).toBeUndefined();
  });

  it('follow filters and levels', async () => {
    const filtered = await search({ facets: ['source', 'provider'], filters: { source: 'droid' } });
    expect(filtered.facets).toEqual({ source: COUNTED.source, provider: [{ value: 'openai', count: 1 }] });
    const byMessage = await search({ level: 'message', facets: ['role'], filters: { source: 'codex' } });
    expect(byMessage.facets).toEqual({
      role: [
        { value: 'assistant', count: 2 },
        { value: 'user', count: 2 },
      ],
    });
  });

  it('count what a partial or respelled search has found', async () => {
    const partial = await search({ query: 'needle absent words', facets: ['provider'] });
    expect([partial.partial ?? false, partial.facets]).toEqual([false, { provider: [] }]);
    const respelled = await search({ query: 'neddle', facets: ['provider'] });
    expect(respelled.facets).toEqual({ provider: respelled.results.length > 0 ? COUNTED.provider : [] });
  });

  it('do not count a session that is private again, though the index does not know yet', async () => {
    const { documents } = app.resources;
    const sessionId = sessionIdOf(bob, 'shared');
    const { sessions } = await documents.load(bob, { sessions: [sessionId] });
    const { revision, ...state } = sessions.get(sessionId)!;
    const fields = { ...state.fields, visibility: 'private' as const };
    await documents.save({ sessions: [{ ...state, fields, revision }], messages: [], parts: [] });
    try {
      const { facets } = await search({ facets: ['source', 'user'] });
      expect(facets.source.map(({ value }: { value: string }) => value)).toEqual(['codex', 'droid']);
      expect(facets.user).toEqual([{ value: owner.userId, count: 3 }]);
    } finally {
      await documents.save({ sessions: [{ ...state, revision: revision + 1 }], messages: [], parts: [] });
    }
  });

  it('that take too long cost only themselves', async () => {
    const store = app.resources.search;
    const overdue = async () => Promise.reject(new StoreUnavailableError('search'));
    const slow = { search: store.search, searchPartly: store.searchPartly, counts: store.counts, facets: overdue };
    app.replace({ search: slow as unknown as SearchStore });
    try {
      const answer = await search({ facets: ['source'] });
      expect([answer.results.length, answer.degraded, answer.facets]).toEqual([4, ['facets'], undefined]);
    } finally {
      app.replace({ search: store });
    }
  });

  it.each([
    [{ type: 'semantic', facets: ['source'] }, 'need a search by words: the type fulltext or hybrid'],
    [{ facets: ['role', 'source', 'tool'] }, 'role, tool need the level message'],
  ])('are refused where there is nothing to count: %j', async (body, message) => {
    const { status, body: answer } = await app.request('POST', '/search', { body: { query: 'needle', ...body } });
    expect([status, answer.error.details]).toEqual([400, [{ path: 'facets', message }]]);
  });
});
