import { aSessionCurated, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { positionOf } from '../testing/query-app.ts';

const { ada, bob, cid } = OWNERS as Record<'ada' | 'bob' | 'cid', (typeof OWNERS)[string]>;
const MIDNIGHT = Date.parse('2026-10-25T00:00:00Z');
const HOUR = 3_600_000;

describe('GET /api/analytics', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    const store = (owner: typeof ada, first: number, events: Parameters<typeof storeEvents>[2]) =>
      storeEvents({ documents: app.resources.documents }, owner, events, { first });
    const session = (owner: typeof ada, externalId: string, createdAt: number, data: object) =>
      aSessionSynced({ externalId, createdAt, ...data }, { owner });
    await store(ada, 1, [
      session(ada, 'before', MIDNIGHT - 1, { model: 'opus', source: 'codex', promptTokens: 1, cost: 0.5 }),
      // 00:30 UTC and 01:30 UTC are both half past two in Berlin on this day.
      session(ada, 'first', MIDNIGHT + HOUR / 2, { model: 'opus', projectName: 'api', promptTokens: 10 }),
      session(ada, 'second', MIDNIGHT + 1.5 * HOUR, { model: '__proto__', promptTokens: 100, durationMs: 90_000 }),
    ]);
    const shared = (owner: typeof ada, externalId: string, tokens: number) => [
      session(owner, externalId, MIDNIGHT + 30 * HOUR, { model: 'opus', promptTokens: tokens }),
      aSessionCurated({ externalId, visibility: 'workspace' }, { owner }),
    ];
    await store(ada, 10, shared(ada, 'own shared', 1000));
    await store(bob, 20, shared(bob, 'shared', 10_000));
    await store(bob, 30, [session(bob, 'private', MIDNIGHT, { model: 'opus', promptTokens: 100_000 })]);
    await store(cid, 40, shared(cid, 'elsewhere', 1_000_000));
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const get = async (query: string, as = 'ada') => (await app.request('GET', `/api/analytics?${query}`, { as })).body;
  const tokensByKey = (body: { groups: { key: string | null; promptTokens: number }[] }) =>
    body.groups.filter(({ promptTokens }) => promptTokens > 0).map(({ key, promptTokens }) => [key, promptTokens]);

  it('counts own sessions and shared ones, each once', async () => {
    expect((await get('groupBy=model')).totals).toMatchObject({ sessions: 5, promptTokens: 11_111 });
    expect((await get('groupBy=model', 'bob')).totals).toMatchObject({ sessions: 3, promptTokens: 111_000 });
    expect((await get('groupBy=model', 'cid')).totals).toMatchObject({ sessions: 1, promptTokens: 1_000_000 });
  });

  it('groups by name, the largest first', async () => {
    expect(tokensByKey(await get('groupBy=model'))).toEqual([
      ['opus', 11_011],
      ['__proto__', 100],
    ]);
    expect(tokensByKey(await get('groupBy=source'))).toEqual([
      ['opencode', 11_110],
      ['codex', 1],
    ]);
    expect(tokensByKey(await get('groupBy=project'))).toEqual([
      [null, 11_101],
      ['api', 10],
    ]);
    expect(tokensByKey(await get('groupBy=provider'))).toEqual([[null, 11_111]]);
    expect((await get('groupBy=tool')).groups).toEqual([]);
    expect(tokensByKey(await get('groupBy=user'))).toEqual([
      [bob.userId, 10_000],
      [ada.userId, 1111],
    ]);
  });

  it('groups by the days of a time zone, without gaps, across a change of the clock', async () => {
    const days = 'groupBy=day&from=2026-10-24&to=2026-10-28';
    expect(tokensByKey(await get(days))).toEqual([
      ['2026-10-24', 1],
      ['2026-10-25', 110],
      ['2026-10-26', 11_000],
    ]);
    expect((await get(days)).groups.map(({ key }: { key: string }) => key)).toEqual([
      ...['2026-10-24', '2026-10-25', '2026-10-26', '2026-10-27'],
    ]);
    expect(tokensByKey(await get(`${days}&tz=Europe/Berlin`))).toEqual([
      ['2026-10-25', 111],
      ['2026-10-26', 11_000],
    ]);
    expect(tokensByKey(await get(`${days}&tz=America/Los_Angeles`))).toEqual([
      ['2026-10-24', 111],
      ['2026-10-25', 11_000],
    ]);
  });

  it('groups by the hour of the week', async () => {
    const body = await get('groupBy=hour&from=2026-10-24&to=2026-10-28&tz=Europe/Berlin');
    expect(body.groups).toHaveLength(168);
    expect(tokensByKey(body)).toEqual([
      ['1-07', 11_000],
      // Twice on this day.
      ['7-01', 1],
      ['7-02', 110],
    ]);
  });

  it('counts only what is within the range, to a quarter of an hour', async () => {
    const range = (from: string, to: string) => get(`groupBy=model&from=${from}&to=${to}`);
    expect((await range('2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z')).totals.promptTokens).toBe(10);
    expect((await range('2026-10-25T00:31:00Z', '2026-10-25T01:31:00Z')).totals.promptTokens).toBe(110);
    expect((await range('2026-10-25', '2026-10-26')).totals.promptTokens).toBe(110);
    expect((await range('2026-01-01', '2026-11-01')).totals.promptTokens).toBe(11_111);
    expect(tokensByKey(await get('groupBy=user&from=2026-10-25&to=2026-10-26'))).toEqual([[ada.userId, 110]]);
  });

  it('says what is known of a cost, and how long sessions are', async () => {
    const { totals, lengths, prices } = await get('groupBy=model');
    expect(prices).toBeNull();
    expect(totals.cost).toMatchObject({ usd: 0.5, status: 'reported', complete: true });
    expect(lengths.durationMs[1]).toEqual({ upTo: 300_000, sessions: 1 });
    expect(lengths.messages[0]).toEqual({ upTo: 2, sessions: 5 });
  });

  it('gives a session in lists and on its page the same cost as the totals', async () => {
    const { body } = await app.request('GET', '/api/sessions');
    const costs = (body.sessions as { costs: { usd: number; status: string } }[]).map(({ costs }) => costs);
    expect(costs.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(0.5);
    expect(new Set(costs.map(({ status }) => status))).toEqual(new Set(['reported', 'none']));
    const [first] = body.sessions;
    expect((await app.request('GET', `/api/sessions/${first.id}`)).body.costs).toEqual(first.costs);
  });

  it('ends with today if nothing else is asked for', async () => {
    const { groups, from, to } = await get('');
    expect(groups).toHaveLength(30);
    expect(to - from).toBe(30 * 24 * HOUR);
    expect(to).toBeGreaterThan(Date.now());
  });

  it('waits for the figures of a write, and says if they are missing', async () => {
    const documents = app.resources.documents;
    const state = [...(await documents.sessions(ada, { limit: 1, sort: 'createdAt', order: 'asc' }))][0]!;
    const stored = (await documents.load(ada, { sessions: [state.id] })).sessions.get(state.id)!;
    await documents.save({ sessions: [stored], messages: [], parts: [] });
    const ask = () => app.request('GET', '/api/stats', { headers: { 'Osk-Wait-Sequence': positionOf(1) } });
    expect((await ask()).headers['osk-stale']).toBe('true');
    await documents.settleContributions(await documents.dueFigures({ limit: 10 }));
    expect((await ask()).headers['osk-stale']).toBeUndefined();
  });
});
