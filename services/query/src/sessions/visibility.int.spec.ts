import { createHash } from 'node:crypto';
import {
  evolveSession,
  messageIdOf,
  ownerKey,
  partIdOf,
  sessionIdOf,
  type NewEvent,
  type Owner,
  type StoredEvent,
} from '@opensync/contracts';
import { aMessageSynced, aPartSynced, aSessionCurated, aSessionDeleted, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const bob = OWNERS.bob!;
const IMAGE = Buffer.from('the bytes of an image');
const sha256 = createHash('sha256').update(IMAGE).digest('hex');

/** A session with one message, which names an image. */
function eventsOf(owner: Owner, externalId: string, { text, shared }: { text: string; shared?: boolean }): NewEvent[] {
  const sessionId = sessionIdOf(owner, externalId);
  const messageId = messageIdOf(sessionId, 'm1');
  const media = [{ sha256, size: IMAGE.length, mediaType: 'image/png' }];
  const content = { mediaType: 'image/png', sha256, size: IMAGE.length };
  return [
    aSessionSynced({ externalId, title: `${externalId} of ${text}`, source: 'codex', cost: 1 }, { owner }),
    aMessageSynced({ sessionExternalId: externalId, externalId: 'm1', textContent: text, partCount: 1 }, { owner }),
    aPartSynced({ sessionId, messageId, partId: partIdOf(messageId, 0), type: 'media', content, media }, { owner }),
    ...(shared ? [aSessionCurated({ externalId, visibility: 'workspace' }, { owner })] : []),
  ];
}

describe('what members of a workspace see of each other', () => {
  let app: QueryApp;
  const vectorOf = (text: string) => (text.includes('heron') ? Float32Array.of(1, 0) : Float32Array.of(0, 1));
  const sharedId = sessionIdOf(bob, 'shared');
  const privateId = sessionIdOf(bob, 'private');

  beforeEach(async () => {
    app = await startQueryApp();
    app.payloads.set(sha256, IMAGE);
    const stored: [string, string, { text: string; shared?: boolean }][] = [
      ['ada', 'shared', { text: 'heron alpha' }],
      ['bob', 'shared', { text: 'heron beta', shared: true }],
      ['bob', 'private', { text: 'heron gamma' }],
      ['cid', 'shared', { text: 'heron delta', shared: true }],
    ];
    for (const [name, externalId, session] of stored) {
      await storeEvents(app.resources, OWNERS[name]!, eventsOf(OWNERS[name]!, externalId, session), { vectorOf });
    }
  });
  afterEach(() => app[Symbol.asyncDispose]());

  const get = async (url: string, as = 'ada') => app.request('GET', url, { as });
  const titles = ({ sessions = [], results = [] }: { sessions?: { title: string }[]; results?: { title: string }[] }) =>
    [...sessions, ...results].map(({ title }) => title).sort();

  it('lists the caller’s own and the shared sessions, with their owners', async () => {
    const { body } = await get('/api/sessions');
    expect(titles(body)).toEqual(['shared of heron alpha', 'shared of heron beta']);
    const ofBob = body.sessions.find(({ id }: { id: string }) => id === sharedId);
    expect(ofBob).toMatchObject({ userId: bob.userId, visibility: 'workspace', externalId: 'shared' });
    expect(titles((await get('/api/sessions', 'bob')).body)).toEqual([
      'private of heron gamma',
      'shared of heron beta',
    ]);
    expect(titles((await get('/api/sessions', 'cid')).body)).toEqual(['shared of heron delta']);
    for (const sort of ['createdAt', 'updatedAt']) {
      const first = (await get(`/api/sessions?limit=1&sort=${sort}`)).body;
      const second = (await get(`/api/sessions?limit=1&sort=${sort}&cursor=${first.cursor}`)).body;
      expect([...titles(first), ...titles(second)].sort()).toEqual(titles(body));
    }
  });

  it('returns a shared session with its messages under its id, the caller’s own under the plugin’s', async () => {
    for (const url of [`/api/sessions/${sharedId}`, `/api/sessions/get?id=${sharedId}`]) {
      const { status, body } = await get(url);
      expect([status, body.messages[0].textContent]).toEqual([200, 'heron beta']);
    }
    expect((await get('/api/sessions/shared')).body.title).toBe('shared of heron alpha');
  });

  it.each([
    ['a private session of another member', 'ada', privateId],
    ['a session of another workspace', 'ada', sessionIdOf(OWNERS.cid!, 'shared')],
    ['a session that another workspace shares', 'cid', sharedId],
    ['the id that another member’s plugin gave', 'ada', 'private'],
  ])('answers for %s as if there were none', async (_, as, id) => {
    const unknown = await get('/api/sessions/ses_unknown', as);
    for (const url of [`/api/sessions/${id}`, `/api/sessions/get?id=${id}`]) {
      const { status, body } = await get(url, as);
      expect([status, body.error.message]).toEqual([404, unknown.body.error.message]);
    }
    expect((await get(`/api/sessions/${id}/media/${sha256}`, as)).status).toBe(404);
  });

  it('finds by full text and by meaning what the caller may see, with an excerpt', async () => {
    for (const type of ['fulltext', 'semantic', 'hybrid']) {
      const search = async (as: string) =>
        (await app.request('POST', '/search', { as, body: { query: 'heron', type } })).body;
      const found = await search('ada');
      expect(titles(found)).toEqual(['shared of heron alpha', 'shared of heron beta']);
      const ofBob = found.results.find(({ id }: { id: string }) => id === sharedId);
      expect(ofBob.snippet).toContain('beta');
      expect(titles(await search('cid'))).toEqual(['shared of heron delta']);
      expect(titles(await search('bob'))).toEqual(['private of heron gamma', 'shared of heron beta']);
    }
    expect((await get('/api/search?q=gamma')).body).toEqual({ results: [], cursor: null });
    expect((await get('/api/search?q=gamna')).body).toEqual({ results: [], cursor: null });
  });

  it('sums up what the caller may see', async () => {
    expect((await get('/api/stats')).body).toMatchObject({ sessionCount: 2, messageCount: 2, totalCost: 2 });
    expect((await get('/api/stats', 'cid')).body).toMatchObject({ sessionCount: 1, messageCount: 1, totalCost: 1 });
  });

  it('returns the media of a shared session from its owner’s payloads, to be revalidated each time', async () => {
    const asked: string[] = [];
    app.replace({
      payloads: {
        referenced: () => (async function* () {})(),
        read: async function* (owner) {
          asked.push(ownerKey(owner));
          yield IMAGE;
        },
      },
    });
    const charged: string[] = [];
    const { pageBytes } = app.resources;
    const acquire = pageBytes.acquire.bind(pageBytes);
    pageBytes.acquire = (holder, size) => {
      charged.push(holder);
      return acquire(holder, size);
    };
    const { status, headers, bytes } = await app.get(`/api/sessions/${sharedId}/media/${sha256}`);
    expect([status, bytes.toString(), new Set(asked)]).toEqual([200, IMAGE.toString(), new Set([ownerKey(bob)])]);
    // The caller's share of the memory is used: a member who shares must not wait for readers.
    expect(charged).toEqual([ownerKey(OWNERS.ada!)]);
    expect(headers['cache-control']).toBe('private, no-cache, no-transform');
    const own = await app.get(`/api/sessions/${sharedId}/media/${sha256}`, {}, 'GET', 'bob');
    expect(own.headers['cache-control']).toContain('immutable');
  });

  it('lets only the owner delete', async () => {
    const remove = async (id: string) => app.request('DELETE', `/api/sessions/${id}`, { as: 'ada-admin' });
    const shared = await remove(sharedId);
    expect([shared.status, shared.body.error.code]).toEqual([403, 'FORBIDDEN']);
    expect((await remove(privateId)).status).toBe(404);
  });

  const save = async (owner: Owner, id: string, event: NewEvent) => {
    const { documents } = app.resources;
    const { revision, ...session } = (await documents.load(owner, { sessions: [id] })).sessions.get(id)!;
    const now = evolveSession(session, { ...event, sequence: 99 } as StoredEvent)!;
    await documents.save({ sessions: [{ ...now, revision }], messages: [], parts: [] });
  };
  const makePrivate = (externalId: string) =>
    save(
      bob,
      sessionIdOf(bob, externalId),
      aSessionCurated({ externalId, visibility: 'private' }, { owner: bob }) as NewEvent,
    );

  it('returns nothing of a session that has become private, whatever the indexes still contain', async () => {
    await makePrivate('shared');
    for (const type of ['fulltext', 'semantic', 'hybrid']) {
      const { body } = await app.request('POST', '/search', { body: { query: 'heron', type } });
      expect(titles(body)).toEqual(['shared of heron alpha']);
    }
    expect(titles((await get('/api/sessions')).body)).toEqual(['shared of heron alpha']);
    expect((await get(`/api/sessions/${sharedId}`)).status).toBe(404);
    expect((await app.get(`/api/sessions/${sharedId}/media/${sha256}`)).status).toBe(404);
    expect((await get(`/api/sessions/${sharedId}`, 'bob')).status).toBe(200);
  });

  it.each([
    ['private again', () => makePrivate('hunt')],
    ['deleted', () => save(bob, sessionIdOf(bob, 'hunt'), aSessionDeleted('hunt', { owner: bob }) as NewEvent)],
  ])('confirms no word of a session that is %s, whatever the indexes still contain', async (_, hide) => {
    const text = 'falconry budget of the winter';
    await storeEvents(app.resources, bob, eventsOf(bob, 'hunt', { text, shared: true }), { vectorOf, first: 50 });
    const queries = ['falconry', 'falconrx', 'falconrx budgex', 'falconry budget acquisition', 'falconry -heron'];
    const search = async (query: string, type: string) =>
      (await app.request('POST', '/search', { body: { query, type } })).body;
    expect(await search('falconrx', 'fulltext')).toMatchObject({ respelled: [{ from: 'falconrx', to: 'falconry' }] });
    expect(await search(queries[3]!, 'fulltext')).toMatchObject({ partial: true, missing: ['acquisition'] });
    await hide();
    for (const type of ['fulltext', 'hybrid']) {
      for (const query of queries) {
        const { results, excluded: _excluded, ...about } = await search(query, type);
        expect([query, about]).toEqual([query, { cursor: null }]);
        if (type === 'fulltext') expect(results).toEqual([]);
      }
    }
  });

  it('does not tell by the floor of meaning what a hidden session says', async () => {
    const text = 'falconry budget of the winter';
    await storeEvents(app.resources, bob, eventsOf(bob, 'hunt', { text, shared: true }), { vectorOf, first: 50 });
    // Words that occur find everything, others nothing.
    app.replace({ closeness: () => ({ floor: -1, floorOfUnknown: 2 }) });
    const search = async (query: string) =>
      (await app.request('POST', '/search', { body: { query, type: 'semantic' } })).body;
    expect((await search('falconry')).results).not.toEqual([]);
    await makePrivate('hunt');
    for (const query of ['falconry', 'falconrx', 'gyrfalcon']) {
      expect(await search(query)).toEqual({ results: [], cursor: null, noCloseMatch: true });
    }
    expect((await search('heron')).results).not.toEqual([]);
  });

  it('does not tell that only a hidden session is close', async () => {
    await storeEvents(app.resources, bob, eventsOf(bob, 'hunt', { text: 'falconry', shared: true }), {
      vectorOf,
      first: 50,
    });
    await makePrivate('hunt');
    app.replace({
      closeness: () => ({ floor: 0.9, floorOfUnknown: 0.9 }),
      embeddings: { embed: async (texts) => texts.map(vectorOf) },
    });
    const { body } = await app.request('POST', '/search', { body: { query: 'falconry', type: 'semantic' } });
    expect(body).toEqual({ results: [], cursor: null, noCloseMatch: true });
  });

  it('respells to a word of a visible session, even if a hidden session has the word itself', async () => {
    await storeEvents(app.resources, OWNERS.ada!, eventsOf(OWNERS.ada!, 'own', { text: 'the gorblaty of ada' }));
    await storeEvents(app.resources, bob, eventsOf(bob, 'hunt', { text: 'gorblatz', shared: true }), { first: 50 });
    await makePrivate('hunt');
    const { body } = await get('/api/search?q=gorblatz');
    expect([titles(body), body.respelled]).toEqual([
      ['own of the gorblaty of ada'],
      [{ from: 'gorblatz', to: 'gorblaty' }],
    ]);
  });

  it('finds the requested number in spite of hidden sessions', async () => {
    for (const externalId of ['s1', 's2', 's3', 's4', 's5', 's6']) {
      const events = eventsOf(bob, externalId, { text: 'otter otter otter', shared: true });
      await storeEvents(app.resources, bob, events, { vectorOf: () => Float32Array.of(1, 0), first: 50 });
      await makePrivate(externalId);
    }
    const events = eventsOf(OWNERS.ada!, 'own', { text: 'one otter among many other words of a long text' });
    await storeEvents(app.resources, OWNERS.ada!, events, { vectorOf: () => Float32Array.of(0.8, 0.6) });
    for (const type of ['fulltext', 'semantic', 'hybrid']) {
      const { body } = await app.request('POST', '/search', { body: { query: 'otter', type, limit: 1 } });
      expect([type, body.results.length]).toEqual([type, 1]);
    }
  });
});
