import type { AccessQuery, LoggedRequest } from '@opensync/event-log/access';
import { OWNERS, positionOf, startQueryApp, type QueryApp } from '../testing/query-app.ts';

const { workspaceId, userId } = OWNERS.ada!;
let app: QueryApp;
let asked: AccessQuery;

beforeAll(async () => {
  app = await startQueryApp();
});
beforeEach(() => {
  app.replace({
    accessLog: {
      read: async (query) => {
        asked = query;
        const entries = [logged('new', { status: 404, sequence: 12 }), logged('old', { method: 'POST' })];
        return { entries: entries.filter(query.matches), next: { sequence: 77, index: 3 } };
      },
    },
  });
});
afterAll(() => app[Symbol.asyncDispose]());

function logged(requestId: string, fields: Partial<LoggedRequest>): LoggedRequest {
  return {
    ...{ requestId, userId, at: 1_000, method: 'GET', route: '/api/sessions/:id', status: 200, durationMs: 2.5 },
    ...{ keyId: 'key_1', place: { sequence: 80, index: 0 } },
    ...fields,
  };
}

const list = (query = '', as = 'ada-read') => app.request('GET', `/api/logs${query}`, { as });
const idsOf = async (query: string) => (await list(query)).body.logs.map(({ id }: { id: string }) => id);

describe('GET /api/logs', () => {
  it('shows the requests with the names of the original, and what is ours', async () => {
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body.logs[0]).toEqual({
      ...{ id: 'new', requestId: 'new', userId, method: 'GET', endpoint: '/api/sessions/:id', statusCode: 404 },
      ...{ responseTimeMs: 2.5, createdAt: 1_000, keyId: 'key_1', keyHint: null, sequence: positionOf(12) },
      target: null,
    });
  });

  it('shows what an operator asked for, and the number of an event only as a position', async () => {
    const session = { ...OWNERS.cid!, kind: 'session', id: 'ses_1' };
    const targets = [session, { kind: 'event', id: '77' }, { kind: 'members' }];
    const entries = targets.map((target, at) => logged(`request ${at}`, { target }));
    app.replace({ accessLog: { read: async () => ({ entries, next: undefined }) } });
    const nobody = { workspaceId: null, userId: null };
    expect((await list()).body.logs.map(({ target }: { target: object }) => target)).toEqual([
      session,
      { ...nobody, kind: 'event', id: positionOf(77) },
      { ...nobody, kind: 'members', id: null },
    ]);
  });

  it('continues at the cursor of the previous page', async () => {
    const { body } = await list('?limit=2');
    expect(asked).toMatchObject({ limit: 2 });
    await list(`?cursor=${body.cursor}`);
    expect(asked.before).toEqual({ sequence: 77, index: 3 });
  });

  it.each([
    ['?endpoint=/api/sessions/:id', ['new', 'old']],
    ['?endpoint=/search', []],
    ['?requestId=old', ['old']],
    ['?requestId=none', []],
    ['?method=post', ['old']],
    ['?status=404', ['new']],
    ['?status=4xx', ['new']],
    ['?status=2xx', ['old']],
    ['?keyId=key_1', ['new', 'old']],
    ['?keyId=key_2', []],
  ])('filters by %s', async (query, ids) => {
    expect(await idsOf(query)).toEqual(ids);
  });

  it('passes the limits of time on', async () => {
    await list('?from=5&to=1970-01-01T00:00:01Z');
    expect(asked).toMatchObject({ from: 5, to: 1_000 });
  });

  it.each(['?status=40', '?status=abc', '?limit=0', '?limit=201', '?cursor=x', '?cursor=pos_x.1', '?from=x', '?q=x'])(
    'rejects %s and names the place',
    async (query) => {
      const { status, body } = await list(query);
      const name = /\?(\w+)/.exec(query)![1];
      expect({ status, at: body.error.details[0].path }).toEqual({ status: 400, at: name });
    },
  );

  it('shows members their own requests alone', async () => {
    await list();
    expect(asked).toMatchObject({ workspaceId, userId });
    expect((await list(`?user=${userId}`)).status).toBe(200);
    expect((await list(`?user=${OWNERS.bob!.userId}`)).status).toBe(403);
    // An admin key of somebody who is only a member.
    expect((await list(`?user=${OWNERS.bob!.userId}`, 'ada-admin')).status).toBe(403);
    expect((await list('', 'ada-ingest')).status).toBe(403);
  });

  it('shows admins the requests of their workspace, with an admin key', async () => {
    await using admin = await startQueryApp({ role: 'admin' });
    admin.replace({ accessLog: { read: async (query) => ((asked = query), { entries: [], next: undefined }) } });
    await admin.request('GET', '/api/logs', { as: 'ada-admin' });
    expect(asked).toMatchObject({ workspaceId, userId: undefined });
    await admin.request('GET', `/api/logs?user=${OWNERS.bob!.userId}`, { as: 'ada-admin' });
    expect(asked).toMatchObject({ workspaceId, userId: OWNERS.bob!.userId });
    // A plugin's key shows no more than its member's own requests.
    await admin.request('GET', '/api/logs', { as: 'ada-read' });
    expect(asked).toMatchObject({ workspaceId, userId });
  });
});
