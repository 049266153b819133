import { messageIdOf, sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const SESSION = sessionIdOf(owner, 's1');
const idOf = (externalId: string) => messageIdOf(SESSION, externalId);
const COUNT = 700;

describe('GET /api/sessions/:id/search', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    const message = (externalId: string, createdAt: number, textContent: string, sessionExternalId = 's1') =>
      aMessageSynced({ sessionExternalId, externalId, createdAt, textContent, role: 'user' }, { owner });
    await storeEvents(app.resources, owner, [
      aSessionSynced({ externalId: 's1', title: 'About herons' }, { owner }),
      aSessionSynced({ externalId: 's2' }, { owner }),
      message('late', 900, 'A heron & its nest'),
      message('early', 100, 'Where do herons nest?'),
      message('middle', 500, 'The heron has useNest in src/nest.ts'),
      message('none', 600, 'Bitterns'),
      message('elsewhere', 1, 'heron', 's2'),
      aSessionSynced({ externalId: 'long' }, { owner }),
      ...Array.from({ length: COUNT }, (_, n) => message(`n${n}`, COUNT - n, `needle ${n}`, 'long')),
    ]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const search = async (query: string, id = 's1') => {
    const { status, body } = await app.request('GET', `/api/sessions/${id}/search?${query}`);
    expect(status).toBe(200);
    return body;
  };
  const found = ({ results }: { results: { messageId: string }[] }) => results.map(({ messageId }) => messageId);

  it('finds messages in the order of the session, with their positions and highlights', async () => {
    const body = await search('q=heron');
    expect(body).toMatchObject({ sessionId: SESSION, count: 3, cursor: null });
    expect(found(body)).toEqual(['early', 'middle', 'late'].map(idOf));
    const { results } = body;
    expect(results[2]).toMatchObject({
      role: 'user',
      createdAt: 900,
      snippet: 'A <mark>heron</mark> &amp; its nest',
      snippetText: 'A heron & its nest',
      highlights: [{ start: 2, end: 7 }],
    });
    const page = (await app.request('GET', `/api/sessions/s1?around=${results[1].position}&messageLimit=1`)).body;
    expect(page.messages[0].externalId).toBe('middle');
  });

  it.each([
    ['heron nest', ['middle', 'late']],
    ['"its nest"', ['late']],
    ['nest -where', ['middle', 'late']],
    ['usenest', ['middle']],
    ['src/nest.ts', ['middle']],
    ['about', []],
    ['-heron', []],
  ])('understands %s', async (query, expected) => {
    expect(found(await search(`q=${encodeURIComponent(query)}`))).toEqual(expected.map(idOf));
  });

  it('says what it took as a negation', async () => {
    expect((await search('q=nest%20-heron')).excluded).toEqual(['heron']);
  });

  it.each([
    ['few matches', 's1', 'heron', 2, 3],
    ['many matches', 'long', 'needle', 200, COUNT],
  ])('comes in pages: %s', async (_name, session, word, limit, count) => {
    const times: number[] = [];
    for (let cursor = ''; cursor !== null;) {
      const body = await search(`q=${word}&limit=${limit}&cursor=${cursor}`, session);
      expect(body.count).toBe(count);
      expect(body.results.length).toBeLessThanOrEqual(limit);
      times.push(...body.results.map(({ createdAt }: { createdAt: number }) => createdAt));
      cursor = body.cursor;
    }
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(count);
  });

  it('is an owner’s own, and names an index that lacks documents', async () => {
    for (const as of ['bob', 'cid']) {
      expect((await app.request('GET', `/api/sessions/${SESSION}/search?q=heron`, { as })).status).toBe(404);
    }
    expect((await app.request('GET', `/api/sessions/${SESSION}/search?q=heron`, { as: 'ada-ingest' })).status).toBe(
      403,
    );
    app.replace({ partial: () => ['search'] });
    expect((await search('q=heron')).degraded).toEqual(['fulltext']);
    app.restore();
  });
});
