import { messageIdOf, sessionIdOf, type NewEvent } from '@opensync/contracts';
import { aMessageSynced, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const SESSION = sessionIdOf(owner, 's1');
const idOf = (externalId: string) => messageIdOf(SESSION, externalId);

function message(externalId: string, data: Parameters<typeof aMessageSynced>[0], ...parts: object[]): NewEvent[] {
  const synced = { sessionExternalId: 's1', externalId, ...data };
  return [
    aMessageSynced({ ...synced, ...(parts.length > 0 && { partCount: parts.length }) }, { owner }),
    ...parts.map((part, order) =>
      aPartSynced({ sessionId: SESSION, messageId: idOf(externalId), order, ...part }, { owner }),
    ),
  ];
}
const call = (toolName: string, more: object = {}) => ({
  type: 'tool-call',
  content: { toolName, args: { a: 1 }, ...more },
});
const result = (more: object = {}) => ({ type: 'tool-result', content: { result: 'done', ...more } });

describe('GET /api/sessions/:id/outline', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    await storeEvents(app.resources, owner, [
      aSessionSynced({ externalId: 's1' }, { owner }),
      aSessionSynced({ externalId: 'empty' }, { owner }),
      ...message('m1', { role: 'user', createdAt: 100, textContent: 'Why\ndoes it fail?', promptTokens: 9 }),
      ...message(
        'm2',
        { role: 'assistant', createdAt: 200 },
        { type: 'text', content: 'Look' },
        call('Bash'),
        call('Read'),
        call('Bash'),
      ),
      ...message(
        'm3',
        { role: 'user', createdAt: 300 },
        { type: 'tool-result', content: { result: 'no', is_error: true } },
      ),
      ...message('m4', { role: 'assistant', createdAt: 400 }, { type: 'reasoning', content: 'a\nb\nc' }),
      ...message('m5', { role: 'assistant', createdAt: 500 }),
      ...message(
        'm6',
        { role: 'assistant', createdAt: 600 },
        { type: 'text', content: '' },
        { type: 'novelty', content: {} },
      ),
    ]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('has a column for each property, in the order of the session', async () => {
    const { status, body } = await app.request('GET', `/api/sessions/${SESSION}/outline`);
    expect(status).toBe(200);
    const { columns, roles, kinds, tools, ...others } = body;
    expect(others).toEqual({ sessionId: SESSION, cursor: null });
    expect(columns.id).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6'].map(idOf));
    expect(columns.role.map((at: number) => roles[at])).toEqual([
      'user',
      'assistant',
      'user',
      ...Array(3).fill('assistant'),
    ]);
    expect(columns.kind.map((at: number) => kinds[at])).toEqual([
      'prompt',
      'text',
      'tool-result',
      'reasoning',
      'empty',
      'other',
    ]);
    expect(columns.tools.map((used: number[]) => used.map((at) => tools[at]))).toEqual([
      [],
      ['Bash', 'Read'],
      [],
      [],
      [],
      [],
    ]);
    expect(columns.error).toEqual([0, 0, 1, 0, 0, 0]);
    expect(columns.tokens).toEqual([9, 0, 0, 0, 0, 0]);
    expect(columns.createdAt).toEqual([100, 200, 300, 400, 500, 600]);
    expect(columns.height).toEqual([2, 7, 2, 3, 0, 0]);
    const page = (await app.request('GET', '/api/sessions/s1')).body;
    expect(columns.position).toEqual(page.messages.map(({ position }: { position: string }) => position));
  });

  it('comes in pages', async () => {
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await app.request('GET', `/api/sessions/s1/outline?limit=4&cursor=${cursor}`);
      ids.push(...body.columns.id);
      cursor = body.cursor;
      if (cursor === null) break;
    }
    expect(ids).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6'].map(idOf));
    expect((await app.request('GET', '/api/sessions/empty/outline')).body.columns.id).toEqual([]);
  });

  it('is an owner’s own', async () => {
    for (const as of ['bob', 'cid']) {
      expect(await app.request('GET', `/api/sessions/${SESSION}/outline`, { as })).toMatchObject({ status: 404 });
    }
    expect(await app.request('GET', `/api/sessions/${SESSION}/outline`, { as: 'ada-ingest' })).toMatchObject({
      status: 403,
    });
  });

  it('ends before it is too large, and reads no body', async () => {
    await using other = await startQueryApp();
    const name = (n: number) => `${n}`.padEnd(128, 'x');
    const of = (n: number) =>
      aMessageSynced({ sessionExternalId: 's1', externalId: `m${n}`, createdAt: n, partCount: 30 }, { owner });
    const calls = (n: number) =>
      Array.from({ length: 30 }, (_, order) => {
        const ids = { sessionId: SESSION, messageId: idOf(`m${n}`), order };
        return aPartSynced({ ...ids, ...call(name(30 * n + order)) }, { owner });
      });
    const events = Array.from({ length: 800 }, (_, n) => [of(n), ...calls(n)]).flat();
    await storeEvents({ documents: other.resources.documents }, owner, [
      aSessionSynced({ externalId: 's1' }, { owner }),
      ...events,
    ]);
    other.replace({
      documents: { ...other.resources.documents, wholeMessages: () => Promise.reject(new Error('read a body')) },
    });
    let pages = 0;
    const seen: number[] = [];
    for (let cursor = ''; cursor !== null; pages++) {
      const { text, body } = await other.request('GET', `/api/sessions/s1/outline?cursor=${cursor}`);
      expect(text.length).toBeLessThan(4 * 1024 * 1024);
      seen.push(...body.columns.createdAt);
      cursor = body.cursor;
    }
    expect(pages).toBeGreaterThan(1);
    expect(seen).toEqual(Array.from({ length: 800 }, (_, n) => n));
  });
});

describe('the tool calls of a page', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    await storeEvents(app.resources, owner, [
      aSessionSynced({ externalId: 's1' }, { owner }),
      ...message(
        'own',
        { createdAt: 100 },
        call('Edit', { result: 'ok', durationMs: 12 }),
        call('Edit', { error: 'locked' }),
      ),
      ...message(
        'same',
        { createdAt: 200 },
        call('A'),
        call('B'),
        { type: 'text', content: 'x' },
        result(),
        result({ is_error: true }),
        call('C'),
      ),
      ...message(
        'ids',
        { createdAt: 300 },
        call('D', { toolCallId: 'd' }),
        call('E', { id: 'e' }),
        call('F', { id: 'f' }),
      ),
      ...message('late', { createdAt: 900 }, result({ tool_use_id: 'e', is_error: true }), result({ toolCallId: 'd' })),
      ...message('following', { createdAt: 400 }, call('G'), call('H')),
      ...message('after', { createdAt: 500 }, result(), call('I')),
      ...message(
        'repeated',
        { createdAt: 600 },
        call('D', { toolCallId: 'd' }),
        result({ toolCallId: 'd', duration_ms: 3 }),
      ),
    ]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each([1, 2, 3, 1_000])(
    'are joined with their results, wherever those are, %i messages at a time',
    async (limit) => {
      const found: unknown[] = [];
      const ids = new Map<string, string>();
      for (let cursor = ''; cursor !== null;) {
        const { body } = await app.request('GET', `/api/sessions/s1?messageLimit=${limit}&messageCursor=${cursor}`);
        for (const { externalId, position, parts } of body.messages) {
          ids.set(position, externalId);
          for (const part of parts) {
            if (part.type !== 'tool-call') expect(part).not.toHaveProperty('result');
            else found.push([externalId, part.content.toolName, part.result]);
          }
        }
        cursor = body.messageCursor;
      }
      const at = (externalId: string, order: number, more = {}) => ({
        messageId: idOf(externalId),
        position: [...ids].find(([, id]) => id === externalId)![0],
        partId: expect.stringMatching(/^prt_/),
        isError: false,
        ...more,
      });
      expect(found).toEqual([
        ['own', 'Edit', at('own', 0, { durationMs: 12 })],
        ['own', 'Edit', at('own', 1, { isError: true })],
        ['same', 'A', at('same', 3)],
        ['same', 'B', at('same', 4, { isError: true })],
        ['same', 'C', null],
        ['ids', 'D', at('repeated', 1, { durationMs: 3 })],
        ['ids', 'E', at('late', 0, { isError: true })],
        ['ids', 'F', null],
        ['following', 'G', at('after', 0)],
        ['following', 'H', null],
        ['after', 'I', null],
        ['repeated', 'D', at('repeated', 1, { durationMs: 3 })],
      ]);
    },
  );

  it('name the part that has the result', async () => {
    const { body } = await app.request('GET', '/api/sessions/s1');
    const parts = new Map<string, { content: { result?: unknown; tool_use_id?: string } }>();
    for (const one of body.messages) for (const part of one.parts) parts.set(part.id, part);
    const ofE = body.messages[2].parts[1].result;
    expect(parts.get(ofE.partId)!.content).toMatchObject({ tool_use_id: 'e' });
    expect(parts.get(body.messages[0].parts[0].result.partId)).toBe(body.messages[0].parts[0]);
  });
});
