import { DailyUse } from '@opensync/platform/http';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';

describe('GET /api/usage', () => {
  let app: QueryApp;
  const now = Date.parse('2026-11-30T15:00Z');
  const use = new DailyUse(() => now);
  beforeAll(async () => {
    app = await startQueryApp({ role: 'analyst' });
    app.replace({
      limits: { use, perDay: { requests: 1000, events: 0, bytes: 5000 }, perMinute: { ingest: 120, read: 0 } },
    });
  });
  afterAll(async () => app[Symbol.asyncDispose]());

  it('says what the workspace of the caller has used on this day of UTC, and what it may', async () => {
    use.of(OWNERS.ada!.workspaceId).add('requests', 3);
    use.of(OWNERS.ada!.workspaceId).add('bytes', 6000);
    const { status, body } = await app.request('GET', '/api/usage');
    expect(status).toBe(200);
    expect(body).toEqual({
      day: '2026-11-30',
      resetsAt: Date.parse('2026-12-01T00:00Z'),
      today: {
        requests: { used: 3, limit: 1000 },
        events: { used: 0, limit: null },
        bytes: { used: 6000, limit: 5000 },
      },
      requestsPerMinute: { ingest: 120, read: null },
    });
  });

  it('says nothing of another workspace, and nothing to a key without the scope', async () => {
    const { body } = await app.request('GET', '/api/usage', { as: 'cid' });
    expect(body).toMatchObject({ today: { requests: { used: 0 }, bytes: { used: 0 } } });
    expect((await app.request('GET', '/api/usage', { as: 'ada-ingest' })).status).toBe(403);
    expect((await app.request('GET', '/api/usage', { as: 'nobody' })).status).toBe(401);
    expect((await app.request('GET', '/api/usage?workspace=wsp_1')).status).toBe(400);
  });
});
