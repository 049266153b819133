import { evolveSession, sessionIdOf, type NewEvent } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { aSessionDeleted, aSessionSynced } from '@opensync/testkit';
import { OWNERS, positionOf, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const ada = OWNERS.ada!;
const sessionId = sessionIdOf(ada, 'session-1');
let app: QueryApp;
let published: NewEvent[];

beforeEach(async () => {
  app = await startQueryApp();
  published = [];
  app.replace({
    publisher: {
      publish: async (events) => {
        published.push(...events);
        return events.map((_, at) => 40 + at);
      },
    },
  });
  await storeEvents(app.resources, ada, [aSessionSynced({ title: 'Herons' }, { owner: ada })]);
});
afterEach(() => app[Symbol.asyncDispose]());

const remove = (id: string, as = 'ada-admin') =>
  app.request('DELETE', `/api/sessions/${encodeURIComponent(id)}`, { as });

describe('DELETE /api/sessions/:id', () => {
  it.each(['session-1', sessionId])('stores the deletion of %s and returns its position', async (id) => {
    const { status, body, headers } = await remove(id);
    expect({ status, body }).toEqual({ status: 200, body: { ok: true, sessionId, deleted: true } });
    expect(headers['osk-sequence']).toBe(positionOf(40));
    expect(published).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        type: 'dev.opensync.session.deleted.v1',
        owner: ada,
        time: expect.any(Number),
        data: { sessionId, externalId: 'session-1' },
      },
    ]);
  });

  it('stores a repetition as well: events sent since need not be in the documents yet', async () => {
    const { sessions } = await app.resources.documents.load(ada, { sessions: [sessionId] });
    const { revision, ...session } = sessions.get(sessionId)!;
    const gone = evolveSession(session, { ...aSessionDeleted('session-1', { owner: ada }), sequence: 30 })!;
    await app.resources.documents.save({ sessions: [{ ...gone, revision }], messages: [], parts: [] });
    for (const id of ['session-1', sessionId]) {
      const { status, body, headers } = await remove(id);
      expect({ status, body }).toEqual({ status: 200, body: { ok: true, sessionId, deleted: true } });
      expect(headers['osk-sequence']).toBe(positionOf(40));
    }
    const deletion = { type: 'dev.opensync.session.deleted.v1', data: { sessionId, externalId: 'session-1' } };
    expect(published).toMatchObject([deletion, deletion]);
    expect((await app.request('GET', `/api/sessions/${sessionId}`)).status).toBe(404);
    expect((await app.request('GET', '/api/sessions')).body.sessions).toEqual([]);
  });

  it.each(['unknown', 'ses_unknown', '🐦'])('finds no session %s', async (id) => {
    const { status, body } = await remove(id);
    expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('finds no session of another owner, by neither id', async () => {
    for (const id of ['session-1', sessionId]) expect((await remove(id, 'bob-admin')).status).toBe(404);
    expect(published).toEqual([]);
  });

  it.each(['ada', 'ada-ingest'])('is only for keys with the scope admin: %s may not', async (as) => {
    const { status, body } = await remove('session-1', as);
    expect([status, body.error.code]).toEqual([403, 'FORBIDDEN']);
    expect(published).toEqual([]);
  });

  it('reports that nothing is deleted if the log rejects it', async () => {
    app.replace({ publisher: { publish: () => Promise.reject(new AppError('UNAVAILABLE', 'the log is away')) } });
    const { status, headers } = await remove('session-1');
    expect(status).toBe(503);
    expect(headers['retry-after']).toBeDefined();
  });
});
