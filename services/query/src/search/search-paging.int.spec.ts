import { messageIdOf, sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const vectorOf = (text: string) => {
  const angle = (Number(/\d+/.exec(text)?.[0] ?? 0) % 97) / 97;
  return Float32Array.of(Math.cos(angle), Math.sin(angle));
};

describe('pages of a search', () => {
  let app: QueryApp;
  let sequence = 1;
  beforeAll(async () => {
    app = await startQueryApp();
    app.replace({ embeddings: { embed: async (texts) => texts.map(vectorOf) } });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  /**
   * Sessions of a project with messages, two each by default; a higher number has the word more often. Each test searches a
   * project of its own: opening stores for each takes longer than all of its searches.
   */
  async function write(project: string, numbers: number[], messages = 2): Promise<void> {
    const events = numbers.flatMap((n) => [
      aSessionSynced({ externalId: `${project}-${n}`, title: `Session ${n}`, projectName: project }, { owner }),
      ...Array.from({ length: messages }, (_, m) => {
        const textContent = `${'needle '.repeat(1 + (n % 7))} in stack ${n} of ${m + 1}`;
        const externalId = `m${m + 1}`;
        return aMessageSynced({ sessionExternalId: `${project}-${n}`, externalId, textContent }, { owner });
      }),
    ]);
    await storeEvents(app.resources, owner, events, { vectorOf, first: sequence });
    sequence += events.length;
  }
  const idsOf = (project: string, numbers: number[], level: string) =>
    numbers.flatMap((n) => {
      const session = sessionIdOf(owner, `${project}-${n}`);
      return level === 'session' ? [session] : ['m1', 'm2'].map((m) => messageIdOf(session, m));
    });
  const search = async (body: object) => (await app.request('POST', '/search', { body })).body;

  const SEARCHES = ['fulltext', 'semantic', 'hybrid'].flatMap((type) => [
    { type, level: 'session' },
    { type, level: 'message' },
  ]);
  const EARLY = Array.from({ length: 23 }, (_, n) => n);

  it.each(SEARCHES)('show each hit once while data arrives: $type by $level', async ({ type, level }) => {
    const project = `${type} by ${level}`;
    await write(project, EARLY);
    const seen: string[] = [];
    let cursor: string | null = null;
    let late = 100;
    do {
      const page: { results: { sessionId: string; messageId: string }[]; cursor: string | null } = await search({
        ...{ query: 'needle', type, level, limit: 5, filters: { project } },
        cursor,
      });
      expect(page.results.length).toBeLessThanOrEqual(5);
      seen.push(...page.results.map(({ sessionId, messageId }) => (level === 'session' ? sessionId : messageId)));
      cursor = page.cursor;
      // Better than what was shown, and changing how rare the word is.
      if (late < 106) await write(project, [late++]);
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(seen.length);
    const written = [...EARLY, ...Array.from({ length: late - 100 }, (_, n) => 100 + n)];
    expect(idsOf(project, EARLY, level).filter((id) => !seen.includes(id))).toEqual([]);
    expect(seen.filter((id) => !idsOf(project, written, level).includes(id))).toEqual([]);
  });

  it('belong to one search', async () => {
    const filters = { project: 'one' };
    await write('one', EARLY);
    const { cursor } = await search({ query: 'needle', limit: 5, filters });
    for (const other of [{ query: 'stack' }, { type: 'hybrid' }, { level: 'message' }, { filters: { tag: 'x' } }]) {
      const body = { query: 'needle', cursor, filters, ...other };
      const { status, body: answer } = await app.request('POST', '/search', { body });
      expect([status, answer.error.details[0].path]).toEqual([400, 'cursor']);
    }
    // The limit may change, and GET continues what POST began.
    const next = await app.request(
      'GET',
      `/api/search?q=needle&project=one&limit=50&cursor=${encodeURIComponent(cursor)}`,
    );
    expect([next.body.results.length, next.body.cursor]).toEqual([18, null]);
  });

  it('end with a plain error behind the 500th result', async () => {
    // Few sessions: each is saved with its figures.
    await write(
      'many',
      Array.from({ length: 10 }, (_, n) => n),
      52,
    );
    const filters = { project: 'many' };
    let cursor: string | null = null;
    let count = 0;
    for (let page = 0; page < 5; page++) {
      const answer: { results: unknown[]; cursor: string } = await search({
        ...{ query: 'needle', level: 'message', limit: 100, filters },
        cursor,
      });
      count += answer.results.length;
      cursor = answer.cursor;
    }
    expect([count, cursor!.length]).toEqual([500, 4_009]);
    const { status, body } = await app.request('POST', '/search', {
      body: { query: 'needle', level: 'message', filters, cursor },
    });
    expect([status, body.error.details]).toEqual([
      400,
      [{ path: 'cursor', message: 'is behind the last result: a search has at most 500; use more words or filters' }],
    ]);
  });
});
