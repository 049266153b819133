import { aSessionCurated, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const { ada, bob, cid } = OWNERS as Record<'ada' | 'bob' | 'cid', (typeof OWNERS)[string]>;
const NOON = Date.parse('2026-10-25T12:00:00Z');
const DAY = 86_400_000;

describe.each(['member', 'analyst'] as const)('GET /api/wrapped for a caller with the role %s', (role) => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp({ role });
    app.replace({ now: () => NOON + DAY });
    const store = (owner: typeof ada, first: number, events: Parameters<typeof storeEvents>[2]) =>
      storeEvents({ documents: app.resources.documents }, owner, events, { first });
    const session = (owner: typeof ada, externalId: string, promptTokens: number, createdAt = NOON) => [
      aSessionSynced({ externalId, createdAt, promptTokens, model: 'opus', cost: 0.25, title: 'Secret' }, { owner }),
    ];
    const shared = (owner: typeof ada, externalId: string, tokens: number) => [
      ...session(owner, externalId, tokens),
      aSessionCurated({ externalId, visibility: 'workspace' }, { owner }),
    ];
    await store(ada, 1, session(ada, 'private', 1));
    // Before midnight in New York, after it in Berlin.
    await store(ada, 5, session(ada, 'late', 10, Date.parse('2026-10-26T02:00:00Z')));
    await store(ada, 10, shared(ada, 'own shared', 100));
    await store(bob, 20, [...session(bob, 'private', 1000)]);
    await store(bob, 30, shared(bob, 'shared', 10_000));
    await store(cid, 40, shared(cid, 'elsewhere', 100_000));
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const get = async (path: string, as = 'ada') => (await app.request('GET', `/api/wrapped${path}`, { as })).body;

  it('sums up the own sessions of a day, or what the workspace shares', async () => {
    expect((await get('/2026-10-25')).totals).toMatchObject({ sessions: 2, promptTokens: 101 });
    expect((await get('/2026-10-25', 'bob')).totals).toMatchObject({ sessions: 2, promptTokens: 11_000 });
    expect((await get('/2026-10-25?of=workspace')).totals).toMatchObject({ sessions: 2, promptTokens: 10_100 });
    expect((await get('/2026-10-25?of=workspace', 'cid')).totals).toMatchObject({ sessions: 1, promptTokens: 100_000 });
  });

  it('takes the days of the configured time zone, or of another one', async () => {
    expect(await get('/2026-10-26')).toMatchObject({ tz: 'Europe/Berlin', totals: { promptTokens: 10 } });
    expect(await get('/2026-10-25?tz=America/New_York')).toMatchObject({ totals: { promptTokens: 111 } });
  });

  it('has weeks, months and years as well', async () => {
    for (const date of ['2026-W43', '2026-10', '2026']) {
      const body = await get(`/${date}`);
      expect(body).toMatchObject({ date, totals: { promptTokens: date === '2026-W43' ? 101 : 111 } });
    }
  });

  it('lists the last days', async () => {
    const { days, tz } = await get('?limit=3');
    expect(tz).toBe('Europe/Berlin');
    expect(days.map(({ date, sessions }: { date: string; sessions: number }) => [date, sessions])).toEqual([
      ['2026-10-26', 1],
      ['2026-10-25', 2],
      ['2026-10-24', 0],
    ]);
  });

  it('answers in Markdown, which no cache shares', async () => {
    const { headers, text } = await app.request('GET', '/api/wrapped/2026-10-25.md');
    expect(headers['content-type']).toBe('text/markdown; charset=utf-8');
    expect(headers['cache-control']).toBe('private, no-cache');
    expect(text).toContain('2 sessions, 0 messages, 101 tokens, $0.50 (reported).');
    expect(text).not.toContain('Secret');
  });

  it('draws a picture, which a client that has it does not load again', async () => {
    const path = '/api/wrapped/2026-10-25.png?size=1200x630&theme=light';
    const { status, headers, bytes } = await app.get(path);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'image/png',
      'private, no-cache',
    ]);
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1200, 630]);
    const etag = headers.etag as string;
    const again = await app.get(path, { 'if-none-match': etag });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
    const others = [
      path.replace('light', 'dark'),
      path.replace('-25', '-26'),
      `${path}&design=poster`,
      `${path}&of=workspace`,
    ];
    for (const other of others) {
      expect((await app.get(other, { 'if-none-match': etag })).status).toBe(200);
    }
    expect((await app.get(path, {}, 'GET', 'bob')).headers.etag).not.toBe(etag);
  });

  it('keeps what it has drawn for other processes, by owner, and draws it if they do not have it', async () => {
    const path = '/api/wrapped/2026-10-25.png?size=1200x630&design=rings';
    const put: unknown[][] = [];
    const kept = { get: async () => undefined, put: async (...picture: unknown[]) => void put.push(picture) };
    app.replace({ pictures: kept });
    const drawn = await app.get(path);
    const hash = (drawn.headers.etag as string).slice(1, -1);
    expect(put).toEqual([[expect.objectContaining(ada), hash, drawn.bytes]]);
    // This process still has it.
    expect((await app.get(path)).bytes).toEqual(drawn.bytes);
    expect(put).toHaveLength(1);

    const asked: unknown[][] = [];
    const found = Buffer.from('drawn by another process');
    app.replace({ pictures: { ...kept, get: async (...name) => (asked.push(name), found) } });
    const other = await app.get(`${path}&theme=light`);
    expect([other.status, other.headers['content-type'], other.bytes]).toEqual([200, 'image/png', found]);
    expect(asked).toEqual([[expect.objectContaining(ada), (other.headers.etag as string).slice(1, -1)]]);
    expect(put).toHaveLength(1);

    let failures = 0;
    const fails = () => Promise.reject(new Error(`no log ${++failures}`));
    app.replace({ pictures: { get: fails, put: async () => undefined } });
    // A log that does not answer is asked once in a while.
    for (const theme of ['light', 'dark']) {
      const without = await app.get(`${path}&of=workspace&theme=${theme}`);
      expect([without.status, without.bytes.subarray(1, 4).toString()]).toEqual([200, 'PNG']);
    }
    expect(failures).toBe(1);
    app.replace({ pictures: { get: fails, put: fails } });
    expect((await app.get(path.replace('-25', '-24'))).status).toBe(200);
  });

  it.each(['2026-13-01', 'today', '2026-10-25.txt', '2026-10-25.md.md', '.md'])('does not know %j', async (date) => {
    const { status, body } = await app.request('GET', `/api/wrapped/${date}`);
    expect([status, body.error.details]).toEqual([
      400,
      [
        {
          path: 'date',
          message: 'must be a day, week, month or year, such as 2026-11-29, 2026-W48, 2026-11 or 2026',
        },
      ],
    ]);
  });

  it('refuses days that have not begun', async () => {
    const { status, body } = await app.request('GET', '/api/wrapped/2026-10-27');
    expect([status, body.error.message]).toEqual([400, 'date has not begun yet']);
  });
});

it('GET /api/wrapped needs a key that reads', async () => {
  await using app = await startQueryApp();
  expect((await app.request('GET', '/api/wrapped/2026', { as: 'ada-ingest' })).status).toBe(403);
  expect((await app.request('GET', '/api/wrapped/2026', { as: 'nobody' })).status).toBe(401);
});
