import { messageIdOf, sessionIdOf, type NewEvent, type PayloadReference } from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log/payloads';
import { AppError } from '@opensync/platform';
import { StoreUnavailableError } from '@opensync/stores';
import { aMessageSynced, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const bob = OWNERS.bob!;
const session = (data: Parameters<typeof aSessionSynced>[0], time?: number) => aSessionSynced(data, { owner, time });
const idOf = (externalId: string) => sessionIdOf(owner, externalId);

describe('GET /api/sessions', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    // Seven sessions, several with one creation time, so that only the id distinguishes those.
    const events = Array.from({ length: 7 }, (_, i) =>
      session(
        {
          externalId: `s${i}`,
          createdAt: 1_000 + Math.floor(i / 3),
          source: i % 2 ? 'codex' : 'claude-code',
          model: i === 3 ? 'opus' : 'sonnet',
          projectName: i === 4 ? 'web' : 'api',
          projectPath: `/home/ada/p${i}`,
        },
        5_000 - i,
      ),
    );
    await storeEvents(app.resources, owner, events);
    await storeEvents(app.resources, bob, [aSessionSynced({ externalId: 's0', title: 'of bob' }, { owner: bob })]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const list = async (query: string, as = 'ada') => (await app.request('GET', `/api/sessions${query}`, { as })).body;
  const externalIds = (page: { sessions: { externalId: string }[] }) =>
    page.sessions.map(({ externalId }) => externalId);

  it('returns the owner’s sessions, newest first, with the fields that clients know', async () => {
    const page = await list('');
    expect(page.sessions.map(({ createdAt }: { createdAt: number }) => createdAt)).toEqual([
      1002, 1001, 1001, 1001, 1000, 1000, 1000,
    ]);
    expect(page.cursor).toBeNull();
    expect(page.sessions[0]).toEqual({
      _id: idOf('s6'),
      id: idOf('s6'),
      externalId: 's6',
      userId: owner.userId,
      visibility: 'private',
      source: 'claude-code',
      title: null,
      projectPath: '/home/ada/p6',
      projectName: 'api',
      model: 'sonnet',
      provider: null,
      endReason: null,
      parentId: null,
      forkedFromId: null,
      promptTokens: 0,
      completionTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      totalTokens: 0,
      cost: 0,
      costs: { usd: 0, reportedUsd: 0, computedUsd: 0, status: 'none', unpricedTokens: 0, complete: true },
      durationMs: 0,
      messageCount: 0,
      toolCallCount: 0,
      createdAt: 1002,
      updatedAt: 4994,
      firstActivityAt: null,
      lastActivityAt: null,
      evalReady: false,
      evalStatus: null,
      evalNotes: null,
      evalTags: [],
      expectedOutput: null,
      isPublic: false,
      publicUntil: null,
    });
  });

  it.each(['', '&sort=updatedAt', '&order=asc', '&sort=updatedAt&order=asc&source=codex'])(
    'pages through all of them once, in one order: %j',
    async (options) => {
      const whole = externalIds(await list(`?limit=200${options}`));
      const paged: string[] = [];
      let cursor: string | null = '';
      do {
        const page = await list(`?limit=2${options}&cursor=${cursor}`);
        expect(page.sessions.length).toBeGreaterThan(0);
        paged.push(...externalIds(page));
        cursor = page.cursor;
      } while (cursor !== null);
      expect(paged).toEqual(whole);
    },
  );

  it.each([
    ['source=codex', ['s5', 's3', 's1']],
    ['model=opus', ['s3']],
    ['project=web', ['s4']],
    ['project=/home/ada/p2', ['s2']],
    ['from=1001&to=1002&order=asc', ['s3', 's4', 's5']],
    ['from=1970-01-01T00:00:01.002Z', ['s6']],
    ['source=codex&model=opus&to=1001', []],
  ])('filters by %s', async (query, expected) => {
    expect(externalIds(await list(`?${query}`)).sort()).toEqual([...expected].sort());
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=many',
    'sort=title',
    'order=up',
    'cursor=abc',
    'from=soon',
    'source=a&source=b',
    'role=user',
    'evalStatus=good',
    'minTokens=many',
  ])('rejects %s', async (query) => {
    const { status, body } = await app.request('GET', `/api/sessions?${query}`);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'INVALID_REQUEST', details: [{ path: query.split('=')[0] }] });
  });

  it('rejects the cursor of another order', async () => {
    const { cursor } = await list('?limit=1');
    expect((await app.request('GET', `/api/sessions?order=asc&cursor=${cursor}`)).status).toBe(400);
  });

  it('returns nobody else’s', async () => {
    expect(externalIds(await list('', 'bob'))).toEqual(['s0']);
    const { cursor } = await list('?limit=6');
    expect(externalIds(await list(`?cursor=${cursor}`, 'bob'))).toEqual([]);
  });
});

describe('a list by the last update', () => {
  it.each(['desc', 'asc'])('has each session once although they change between its pages, %s', async (order) => {
    await using app = await startQueryApp();
    const names = Array.from({ length: 12 }, (_, n) => `s${n}`);
    const created = names.map((externalId, n) => session({ externalId, createdAt: 1 }, 1_000 + n));
    await storeEvents(app.resources, owner, created);
    const listed: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page++) {
      const url = `/api/sessions?sort=updatedAt&order=${order}&limit=3&cursor=${cursor}`;
      const { body } = await app.request('GET', url);
      listed.push(...body.sessions.map(({ externalId }: { externalId: string }) => externalId));
      ({ cursor } = body);
      // One that was listed, one that was not, and one that is new.
      const changes = [`s${page}`, `s${11 - page}`].map((externalId) => session({ externalId }, 5_000 + page));
      const { sessions } = await app.resources.documents.load(owner, {
        sessions: changes.map(({ data }) => data.sessionId),
      });
      const moved = [...sessions.values()].map((state) => ({
        ...state,
        span: { ...state.span, lastAt: 5_000 + page, lastSequence: 100 + page },
      }));
      await app.resources.documents.save({ sessions: moved, messages: [], parts: [] });
    }
    expect(listed.toSorted()).toEqual(names.toSorted());
  });

  it('rejects the cursor of the other sort', async () => {
    await using app = await startQueryApp();
    await storeEvents(app.resources, owner, [session({ externalId: 'a' }), session({ externalId: 'b' })]);
    const cursorOf = async (sort: string) =>
      (await app.request('GET', `/api/sessions?limit=1&sort=${sort}`)).body.cursor;
    for (const [sort, other] of [
      ['createdAt', 'updatedAt'],
      ['updatedAt', 'createdAt'],
    ]) {
      const { status } = await app.request('GET', `/api/sessions?sort=${other}&cursor=${await cursorOf(sort!)}`);
      expect(status).toBe(400);
    }
  });
});

describe('sessions of Cursor', () => {
  it('are found under both names of their source, in lists and searches', async () => {
    await using app = await startQueryApp();
    await storeEvents(app.resources, owner, [
      session({ externalId: 'theirs', source: 'cursor-sync', title: 'Login' }),
      session({ externalId: 'other', source: 'codex', title: 'Login' }),
    ]);
    const found = async (...request: Parameters<QueryApp['request']>) => {
      const { body } = await app.request(...request);
      return (body.sessions ?? body.results).map(({ externalId }: { externalId: string }) => externalId);
    };
    for (const source of ['cursor', 'cursor-sync']) {
      expect(await found('GET', `/api/sessions?source=${source}`)).toEqual(['theirs']);
      expect(await found('GET', `/api/search?q=login&source=${source}`)).toEqual(['theirs']);
      const body = { query: 'login', filters: { source } };
      expect(await found('POST', '/search', { body })).toEqual(['theirs']);
      expect(await found('POST', '/search', { body: { ...body, type: 'hybrid' } })).toEqual(['theirs']);
    }
  });
});

describe('GET /api/sessions/:id', () => {
  let app: QueryApp;
  const reference: PayloadReference = { sha256: 'a'.repeat(64), size: 300_000, preview: 'long …' };
  const partReference: PayloadReference = { ...reference, sha256: 'b'.repeat(64) };
  const message = (data: Parameters<typeof aMessageSynced>[0]) =>
    aMessageSynced({ sessionExternalId: 's1', ...data }, { owner });
  const part = (messageExternalId: string, data: Parameters<typeof aPartSynced>[0]) =>
    aPartSynced({ sessionId: idOf('s1'), messageId: messageIdOf(idOf('s1'), messageExternalId), ...data }, { owner });

  beforeAll(async () => {
    app = await startQueryApp();
    app.payloads.set(reference.sha256, 'long '.repeat(60_000));
    app.payloads.set(partReference.sha256, JSON.stringify({ toolName: 'read', result: 'big' }));
    const events: NewEvent[] = [
      session({ externalId: 's1', title: 'Fix login', promptTokens: 10 }),
      message({ externalId: 'm1', role: 'user', textContent: 'Why \0 odd 👍?', createdAt: 100 }),
      message({ externalId: 'm2', role: 'assistant', createdAt: 200, partCount: 3, model: 'opus' }),
      part('m2', { order: 0, type: 'text', content: 'Because' }),
      part('m2', { order: 2, type: 'text', content: 'of that.' }),
      part('m2', { order: 1, type: 'tool-call', contentRef: partReference, content: undefined }),
      message({ externalId: 'm3', role: 'tool', textRef: reference, createdAt: 300 }),
      ...Array.from({ length: 5 }, (_, i) => message({ externalId: `n${i}`, textContent: `${i}`, createdAt: 400 })),
    ];
    await storeEvents(app.resources, owner, events);
    await storeEvents(app.resources, bob, [aSessionSynced({ externalId: 's1', title: 'of bob' }, { owner: bob })]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('returns the session with its messages, parts and large contents', async () => {
    const { status, body } = await app.request('GET', `/api/sessions/${idOf('s1')}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      _id: idOf('s1'),
      id: idOf('s1'),
      title: 'Fix login',
      promptTokens: 10,
      messageCursor: null,
    });
    expect(body.messages.map(({ externalId }: { externalId: string }) => externalId)).toEqual([
      'm1',
      'm2',
      'm3',
      'n0',
      'n1',
      'n2',
      'n3',
      'n4',
    ]);
    const [m1, m2, m3] = body.messages;
    expect(m1).toMatchObject({ role: 'user', textContent: 'Why \0 odd 👍?', createdAt: 100, parts: [] });
    expect(m2).toMatchObject({
      _id: messageIdOf(idOf('s1'), 'm2'),
      id: messageIdOf(idOf('s1'), 'm2'),
      model: 'opus',
      textContent: 'Because\nof that.',
      parts: [
        { order: 0, type: 'text', content: 'Because' },
        { order: 1, type: 'tool-call', content: { toolName: 'read', result: 'big' } },
        { order: 2, type: 'text', content: 'of that.' },
      ],
    });
    expect(m3.textContent).toHaveLength(300_000);
    for (const message of body.messages) {
      expect(Object.keys(message).toSorted()).toEqual([
        ...['_id', 'cacheReadTokens', 'cacheWriteTokens', 'completionTokens', 'cost', 'createdAt', 'durationMs'],
        ...['externalId', 'id', 'model', 'parts', 'position', 'promptTokens', 'provider', 'reasoningTokens', 'role'],
        ...['sessionId', 'textContent'],
      ]);
    }
    expect(Object.keys(m2.parts[0]).toSorted()).toEqual(['_id', 'content', 'id', 'order', 'type']);
  });

  it('finds it by the plugin’s own id, too, in both shapes', async () => {
    const { body: flat } = await app.request('GET', '/api/sessions/s1');
    const { body: nested } = await app.request('GET', '/api/sessions/get?id=s1');
    const { messages, messageCursor, hasBefore, hasAfter, ...fields } = flat;
    expect(fields.title).toBe('Fix login');
    expect(nested).toEqual({ session: fields, messages, messageCursor, hasBefore, hasAfter });
  });

  it('finds it by the longest id that a plugin may have given', async () => {
    const externalId = '/é'.repeat(256);
    await storeEvents(app.resources, owner, [session({ externalId })]);
    const { status, body } = await app.request('GET', `/api/sessions/${encodeURIComponent(externalId)}`);
    expect([status, body.externalId]).toEqual([200, externalId]);
  });

  it('pages through the messages', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const { body } = await app.request('GET', `/api/sessions/s1?messageLimit=3&messageCursor=${cursor}`);
      seen.push(...body.messages.map(({ externalId }: { externalId: string }) => externalId));
      cursor = body.messageCursor;
    } while (cursor !== null);
    expect(seen).toEqual(['m1', 'm2', 'm3', 'n0', 'n1', 'n2', 'n3', 'n4']);
  });

  it('returns an owner’s own session, and nobody another’s', async () => {
    expect((await app.request('GET', '/api/sessions/s1', { as: 'bob' })).body).toMatchObject({
      title: 'of bob',
      messages: [],
    });
    for (const url of [`/api/sessions/${idOf('s1')}`, `/api/sessions/get?id=${idOf('s1')}`, '/api/sessions/nothing']) {
      expect(await app.request('GET', url, { as: 'bob' })).toMatchObject({
        status: 404,
        body: { error: { code: 'NOT_FOUND' } },
      });
    }
  });

  it.each(['s1?messageLimit=0', 's1?messageLimit=1001', 's1?messageCursor=abc', 'get'])('rejects %s', async (path) => {
    expect((await app.request('GET', `/api/sessions/${path}`)).status).toBe(400);
  });
});

describe('a session page', () => {
  it('ends before its contents exhaust memory, and continues where it ended', async () => {
    await using app = await startQueryApp();
    const reference = (n: number): PayloadReference => ({ sha256: `${n}`.repeat(64), size: 1_100_000, preview: '' });
    for (let n = 0; n < 4; n++) app.payloads.set(reference(n).sha256, `${n}`.repeat(1_100_000));
    await storeEvents(app.resources, owner, [
      session({ externalId: 's1' }),
      ...Array.from({ length: 4 }, (_, n) =>
        aMessageSynced({ sessionExternalId: 's1', externalId: `m${n}`, textRef: reference(n) }, { owner }),
      ),
    ]);
    const first = (await app.request('GET', '/api/sessions/s1')).body;
    const rest = (await app.request('GET', `/api/sessions/s1?messageCursor=${first.messageCursor}`)).body;
    expect(first.messages.map(({ textContent }: { textContent: string }) => textContent[0])).toEqual(['0', '1']);
    expect(rest.messages.map(({ textContent }: { textContent: string }) => textContent[0])).toEqual(['2', '3']);
    expect(rest.messageCursor).toBeNull();
  });
});

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  throw error;
}

describe('a session with lost payloads', () => {
  it('returns their previews, marked, and the rest in full', async () => {
    await using app = await startQueryApp();
    const reference = (digit: string, preview: string) => ({ sha256: digit.repeat(64), size: 300_000, preview });
    const text = reference('a', 'Once upon');
    const content = reference('b', '{"toolName":"Rea');
    await storeEvents(app.resources, owner, [
      session({ externalId: 's1' }),
      aMessageSynced({ sessionExternalId: 's1', externalId: 'm1', textRef: text, partCount: 1 }, { owner }),
      aPartSynced(
        {
          sessionId: idOf('s1'),
          messageId: messageIdOf(idOf('s1'), 'm1'),
          order: 0,
          type: 'tool-call',
          content: undefined,
          contentRef: content,
        },
        { owner },
      ),
      aMessageSynced({ sessionExternalId: 's1', externalId: 'm2', textContent: 'whole' }, { owner }),
    ]);
    const lost = (_owner: unknown, sha256: string) => failing(new PayloadLostError(sha256, 'damaged'));
    app.replace({ payloads: { referenced: lost, read: lost } });
    const { status, body } = await app.request('GET', '/api/sessions/s1');
    expect(status).toBe(200);
    expect(body.messages).toMatchObject([
      {
        textContent: 'Once upon',
        textContentLost: true,
        parts: [{ type: 'tool-call', content: 'Rea', contentLost: true }],
      },
      { textContent: 'whole' },
    ]);
    expect(body.messages[1]).not.toHaveProperty('textContentLost');
  });

  it('is not partly returned while the payloads are only unavailable', async () => {
    await using app = await startQueryApp();
    const textRef = { sha256: 'a'.repeat(64), size: 300_000, preview: 'Once upon' };
    await storeEvents(app.resources, owner, [
      aMessageSynced({ sessionExternalId: 's1', externalId: 'm1', textRef }, { owner }),
    ]);
    const away = () => failing(new AppError('UNAVAILABLE', 'no'));
    app.replace({ payloads: { referenced: away, read: away } });
    expect((await app.request('GET', '/api/sessions/s1')).status).toBe(503);
  });
});

describe('a mistyped parameter', () => {
  it.each([
    ['/api/sessions?limt=3', 'limit, '],
    ['/api/sessions/s1?messageLimt=3', 'messageLimit, '],
    ['/api/sessions/get?id=s1&messageLimt=3', 'id, messageLimit, '],
    ['/api/search?q=x&limt=3', 'q, type, level, limit, '],
    ['/api/stats?from=0', 'none'],
    ['/api/receipts/1?wait=1', 'none'],
  ])('is rejected by name, with the known ones: %s', async (url, valid) => {
    await using app = await startQueryApp();
    const { status, body } = await app.request('GET', url);
    expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(body.error.details).toEqual([
      { path: /(\w+)=\d$/.exec(url)![1], message: expect.stringMatching(`^is not known; valid (is|are) .*${valid}`) },
    ]);
  });
});

describe('while the documents are unavailable', () => {
  it('is 503 with a retry time', async () => {
    const refuse = () => Promise.reject(new StoreUnavailableError('documents'));
    await using app = await startQueryApp();
    app.replace({
      documents: {
        ...app.resources.documents,
        sessionsById: refuse,
        sessions: refuse,
        messageKeys: refuse,
        figures: refuse,
      },
    });
    for (const url of ['/api/sessions', '/api/sessions/s1', '/api/sessions/get?id=s1', '/api/stats']) {
      const { status, headers, body } = await app.request('GET', url);
      expect([status, body.error.code]).toEqual([503, 'UNAVAILABLE']);
      expect(headers['retry-after']).toBe('1');
    }
  });
});

describe('GET /api/stats', () => {
  it('sums up the owner’s sessions', async () => {
    await using app = await startQueryApp();
    await storeEvents(app.resources, owner, [
      session({ externalId: 's1', source: 'codex', model: 'opus', promptTokens: 10, completionTokens: 5, cost: 0.5 }),
      session({
        externalId: 's2',
        source: 'codex',
        totalTokens: 7,
        durationMs: 1_000,
        cacheReadTokens: 4,
        reasoningTokens: 1,
      }),
      aMessageSynced({ sessionExternalId: 's1', externalId: 'm1' }, { owner }),
    ]);
    expect((await app.request('GET', '/api/stats')).body).toEqual({
      sessionCount: 2,
      messageCount: 1,
      promptTokens: 10,
      completionTokens: 5,
      cacheReadTokens: 4,
      cacheWriteTokens: 0,
      reasoningTokens: 1,
      totalTokens: 22,
      toolCalls: 0,
      toolErrors: 0,
      totalCost: 0.5,
      cost: { usd: 0.5, reportedUsd: 0.5, computedUsd: 0, status: 'reported', unpricedTokens: 0, complete: true },
      prices: null,
      totalDurationMs: 1_000,
      bySource: { codex: 2 },
      byModel: { opus: 1 },
      modelUsage: {
        opus: { tokens: 15, cost: 0.5, sessions: 1 },
        unknown: { tokens: 7, cost: 0, sessions: 1 },
      },
    });
    expect((await app.request('GET', '/api/stats', { as: 'bob' })).body).toMatchObject({
      sessionCount: 0,
      totalTokens: 0,
    });
  });
});

describe('a list of sessions with very long texts', () => {
  const COUNT = 120;
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    const long = 'é'.repeat(4_000);
    await storeEvents(
      app.resources,
      owner,
      Array.from({ length: COUNT }, (_, n) =>
        session({ externalId: `long-${n}`, title: `${n} ${long}`, projectPath: long, projectName: long, model: long }),
      ),
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each(['createdAt', 'updatedAt'])('by %s has pages of about 2 MB, and all of them once', async (sort) => {
    const found: string[] = [];
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; pages++) {
      const { status, text, body } = await app.request('GET', `/api/sessions?limit=200&sort=${sort}&cursor=${cursor}`);
      expect(status).toBe(200);
      expect(text.length).toBeLessThan(2 * 1024 * 1024);
      found.push(...body.sessions.map(({ externalId }: { externalId: string }) => externalId));
      cursor = body.cursor;
    }
    expect(pages).toBeLessThanOrEqual(4);
    expect(found.toSorted()).toEqual(Array.from({ length: COUNT }, (_, n) => `long-${n}`).toSorted());
  });
});
