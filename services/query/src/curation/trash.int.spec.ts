import { sessionIdOf } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { curationLog, type CurationLogInMemory } from '../testing/curation-log.ts';
import { OWNERS, positionOf, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { emptyTrash } from './trash-keeper.ts';
import { UNDO_MS } from './trash.ts';

const ada = OWNERS.ada!;
const sessionId = sessionIdOf(ada, 'session-1');
const DELETED = 'dev.opensync.session.deleted.v1';

let app: QueryApp;
let log: CurationLogInMemory;
let now: number;
beforeEach(async () => {
  app = await startQueryApp();
  log = curationLog(app.resources, app.payloads);
  now = Date.UTC(2026, 10, 29);
  app.replace({ ...log, now: () => now });
  await storeEvents(app.resources, ada, [
    aSessionSynced({ title: 'Herons' }, { owner: ada }),
    aMessageSynced({ textContent: 'A text about herons' }, { owner: ada }),
  ]);
});
afterEach(() => app[Symbol.asyncDispose]());

const remove = (id: string, query = '', as = 'ada-admin') =>
  app.request('DELETE', `/api/sessions/${encodeURIComponent(id)}${query}`, { as });
const restore = (id: string, as = 'ada-admin') => app.request('POST', `/api/sessions/${id}/restore`, { as });
const found = async () => {
  const search = await app.request('POST', '/search', { body: { query: 'herons', type: 'fulltext' } });
  return {
    page: (await app.request('GET', `/api/sessions/${sessionId}`)).status,
    list: (await app.request('GET', '/api/sessions')).body.sessions.length,
    search: search.body.results.length,
  };
};
const keep = () => emptyTrash(app.resources, { now });
const types = () => log.stored.map(({ type }) => type);

describe('DELETE /api/sessions/:id', () => {
  it.each(['session-1', sessionId])('hides %s from every read at once, until it is restored', async (id) => {
    const before = await found();
    expect(before).toEqual({ page: 200, list: 1, search: 1 });
    const { status, body, headers } = await remove(id);
    const restorableUntil = now + UNDO_MS;
    expect({ status, body }).toEqual({ status: 200, body: { ok: true, sessionId, deleted: true, restorableUntil } });
    expect(headers['osk-sequence']).toBe(positionOf(1_001));
    expect(await found()).toEqual({ page: 404, list: 0, search: 0 });
    // Neither does an edit reach it, and repeating it changes nothing.
    expect((await app.request('PATCH', `/api/sessions/${id}`, { as: 'ada-admin', body: { title: 'x' } })).status).toBe(
      404,
    );
    now += 1_000;
    const again = await remove(id);
    expect([again.body.restorableUntil, again.headers['osk-sequence']]).toEqual([restorableUntil, positionOf(1_001)]);

    const restored = await restore(id);
    expect([restored.status, restored.body.session.title]).toEqual([200, 'Herons']);
    expect(await found()).toEqual(before);
    expect((await restore(id)).status).toBe(200);
    expect(types()).toEqual(new Array(2).fill('dev.opensync.session.curated.v1'));
  });

  it('deletes for good at once on request, and nothing brings it back', async () => {
    const { body, headers } = await remove('session-1', '?permanent=true');
    expect(body).toEqual({ ok: true, sessionId, deleted: true });
    expect(headers['osk-sequence']).toBe(positionOf(1_002));
    expect(log.stored).toMatchObject([
      { data: { erasing: true, trashedAt: 0 } },
      { type: DELETED, owner: ada, data: { sessionId, externalId: 'session-1' } },
    ]);
    expect(await found()).toMatchObject({ page: 404, list: 0 });
    expect((await restore('session-1')).status).toBe(404);
  });

  it('deletes a session for good that is in the trash already', async () => {
    await remove('session-1');
    expect((await remove('session-1', '?permanent=true')).status).toBe(200);
    expect(types().at(-1)).toBe(DELETED);
    expect((await restore('session-1')).status).toBe(404);
  });

  it('deletes again what was deleted for good: events sent since need not be in the documents yet', async () => {
    await remove('session-1', '?permanent=true');
    for (const query of ['', '?permanent=true']) {
      const { status, body } = await remove('session-1', query);
      expect({ status, body }).toEqual({ status: 200, body: { ok: true, sessionId, deleted: true } });
    }
    expect(types().filter((type) => type === DELETED)).toHaveLength(3);
  });

  it.each(['unknown', 'ses_unknown', '🐦', 'ses_erasure'])('finds no session %s', async (id) => {
    for (const query of ['', '?permanent=true']) {
      const { status, body } = await remove(id, query);
      expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
    }
    expect(log.stored).toEqual([]);
  });

  it('rejects another value of permanent', async () => {
    expect((await remove('session-1', '?permanent=yes')).status).toBe(400);
    expect((await remove('session-1', '?forever=true')).status).toBe(400);
  });

  it('reports that nothing is deleted if the log rejects it', async () => {
    log.beforeAppend = () => Promise.reject(new AppError('UNAVAILABLE', 'the log is away'));
    const { status, headers } = await remove('session-1');
    expect(status).toBe(503);
    expect(headers['retry-after']).toBeDefined();
  });
});

describe('the keeper of the trash', () => {
  it('erases a session a day after its deletion, and not before', async () => {
    await remove('session-1');
    now += UNDO_MS;
    expect(await keep()).toBe(0);
    now += 1;
    expect((await restore('session-1')).status).toBe(404);
    expect(await keep()).toBe(1);
    expect(types().at(-1)).toBe(DELETED);
    expect(await keep()).toBe(0);
  });

  it('stores one deletion, however many replicas erase at the same moment', async () => {
    await remove('session-1');
    now += UNDO_MS + 1;
    await Promise.all([keep(), keep(), keep()]);
    expect(types().filter((type) => type === DELETED)).toHaveLength(1);
  });

  it('erases nothing that is restored at the last moment', async () => {
    await remove('session-1');
    const restoredAt = now + UNDO_MS - 1;
    now += UNDO_MS + 1;
    // The keeper has read the session, and another replica restores it before the first step is stored.
    log.beforeAppend = async () => {
      log.beforeAppend = async () => undefined;
      const late = now;
      now = restoredAt;
      expect((await restore('session-1')).status).toBe(200);
      now = late;
    };
    expect(await keep()).toBe(0);
    expect(types()).not.toContain(DELETED);
    expect(await found()).toMatchObject({ page: 200, list: 1 });
  });

  it('finishes what a process began that died between the two steps', async () => {
    const { publish } = log.publisher;
    app.replace({ publisher: { publish: () => Promise.reject(new AppError('UNAVAILABLE', 'killed')) } });
    expect((await remove('session-1', '?permanent=true')).status).toBe(503);
    expect(types()).not.toContain(DELETED);
    expect((await restore('session-1')).status).toBe(404);
    app.replace({ publisher: { publish } });
    expect(await keep()).toBe(1);
    expect(types().at(-1)).toBe(DELETED);
  });
});

describe('GET /api/trash', () => {
  const list = (query = '', as = 'ada-admin') => app.request('GET', `/api/trash${query}`, { as });

  it('lists what can be restored, in pages, first what is deleted for good first', async () => {
    const ids = [sessionId];
    for (const externalId of ['second', 'third']) {
      await storeEvents(app.resources, ada, [aSessionSynced({ externalId }, { owner: ada })]);
      ids.push(sessionIdOf(ada, externalId));
    }
    const until: number[] = [];
    for (const id of ids) {
      until.push((await remove(id)).body.restorableUntil);
      now += 1_000;
    }
    const first = await list('?limit=2');
    expect(first.body.sessions).toMatchObject([
      { id: ids[0], title: 'Herons', messageCount: 1, restorableUntil: until[0] },
      { id: ids[1], restorableUntil: until[1] },
    ]);
    const rest = await list(`?limit=2&cursor=${first.body.cursor}`);
    expect(rest.body).toMatchObject({ sessions: [{ id: ids[2], restorableUntil: until[2] }], cursor: null });
    await restore(ids[1]!);
    expect((await list()).body.sessions.map(({ id }: { id: string }) => id)).toEqual([ids[0], ids[2]]);
    expect((await list('', 'bob-admin')).body.sessions).toEqual([]);
  });

  it('leaves out what cannot be restored any more', async () => {
    await remove(sessionId);
    now += UNDO_MS;
    expect((await list()).body).toEqual({ sessions: [], cursor: null });
    now -= 1;
    expect((await list()).body.sessions).toHaveLength(1);
    await remove(sessionId, '?permanent=true');
    expect((await list()).body.sessions).toEqual([]);
  });

  it.each(['?limit=51', '?cursor=x', '?unknown=1'])('rejects %s', async (query) => {
    expect((await list(query)).status).toBe(400);
  });
});

describe('a command with an Idempotency-Key that cannot be used', () => {
  it.each([
    ['DELETE', '/api/sessions/session-1', undefined],
    ['PATCH', '/api/sessions/session-1', { title: 'x' }],
    ['POST', '/api/sessions/session-1/restore', undefined],
    ['POST', '/api/sessions/bulk', { command: 'delete', ids: ['session-1'] }],
  ] as const)('%s %s is rejected, and changes nothing', async (method, path, body) => {
    for (const key of ['', 'two words', 'é', 'k'.repeat(256)]) {
      const headers = { 'idempotency-key': key };
      const answer = await app.request(method, path, { as: 'ada-admin', headers, ...(body && { body }) });
      expect({ key, status: answer.status, details: answer.body.error?.details }).toEqual({
        key,
        status: 400,
        details: [{ path: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' }],
      });
    }
    expect(log.stored).toEqual([]);
  });

  it('is accepted if it can, and the repetition gets the same position', async () => {
    const options = { as: 'ada-admin', headers: { 'idempotency-key': 'a-key' } };
    const [first, second] = [
      await app.request('DELETE', '/api/sessions/session-1', options),
      await app.request('DELETE', '/api/sessions/session-1', options),
    ];
    expect(second.headers['osk-sequence']).toBe(first.headers['osk-sequence']);
  });
});
