import { positionOf, type Api } from './harness/api.ts';
import { startTarget, type Target } from './harness/target.ts';
import { searchable } from './harness/settled.ts';

describe('what plugins send is merged', () => {
  let target: Target;
  let api: Api;

  beforeAll(async () => {
    target = await startTarget();
    api = await target.api('ada@example.com');
  });
  afterAll(() => target?.stop());

  it('keeps the fields of a session that comes in pieces', async () => {
    await api.syncSession({ externalId: 'pieces', title: 'Made in pieces' });
    await api.syncSession({ externalId: 'pieces', promptTokens: 120, completionTokens: 30, cost: 0.02 });
    const last = await api.syncSession({
      externalId: 'pieces',
      model: 'opus',
      projectPath: '/src/loom',
      endReason: 'exit',
    });
    expect(await api.session('pieces', last)).toMatchObject({
      title: 'Made in pieces',
      promptTokens: 120,
      completionTokens: 30,
      totalTokens: 150,
      cost: 0.02,
      model: 'opus',
      projectPath: '/src/loom',
      endReason: 'exit',
    });
  });

  it('keeps both of two syncs that cross each other', async () => {
    const sequences = await Promise.all([
      api.syncSession({ externalId: 'crossing', title: 'Crossing' }),
      api.syncSession({ externalId: 'crossing', model: 'sonnet' }),
      api.syncSession({ externalId: 'crossing', promptTokens: 7 }),
    ]);
    const page = await api.session('crossing', sequences.join());
    expect(page).toMatchObject({ title: 'Crossing', model: 'sonnet', promptTokens: 7 });
  });

  it('keeps the text of a session searchable under its new title', async () => {
    await api.syncSession({ externalId: 'renamed', title: 'Provisional heading' });
    await searchable(
      api,
      await api.syncMessage({ sessionExternalId: 'renamed', externalId: 'm', role: 'user', textContent: 'marzipan' }),
    );
    await searchable(api, await api.syncSession({ externalId: 'renamed', title: 'Definitive heading' }));
    expect((await api.search('marzipan', 'fulltext')).results).toMatchObject([{ title: 'Definitive heading' }]);
    expect((await api.search('definitive marzipan', 'fulltext')).results).toHaveLength(1);
    expect((await api.search('provisional', 'fulltext')).results).toEqual([]);
  });

  it('replaces the parts of a message that is sent again with parts, and only then', async () => {
    const message = { sessionExternalId: 'parts', externalId: 'm', role: 'assistant' };
    const part = (content: string) => ({ type: 'text', content });
    await api.syncMessage({ ...message, parts: [part('one'), part('two'), part('three')] });
    const untouched = await api.syncMessage({ ...message, model: 'opus' });
    const before = (await api.session('parts', untouched)).messages[0]!;
    expect(before.parts.map(({ content }) => content)).toEqual(['one', 'two', 'three']);
    expect(before.model).toBe('opus');
    const replaced = await api.syncMessage({ ...message, parts: [part('uno')] });
    const after = (await api.session('parts', replaced)).messages;
    expect(after).toHaveLength(1);
    expect(after[0]!.parts.map(({ content }) => content)).toEqual(['uno']);
  });

  it('gives text as long as it was sent, and finds its last word', async () => {
    const textContent = `${'lorem ipsum dolor '.repeat(40_000)}terminus`;
    const sequence = await api.syncMessage({ sessionExternalId: 'long', externalId: 'm', role: 'user', textContent });
    const { messages } = await api.session('long', sequence);
    expect(messages[0]!.textContent).toBe(textContent);
    await searchable(api, sequence);
    expect((await api.search('terminus', 'fulltext')).results).toHaveLength(1);
  });

  describe('as opencode-sync-plugin sends it', () => {
    it('creates the session of a message that comes first, with opencode as the source', async () => {
      const sequence = await api.syncMessage({
        sessionExternalId: 'opencode-1',
        externalId: 'm-1',
        role: 'user',
        textContent: 'hello',
        createdAt: 1_760_000_000_000,
      });
      expect(await api.session('opencode-1', sequence)).toMatchObject({
        source: 'opencode',
        // Taken from the first prompt until a session says otherwise.
        title: 'hello',
        messageCount: 1,
        messages: [{ externalId: 'm-1', textContent: 'hello', createdAt: 1_760_000_000_000 }],
      });
    });

    it('lets zeros change nothing that is known', async () => {
      const session = { externalId: 'opencode-2', title: 'Zeros' };
      await api.syncSession({ ...session, promptTokens: 900, completionTokens: 80, cost: 0.5, durationMs: 1200 });
      const sequence = await api.syncSession({
        ...session,
        promptTokens: 0,
        completionTokens: 0,
        cost: 0,
        durationMs: 0,
      });
      expect(await api.session('opencode-2', sequence)).toMatchObject({
        promptTokens: 900,
        completionTokens: 80,
        totalTokens: 980,
        cost: 0.5,
        durationMs: 1200,
      });
    });

    it('sums the tokens of the messages if the session named none', async () => {
      const message = { sessionExternalId: 'opencode-3', role: 'assistant', textContent: 'x' };
      await api.syncMessage({ ...message, externalId: 'a', promptTokens: 10, completionTokens: 3, cost: 0.25 });
      const sequence = await api.syncMessage({
        ...message,
        externalId: 'b',
        promptTokens: 5,
        completionTokens: 2,
        cost: 0.5,
      });
      expect(await api.session('opencode-3', sequence)).toMatchObject({
        promptTokens: 15,
        completionTokens: 5,
        cost: 0.75,
      });
      const own = await api.syncSession({ externalId: 'opencode-3', promptTokens: 100 });
      expect(await api.session('opencode-3', own)).toMatchObject({ promptTokens: 100, completionTokens: 5 });
    });

    it('lists what it has synced by its own ids', async () => {
      const sequence = await api.syncSession({ externalId: 'opencode-4' });
      await api.session('opencode-4', sequence);
      const { sessionIds } = await api.get<{ sessionIds: string[] }>('/sync/sessions/list');
      expect(sessionIds).toContain('opencode-4');
    });
  });

  it('keeps the parts of a batch, as droid-sync sends it', async () => {
    const { status, body, headers } = await api.request('/sync/batch', {
      json: {
        sessions: [],
        messages: [
          {
            sessionExternalId: 'droid-1',
            externalId: 'm-1',
            source: 'factory-droid',
            role: 'user',
            textContent: 'list files',
          },
          {
            sessionExternalId: 'droid-1',
            externalId: 'm-2',
            source: 'factory-droid',
            role: 'assistant',
            parts: [{ type: 'tool_use', content: { toolName: 'LS', args: { path: '.' }, result: 'loom.ts' } }],
          },
        ],
      },
    });
    expect({ status, body }).toMatchObject({ status: 200, body: { ok: true, sessions: 0, messages: 2, errors: [] } });
    const page = await api.session('droid-1', positionOf(headers));
    expect(page).toMatchObject({ source: 'factory-droid', messageCount: 2 });
    expect(page.messages.find(({ externalId }) => externalId === 'm-2')!.parts).toMatchObject([
      { type: 'tool-call', content: { toolName: 'LS', args: { path: '.' }, result: 'loom.ts' } },
    ]);
  });

  it('stores cursor as cursor-sync, and takes sessionId for externalId', async () => {
    const sequence = await api.syncSession({ sessionId: 'cursor-1', source: 'cursor' });
    expect(await api.session('cursor-1', sequence)).toMatchObject({ externalId: 'cursor-1', source: 'cursor-sync' });
  });

  it('stores the good items of a batch and names the bad one', async () => {
    const { status, body, headers } = await api.request('/sync/batch', {
      json: {
        sessions: [{ externalId: 'partial-1' }, { title: 'no id' }],
        messages: [{ sessionExternalId: 'partial-1', externalId: 'm', role: 'user', textContent: 'kept' }, 'nonsense'],
      },
    });
    expect(status).toBe(207);
    expect(body).toMatchObject({ ok: false, sessions: 1, messages: 1 });
    expect(
      (body as { results: { status: unknown; error?: { code: string } }[] }).results.map(({ error }) => error?.code),
    ).toEqual([undefined, 'INVALID_REQUEST', undefined, 'INVALID_REQUEST']);
    expect(await api.session('partial-1', positionOf(headers))).toMatchObject({ messageCount: 1 });
  });

  it('stores a request once that is repeated under its Idempotency-Key', async () => {
    const request = {
      json: { externalId: 'once', title: 'Once' },
      headers: { 'idempotency-key': 'a-key-of-the-client' },
    };
    const [first, second] = [await api.request('/sync/session', request), await api.request('/sync/session', request)];
    expect(second.status).toBe(200);
    expect(second.headers.get('osk-sequence')).toBe(first.headers.get('osk-sequence'));
  });
});
