import { sessionIdOf } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { aSessionCurated, aSessionSynced } from '@opensync/testkit';
import { curationLog, type CurationLogInMemory } from '../testing/curation-log.ts';
import { OWNERS, positionOf, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const ada = OWNERS.ada!;
const bob = OWNERS.bob!;
const sessionId = sessionIdOf(ada, 'session-1');
const sharedId = sessionIdOf(bob, 'shared');

let app: QueryApp;
let log: CurationLogInMemory;
beforeEach(async () => {
  app = await startQueryApp();
  log = curationLog(app.resources, app.payloads);
  app.replace(log);
  await storeEvents(app.resources, ada, [
    aSessionSynced({ title: 'Herons' }, { owner: ada }),
    aSessionSynced({ externalId: 'session-2', title: 'Egrets', source: 'codex' }, { owner: ada }),
  ]);
  await storeEvents(app.resources, bob, [
    aSessionSynced({ externalId: 'shared', title: 'Of Bob' }, { owner: bob }),
    aSessionCurated({ externalId: 'shared', visibility: 'workspace' }, { owner: bob }),
  ]);
});
afterEach(() => app[Symbol.asyncDispose]());

const patch = (id: string, body: unknown, headers: Record<string, string> = {}, as = 'ada-admin') =>
  app.request('PATCH', `/api/sessions/${encodeURIComponent(id)}`, { as, body, headers });
const bulk = (body: unknown, as = 'ada-admin') => app.request('POST', '/api/sessions/bulk', { as, body });
const shown = async (id: string, as = 'ada') => (await app.request('GET', `/api/sessions/${id}`, { as })).body;

describe('PATCH /api/sessions/:id', () => {
  it.each(['session-1', sessionId])('stores what a person says about %s, and answers with it', async (id) => {
    const said = {
      title: 'How the login was repaired',
      visibility: 'workspace',
      evalReady: true,
      evalStatus: 'golden',
      evalNotes: 'The second attempt',
      evalTags: ['login', ' login ', 'auth'],
      expectedOutput: 'A cookie',
    };
    const { status, body, headers } = await patch(id, said);
    const expected = { ...said, evalTags: ['login', 'auth'] };
    expect([status, body.sessionId]).toEqual([200, sessionId]);
    expect(body.session).toMatchObject(expected);
    expect(headers['osk-sequence']).toBe(positionOf(1_001));
    expect(headers.etag).toBe(`"${positionOf(1_001)}"`);
    expect(log.stored).toMatchObject([
      {
        type: 'dev.opensync.session.curated.v1',
        owner: ada,
        data: { sessionId, externalId: 'session-1', ...expected },
      },
    ]);
    expect(await shown(sessionId)).toMatchObject(expected);
  });

  it('takes values back with null, and leaves what is not named', async () => {
    await patch('session-1', { evalStatus: 'golden', evalNotes: 'x', expectedOutput: 'y', evalTags: ['a'] });
    const { body } = await patch('session-1', { evalStatus: null, evalNotes: null, evalTags: [] });
    expect(body.session).toMatchObject({ evalStatus: null, evalNotes: null, evalTags: [], expectedOutput: 'y' });
  });

  it.each<[string, unknown, string]>([
    ['what its schema rejects', { evalStatus: 'good' }, 'evalStatus'],
    ['an end without a link', { expiresAt: Date.now() + 60_000 }, 'expiresAt'],
    ['an end in the past', { isPublic: true, expiresAt: 1_000 }, 'expiresAt'],
    ['an end of a link that is revoked', { isPublic: false, expiresAt: Date.now() + 60_000 }, 'expiresAt'],
  ])('rejects %s, and stores nothing', async (_, body, path) => {
    const { status, body: answer } = await patch('session-1', body);
    expect([status, answer.error.code, answer.error.details[0].path]).toEqual([400, 'INVALID_REQUEST', path]);
    expect(log.stored).toEqual([]);
  });

  it('changes a session only as it was read, if the client names that version', async () => {
    const { headers } = await app.request('GET', `/api/sessions/${sessionId}`);
    const before = String(headers.etag);
    const first = await patch('session-1', { title: 'First' }, { 'if-match': before });
    expect(first.status).toBe(200);
    const stale = await patch('session-1', { title: 'Second' }, { 'if-match': before });
    expect([stale.status, stale.body.error.code]).toEqual([409, 'CONFLICT']);
    const both = `${before}, ${String(first.headers.etag)}`;
    expect((await patch('session-1', { title: 'Second' }, { 'if-match': both })).status).toBe(200);
    for (const tag of [`W/${before}`, '"x"', 'x', '""']) {
      expect((await patch('session-1', { title: 'Third' }, { 'if-match': tag })).status).toBe(409);
    }
    expect((await patch('session-1', { title: 'Third' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('has the same version after a sync, and another one after a change of anyone', async () => {
    const etag = async () => (await app.request('GET', `/api/sessions/${sharedId}`)).headers.etag;
    const before = await etag();
    await patch('shared', { evalReady: true }, {}, 'bob-admin');
    expect(await etag()).not.toBe(before);
  });

  it('lets exactly one of those win who change the same version at the same moment', async () => {
    const { headers } = await app.request('GET', `/api/sessions/${sessionId}`);
    const racing = ['a', 'b', 'c', 'd'].map((title) =>
      patch('session-1', { title }, { 'if-match': String(headers.etag) }),
    );
    const answers = await Promise.all(racing);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    expect(log.stored).toHaveLength(1);
    expect(await shown(sessionId)).toMatchObject({
      title: answers.find(({ status }) => status === 200)!.body.session.title,
    });
  });

  it('decides again if another replica was faster, so that nothing is lost', async () => {
    const { curations } = log;
    log.beforeAppend = async () => {
      log.beforeAppend = async () => undefined;
      const event = aSessionCurated({ evalTags: ['b'] }, { owner: ada });
      await curations.append(event, await curations.last(ada));
    };
    const answer = await bulk({ command: 'tag', ids: ['session-1'], add: ['a'] });
    expect([answer.status, log.stored.length]).toEqual([200, 2]);
    expect(await shown(sessionId)).toMatchObject({ evalTags: ['b', 'a'] });
  });

  it('changes nothing while the documents are behind the last change, or the log rejects it', async () => {
    await patch('session-1', { title: 'First' });
    app.replace({ progress: { ...app.resources.progress, waitFor: async () => false } });
    const behind = await patch('session-1', { title: 'Second' });
    expect([behind.status, behind.headers['retry-after']]).toEqual([503, '2']);
    app.replace({ progress: { ...app.resources.progress, waitFor: async () => true } });
    log.beforeAppend = () => Promise.reject(new AppError('UNAVAILABLE', 'the log is away'));
    expect((await patch('session-1', { title: 'Second' })).status).toBe(503);
    expect(log.stored).toHaveLength(1);
  });

  it.each(['unknown', 'ses_unknown', '🐦', 'ses_erasure'])('finds no session %s', async (id) => {
    const { status, body } = await patch(id, { title: 'x' });
    expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('POST /api/sessions/bulk', () => {
  it('runs a command for each session, and a bad one costs only itself', async () => {
    const ids = ['session-1', 'unknown', sharedId, 'session-2', 'session-1'];
    const { status, body, headers } = await bulk({ command: 'set', ids, set: { evalReady: true } });
    expect([status, body.ok]).toEqual([207, false]);
    expect(body.results).toMatchObject([
      { id: 'session-1', sessionId, status: 200, etag: `"${positionOf(1_001)}"` },
      { id: 'unknown', status: 404, error: { code: 'NOT_FOUND', retryable: false } },
      { id: sharedId, status: 403, error: { code: 'FORBIDDEN' } },
      { id: 'session-2', status: 200 },
    ]);
    expect(headers['osk-sequence']).toBe(positionOf(1_002));
    expect((await shown('session-2')).evalReady).toBe(true);
  });

  it('adds and removes tags, exactly, under both ids of a session', async () => {
    await patch('session-1', { evalTags: ['a', 'b'] });
    const { body } = await bulk({ command: 'tag', ids: ['session-1', sessionId], add: ['c'], remove: ['a'] });
    expect(body.ok).toBe(true);
    expect((await shown('session-1')).evalTags).toEqual(['b', 'c']);
    // The second one changed nothing, so it is no event.
    expect(log.stored).toHaveLength(2);
    const full = await bulk({ command: 'tag', ids: ['session-1'], add: Array.from({ length: 31 }, (_, n) => `t${n}`) });
    expect(full.body.results).toMatchObject([{ status: 400, error: { code: 'INVALID_REQUEST' } }]);
  });

  it('takes the caller’s own sessions of a filter, newest first', async () => {
    const all = await bulk({ command: 'tag', filter: {}, limit: 1, add: ['x'] });
    expect(all.body).toMatchObject({ ok: true, more: true, results: [{ status: 200 }] });
    // Only the one that has just been tagged.
    const tagged = await bulk({ command: 'tag', filter: { tag: 'x' }, add: ['y'] });
    expect(tagged.body.results).toHaveLength(1);
    const some = await bulk({ command: 'delete', filter: { source: 'codex' } });
    expect(some.body.results).toMatchObject([
      { id: sessionIdOf(ada, 'session-2'), restorableUntil: expect.any(Number) },
    ]);
    expect(some.body.more).toBeUndefined();
    const restored = await bulk({ command: 'restore', ids: ['session-2', 'session-1'] });
    expect(restored.body).toMatchObject({ ok: true });
    expect((await shown('session-2')).title).toBe('Egrets');
    expect((await bulk({ command: 'set', filter: {}, set: { evalReady: true } })).body.results).toHaveLength(2);
    expect((await shown(sharedId)).evalReady).toBe(false);
  });

  it('rejects what its schema does', async () => {
    const { status, body } = await bulk({ command: 'delete' });
    expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
  });
});

describe('GET /api/review', () => {
  it('lists what waits for a verdict, oldest first, in pages, also of others who share it', async () => {
    await storeEvents(
      app.resources,
      ada,
      [1, 2, 3].map((n) =>
        aSessionSynced({ externalId: `r${n}`, title: `r${n}`, createdAt: 1_000 * n }, { owner: ada }),
      ),
    );
    await bulk({ command: 'set', ids: ['r3', 'r1', 'session-1'], set: { evalReady: true } });
    await patch('r2', { evalStatus: 'needs_review' });
    await patch('shared', { evalReady: true }, {}, 'bob-admin');
    await patch('session-1', { evalStatus: 'correct' });
    const titles: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: { body: { sessions: { title: string }[]; cursor: string | null } } = await app.request(
        'GET',
        `/api/review?limit=2&cursor=${cursor}`,
      );
      titles.push(...body.sessions.map(({ title }) => title));
      cursor = body.cursor;
    }
    expect(titles).toEqual(['r1', 'r2', 'r3', 'Of Bob']);
    expect((await app.request('GET', '/api/review', { as: 'cid' })).body.sessions).toEqual([]);
    expect((await app.request('GET', '/api/review?cursor=x')).status).toBe(400);
  });
});
