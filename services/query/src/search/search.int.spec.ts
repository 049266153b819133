import { messageIdOf, sessionIdOf } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { StoreUnavailableError, type SearchStore } from '@opensync/stores';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const bob = OWNERS.bob!;
const idOf = (externalId: string) => sessionIdOf(owner, externalId);

/** Meaning in two dimensions: animals one way, machines the other. */
function vectorOf(text: string): Float32Array {
  const animal = /cat|kitten|pet/i.test(text) ? 1 : 0.1;
  const machine = /car|engine|vehicle/i.test(text) ? 1 : 0.1;
  const length = Math.hypot(animal, machine);
  return Float32Array.of(animal / length, machine / length);
}

async function seed(app: QueryApp): Promise<void> {
  const message = (sessionExternalId: string, externalId: string, textContent: string) =>
    aMessageSynced({ sessionExternalId, externalId, textContent }, { owner });
  await storeEvents(
    app.resources,
    owner,
    [
      aSessionSynced({ externalId: 'cats', title: 'About cats', source: 'codex', createdAt: 1_000 }, { owner }),
      message('cats', 'm1', 'The cat <sleeps> on the sofa'),
      aSessionSynced({ externalId: 'cars', title: 'Machines', source: 'claude-code', createdAt: 2_000 }, { owner }),
      message('cars', 'm1', 'Every vehicle needs an engine'),
      message('cars', 'm2', 'The sofa does not fit'),
    ],
    { vectorOf },
  );
  await storeEvents(
    app.resources,
    bob,
    [
      aSessionSynced({ externalId: 'cats', title: 'Bob and his cat' }, { owner: bob }),
      aMessageSynced({ sessionExternalId: 'cats', externalId: 'm1', textContent: 'A cat of bob' }, { owner: bob }),
    ],
    { vectorOf },
  );
}

/** The nearest are close from here on, if the words occur; otherwise none are. */
const STRICT = { floor: 0.5, floorOfUnknown: 1.1 };

describe('search', () => {
  let app: QueryApp;
  let asked: (readonly string[])[];
  beforeAll(async () => {
    app = await startQueryApp();
    app.replace({
      embeddings: {
        embed: async (texts) => {
          asked.push(texts);
          return texts.map(vectorOf);
        },
      },
    });
    await seed(app);
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const search = async (body: object, as = 'ada') => (await app.request('POST', '/search', { body, as })).body;
  const found = ({ results }: { results: { externalId: string }[] }) => results.map(({ externalId }) => externalId);

  it('finds by words, with the session’s fields and the place marked', async () => {
    const answer = await search({ query: 'cat sofa' });
    expect(answer).toEqual({
      results: [
        expect.objectContaining({
          _id: idOf('cats'),
          id: idOf('cats'),
          sessionId: idOf('cats'),
          externalId: 'cats',
          title: 'About cats',
          source: 'codex',
          messageId: messageIdOf(idOf('cats'), 'm1'),
          matchedIn: ['fulltext'],
          snippet: 'The <mark>cat</mark> &lt;sleeps&gt; on the <mark>sofa</mark>',
          score: expect.any(Number),
        }),
      ],
      cursor: null,
    });
    expect(asked).toEqual([]);
  });

  it.each(['cat', 'sofa', 'the sofa', 'vehicle engine park sofa'])(
    'returns for %s the ranks of full text, not the engine’s scores',
    async (query) => {
      const store = app.resources.search;
      const scaled = <Hit extends { readonly score: number }>(hits: Hit[]) =>
        hits.map((hit) => ({ ...hit, score: hit.score ** 3 * 1_000 }));
      const before = await search({ query });
      const scores = before.results.map(({ score }: { score: number }) => score);
      expect(scores).toEqual(scores.map((_: number, at: number) => 1 / (61 + at)));
      expect(scores.length).toBeGreaterThan(0);
      app.replace({
        search: {
          search: async (...asked) => scaled(await store.search(...asked)),
          searchPartly: async (...asked) => scaled(await store.searchPartly(...asked)),
          counts: (...asked) => store.counts(...asked),
        } as SearchStore,
      });
      try {
        expect(await search({ query })).toEqual(before);
      } finally {
        app.replace({ search: store });
      }
    },
  );

  it('finds by meaning, with a piece of the message', async () => {
    const answer = await search({ query: 'kitten', type: 'semantic', limit: 1 });
    expect(found(answer)).toEqual(['cats']);
    expect(answer.results[0]).toMatchObject({ matchedIn: ['semantic'], score: expect.closeTo(1, 2) });
    expect(answer.degraded).toBeUndefined();
    const { results } = await search({ query: 'car', type: 'semantic', limit: 1 });
    expect(results[0]).toMatchObject({
      messageId: messageIdOf(idOf('cars'), 'm1'),
      snippet: 'Every vehicle needs an engine',
    });
  });

  it('ranks first what both sides found, and keeps results of one', async () => {
    const answer = await search({ query: 'cat', type: 'hybrid' });
    expect(found(answer)).toEqual(['cats', 'cars']);
    expect(answer.results.map(({ matchedIn }: { matchedIn: string[] }) => matchedIn)).toEqual([
      ['fulltext', 'semantic'],
      ['semantic'],
    ]);
    expect(answer.results[0].score).toBeCloseTo(1.6 / 61);
    expect(answer.results[0].snippet).toContain('<mark>');
    expect(found(await search({ query: 'cat', type: 'hybrid', limit: 1 }))).toEqual(['cats']);
  });

  it.each(['fulltext', 'hybrid'])('respells with %s a word that does not occur', async (type) => {
    const { results, respelled } = await search({ query: 'vehcile engine', type });
    expect(results[0]).toMatchObject({ externalId: 'cars', matchedIn: expect.arrayContaining(['fulltext']) });
    expect(results[0].snippet).toContain('<mark>vehicle</mark>');
    expect(respelled).toEqual([{ from: 'vehcile', to: 'vehicle' }]);
    expect((await search({ query: '"vehcile" engine' })).respelled).toBeUndefined();
    expect(await search({ query: 'vehcile engine', filters: { source: 'cursor' } })).toEqual({
      results: [],
      cursor: null,
    });
  });

  it.each(['fulltext', 'hybrid'])('finds with %s words in different messages of a session', async (type) => {
    const { results, cursor: _, ...about } = await search({ query: 'vehicle sofa', type });
    expect(results[0]).toMatchObject({ externalId: 'cars', matchedIn: expect.arrayContaining(['fulltext']) });
    expect(about).toEqual({});
  });

  it.each(['fulltext', 'hybrid'])(
    'finds with %s sessions that have most of the words, and names the missing ones',
    async (type) => {
      const {
        results,
        cursor: _,
        ...about
      } = await search({ query: 'where does the vehicle with an engine park', type });
      expect(results[0]).toMatchObject({ externalId: 'cars', missing: ['park'] });
      expect(about).toEqual({ partial: true, missing: ['park'] });
      expect((await search({ query: 'vehicle "engine park" sofa', type: 'fulltext' })).results).toEqual([]);
    },
  );

  it.each(['fulltext', 'semantic', 'hybrid'])('lists with %s the exclusions', async (type) => {
    const answer = await search({ query: 'sofa -Engine -"needs an"', type });
    expect(answer.excluded).toEqual(['Engine', 'needs an']);
    expect(found(answer)).toEqual(['cats']);
    // Options, negative numbers and dashes in a command exclude nothing.
    for (const query of ['sofa -1', 'sofa --engine', 'rm -rf sofa', 'git commit -am sofa']) {
      expect((await search({ query, type })).excluded).toBeUndefined();
    }
  });

  it.each(['fulltext', 'semantic', 'hybrid'])('accepts with %s a query as long as a stack trace', async (type) => {
    const frames = Array.from({ length: 400 }, (_, n) => `    at handler${n} (/srv/app/dist/file${n}.js:${n}:17)`);
    const query = `TypeError: the vehicle has no engine\n${frames.join('\n')}`;
    const { status, body } = await app.request('POST', '/search', { body: { query: query.slice(0, 32_768), type } });
    expect([status, found(body)[0]]).toEqual([200, 'cars']);
    for (const [text] of asked) expect(text!.length).toBeLessThanOrEqual(2_000);
    const tooLong = await app.request('POST', '/search', { body: { query: 'x'.repeat(32_769) } });
    expect(tooLong.body.error.details).toEqual([{ path: 'query', message: 'is longer than 32,768 characters' }]);
  });

  it('means the same with GET', async () => {
    const get = await app.request('GET', '/api/search?q=sofa&type=hybrid&limit=5&source=codex');
    const post = await search({ query: 'sofa', type: 'hybrid', limit: 5, filters: { source: 'codex' } });
    expect(get.body).toEqual(post);
    expect(found(post)).toEqual(['cats']);
  });

  it.each(['fulltext', 'semantic', 'hybrid'])('filters %s', async (type) => {
    expect(found(await search({ query: 'sofa', type, filters: { from: 1_500 } }))).toEqual(['cars']);
    expect(found(await search({ query: 'sofa', type, filters: { source: 'cursor' } }))).toEqual([]);
  });

  it.each(['fulltext', 'semantic', 'hybrid'])('returns each owner their own sessions with %s', async (type) => {
    const { results } = await search({ query: 'cat', type }, 'bob');
    expect(results.map(({ title }: { title: string }) => title)).toEqual(['Bob and his cat']);
  });

  it('uses the meaning of the wanted words, not of the excluded ones', async () => {
    await search({ query: 'sofa -engine', type: 'hybrid' });
    expect(asked).toEqual([['sofa']]);
  });

  it.each(['fulltext', 'semantic', 'hybrid'])(
    'excludes with %s sessions that contain a negated word anywhere',
    async (type) => {
      // The nearest is about cats, and its title says so; the other has the word only in a message.
      expect(found(await search({ query: 'sofa -cats', type }))).toEqual(['cars']);
      expect(found(await search({ query: 'sofa -engine', type }))).toEqual(['cats']);
      expect(found(await search({ query: 'kitten -"needs an engine" -sleeps', type }))).toEqual([]);
    },
  );

  it('finds the requested number in spite of exclusions', async () => {
    expect(found(await search({ query: 'kitten -cats', type: 'semantic', limit: 1 }))).toEqual(['cars']);
  });

  it.each(['fulltext', 'semantic', 'hybrid'])('finds nothing by exclusions alone with %s', async (type) => {
    expect(await search({ query: '-cat', type })).toEqual({ results: [], cursor: null, excluded: ['cat'] });
  });

  it.each([
    ['POST', '/search', {}],
    ['POST', '/search', { query: 'x', limit: 101 }],
    ['POST', '/search', { query: 'x', filters: { evalStatus: 'good' } }],
    ['POST', '/search', [1]],
    ['GET', '/api/search?q=', undefined],
    ['GET', '/api/search?q=x&type=fuzzy', undefined],
  ] as const)('rejects %s %s %j', async (method, url, body) => {
    const answer = await app.request(method, url, { body });
    expect([answer.status, answer.body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(answer.body.error.details.length).toBeGreaterThan(0);
  });

  it.each(['"', '-', '((((', 'NEAR(a b)', '\0', '\ud800', '*', 'title:x OR', '🙂'.repeat(500)])(
    'answers %j',
    async (query) => {
      expect((await app.request('POST', '/search', { body: { query, type: 'hybrid' } })).status).toBe(200);
    },
  );

  it('leaves out sessions that the documents no longer have', async () => {
    const ghost = {
      id: 'msg_ghost',
      sessionId: 'ses_ghost',
      messageId: 'msg_ghost',
      version: 1,
      title: '',
      text: 'ghostly',
    };
    const heading = { projectName: '', projectPath: '', source: 'codex', model: '', createdAt: 1, toolText: '' };
    const visibility = 'private';
    await app.resources.search.index(owner, [{ ...heading, ...ghost, visibility }]);
    expect(await search({ query: 'ghostly' })).toEqual({ results: [], cursor: null });
  });
});

describe('search with an unavailable part', () => {
  const storeAway = () => Promise.reject(new StoreUnavailableError('search'));
  const embedderAway = () => Promise.reject(new AppError('UNAVAILABLE', 'no embedder answers'));
  const broken = () => Promise.reject(new TypeError('a bug'));

  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    await seed(app);
  });
  beforeEach(() => app.replace({ embeddings: { embed: async (texts) => texts.map(vectorOf) } }));
  afterEach(() => app.restore());
  afterAll(() => app[Symbol.asyncDispose]());

  it.each([
    ['hybrid', 'no embedder answers', embedderAway],
    ['semantic', 'no embedder answers', embedderAway],
    ['hybrid', 'the embedder has a bug', broken],
  ])('%s answers by full text alone if %s', async (type, _what, embed) => {
    app.replace({ embeddings: { embed } });
    const { status, body } = await app.request('POST', '/search', { body: { query: 'cat', type } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ degraded: ['semantic'], results: [{ externalId: 'cats', matchedIn: ['fulltext'] }] });
  });

  it('answers by full text alone if the vectors are unavailable', async () => {
    app.replace({ vectors: { ...app.resources.vectors, search: storeAway } });
    const { body } = await app.request('GET', '/api/search?q=cat&type=hybrid');
    expect(body).toMatchObject({ degraded: ['semantic'], results: [{ externalId: 'cats', matchedIn: ['fulltext'] }] });
  });

  it.each(['hybrid', 'fulltext'])('%s answers by meaning alone if full text is unavailable', async (type) => {
    app.replace({ search: { ...app.resources.search, search: storeAway } });
    const { status, body } = await app.request('POST', '/search', { body: { query: 'cat', type, limit: 1 } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ degraded: ['fulltext'], results: [{ externalId: 'cats', matchedIn: ['semantic'] }] });
  });

  it.each(['semantic', 'hybrid'])('%s reports that exclusions could not be checked', async (type) => {
    app.replace({ search: { ...app.resources.search, search: storeAway } });
    const { body } = await app.request('POST', '/search', { body: { query: 'kitten -sofa', type, limit: 1 } });
    expect(body).toMatchObject({ degraded: ['fulltext'], results: [{ externalId: 'cats' }] });
  });

  it.each([
    ['fulltext', undefined],
    ['semantic', ['semantic']],
    ['hybrid', ['semantic']],
  ])('%s reports that the vectors are missing documents', async (type, degraded) => {
    app.replace({ partial: () => ['vectors'] });
    const { body } = await app.request('POST', '/search', { body: { query: 'cat', type, limit: 1 } });
    expect(body.results).toMatchObject([{ externalId: 'cats' }]);
    expect(body.degraded).toEqual(degraded);
  });

  it.each(['fulltext', 'semantic', 'hybrid'])('is 503 for %s if neither side answers', async (type) => {
    app.replace({ search: { ...app.resources.search, search: storeAway }, embeddings: { embed: embedderAway } });
    const { status, body } = await app.request('POST', '/search', { body: { query: 'cat', type } });
    expect([status, body.error.code]).toEqual([503, 'UNAVAILABLE']);
  });

  it.each(['semantic', 'hybrid'])('%s shows nothing that is only nearest, and says so', async (type) => {
    app.replace({ closeness: () => STRICT });
    const ask = async (query: string) => (await app.request('POST', '/search', { body: { query, type } })).body;
    expect(await ask('zebra')).toEqual({ results: [], cursor: null, noCloseMatch: true });
    const { results, noCloseMatch } = await ask('cat');
    expect(results[0]).toMatchObject({ externalId: 'cats' });
    expect(noCloseMatch).toBeUndefined();
  });

  it('says that there is no close match in a script that the model does not read, without asking it', async () => {
    const embed = () => Promise.reject(new TypeError('was asked'));
    app.replace({ closeness: () => ({ ...STRICT, reads: /[a-z]/ }), embeddings: { embed } });
    const { body } = await app.request('POST', '/search', { body: { query: 'кошка', type: 'semantic' } });
    expect(body).toEqual({ results: [], cursor: null, noCloseMatch: true });
  });

  it('trusts meaning if full text cannot say whether the words occur', async () => {
    const search = { ...app.resources.search, counts: storeAway, search: storeAway, searchPartly: storeAway };
    app.replace({ closeness: () => STRICT, search });
    const { body } = await app.request('POST', '/search', { body: { query: 'kitten', type: 'semantic' } });
    expect(body.results[0]).toMatchObject({ externalId: 'cats' });
  });

  it('is 503 if the documents are unavailable', async () => {
    app.replace({ documents: { ...app.resources.documents, sessionsById: storeAway } });
    expect((await app.request('POST', '/search', { body: { query: 'cat' } })).status).toBe(503);
  });
});
