import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { messageIdOf, sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { NOTICE } from './schemas.ts';

const owner = OWNERS.ada!;
const MODERN = '2026-07-28';
const poolId = sessionIdOf(owner, 'pool');

async function seed({ resources }: QueryApp): Promise<void> {
  const message = (session: string, n: number, textContent: string, of = owner) =>
    aMessageSynced(
      {
        ...{ sessionExternalId: session, externalId: `m${n}`, textContent, createdAt: 1_000_000 + n },
        role: n % 2 === 1 ? 'user' : 'assistant',
      },
      { owner: of },
    );
  const vectorOf = (text: string) => (/pool/.test(text) ? Float32Array.of(1, 0) : Float32Array.of(0, 1));
  await storeEvents(
    resources,
    owner,
    [
      aSessionSynced({ externalId: 'pool', title: 'Pool', source: 'codex', model: 'gpt-5.2' }, { owner }),
      message('pool', 1, 'Why does the pool refuse connections?'),
      message('pool', 2, 'Because postgres starts later than the api.'),
      ...Array.from({ length: 58 }, (_, n) =>
        message('pool', n + 3, `turn ${n} of the long tail ${'word '.repeat(40)}`),
      ),
      ...Array.from({ length: 25 }, (_, n) =>
        aSessionSynced({ externalId: `other-${n}`, title: `Gardening ${n}`, createdAt: 2_000_000 + n }, { owner }),
      ),
    ],
    { vectorOf },
  );
  await storeEvents(
    resources,
    OWNERS.bob!,
    [
      aSessionSynced({ externalId: 'secret', title: 'Secret pool of Bob' }, { owner: OWNERS.bob! }),
      message('secret', 1, 'the pool of bob', OWNERS.bob!),
    ],
    { vectorOf, first: 1_000 },
  );
}

describe('MCP over HTTP', () => {
  let app: QueryApp;
  let url: URL;

  beforeAll(async () => {
    app = await startQueryApp();
    await seed(app);
    url = new URL('/mcp', await app.listen());
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const headers = (as: string) => ({ authorization: `Bearer osk_${as}` });
  async function connect(mode: 'legacy' | { pin: string }, as = 'ada') {
    const client = new Client({ name: 'spec', version: '1.0.0' }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers: headers(as) } }));
    return { client, [Symbol.asyncDispose]: () => client.close() };
  }
  // What a tool returns is what the tests are about.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  type Any = any;
  const call = async (client: Client, name: string, args: object = {}): Promise<Any> =>
    client.callTool({ name, arguments: { ...args } });

  describe.each([
    ['2025-11-25', 'legacy' as const],
    [MODERN, { pin: MODERN }],
  ])('with a client of the revision %s', (version, mode) => {
    it('lists read-only tools with schemas of input and output', async () => {
      await using connection = await connect(mode);
      const { client } = connection;
      expect(client.getNegotiatedProtocolVersion()).toBe(version);
      expect(client.getInstructions()).toContain(NOTICE);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual([
        'get_context',
        'get_usage',
        'list_sessions',
        'read_session',
        'search_sessions',
      ]);
      for (const { annotations, inputSchema, outputSchema } of tools) {
        expect(annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false, openWorldHint: false });
        expect(inputSchema).toMatchObject({ type: 'object' });
        expect(outputSchema).toMatchObject({ type: 'object', properties: expect.any(Object) });
      }
    });

    it('searches, and reads around what was found', async () => {
      await using connection = await connect(mode);
      const { client } = connection;
      const found = await call(client, 'search_sessions', { query: 'postgres starts later', level: 'message' });
      expect(found.structuredContent).toMatchObject({ notice: NOTICE, partial: false, degraded: [] });
      const [{ sessionId, position, snippet }] = found.structuredContent.results;
      expect([sessionId, snippet]).toEqual([poolId, expect.stringContaining('postgres starts later')]);
      expect(JSON.parse(found.content[0].text)).toEqual(found.structuredContent);
      const read = await call(client, 'read_session', { sessionId, around: position, limit: 3 });
      const texts = read.structuredContent.messages.map(({ text }: { text: string }) => text);
      expect(texts).toEqual([
        'Why does the pool refuse connections?',
        'Because postgres starts later than the api.',
        expect.stringContaining('turn 0'),
      ]);
    });

    it('gets the context as text', async () => {
      await using connection = await connect(mode);
      const { content, structuredContent } = await call(connection.client, 'get_context', { query: 'pool refuses' });
      expect(content[0].text).toBe(structuredContent.text);
      expect(content[0].text).toMatch(/<<passage 1 \d{12}>>[^]*Why does the pool refuse connections\?/);
      expect(structuredContent.citations[0]).toMatchObject({
        ...{ rank: 1, sessionId: poolId, title: 'Pool' },
        messageIds: [messageIdOf(poolId, 'm1'), messageIdOf(poolId, 'm2')],
      });
    });

    it('answers errors in a form that a model can act on', async () => {
      await using connection = await connect(mode);
      const { client } = connection;
      const failed = async (name: string, args: object) => {
        const { isError, content } = await call(client, name, args);
        expect(isError).toBe(true);
        return content[0].text;
      };
      expect(await failed('read_session', { sessionId: 'nowhere' })).toBe(
        'NOT_FOUND: There is no session with this id',
      );
      expect(await failed('search_sessions', { query: 'x', from: 'soon' })).toContain(
        'filters.from must be milliseconds',
      );
      expect(await failed('search_sessions', { query: 'x', cursor: 'abc' })).toContain('leave it out to start');
      expect(await failed('get_context', { query: 'x', maxTokens: 1 })).toContain('maxTokens');
    });
  });

  it('pages through sessions, results and messages', async () => {
    await using connection = await connect('legacy');
    const { client } = connection;
    const pages = async (name: string, args: object, idOf: (page: Any) => string[]) => {
      const ids: string[] = [];
      for (let cursor: string | undefined, n = 0; n < 50; n += 1) {
        const { structuredContent: page } = await call(client, name, { ...args, ...(cursor && { cursor }) });
        ids.push(...idOf(page));
        if (page.nextCursor === null) return ids;
        cursor = page.nextCursor;
      }
      throw new Error('the pages do not end');
    };
    const sessions = await pages('list_sessions', { limit: 7 }, ({ sessions }) =>
      sessions.map((one: Any) => one.sessionId),
    );
    expect([sessions.length, new Set(sessions).size]).toEqual([26, 26]);
    const found = await pages('search_sessions', { query: 'gardening', type: 'fulltext', limit: 10 }, ({ results }) =>
      results.map((one: Any) => one.sessionId),
    );
    expect([found.length, new Set(found).size]).toEqual([25, 25]);
    const read = await pages(
      'read_session',
      { sessionId: 'pool', limit: 10, maxTokens: 256 },
      ({ messages, tokens }) => {
        expect(tokens).toBeLessThanOrEqual(256);
        return messages.map((one: Any) => one.messageId);
      },
    );
    expect([read.length, new Set(read).size]).toEqual([60, 60]);
  });

  it('repeats no result although better ones arrive between pages', async () => {
    const titled = (from: number, count: number, title: string) =>
      Array.from({ length: count }, (_, n) =>
        aSessionSynced({ externalId: `tide-${from + n}`, title }, { owner: OWNERS.cid! }),
      );
    await storeEvents(app.resources, OWNERS.cid!, titled(0, 12, 'a long title about the tide and the moon'), {
      first: 7_000,
    });
    await using connection = await connect('legacy', 'cid');
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const asked = { query: 'tide', type: 'fulltext', limit: 5, ...(cursor !== null && { cursor }) };
      const { structuredContent }: Any = await call(connection.client, 'search_sessions', asked);
      seen.push(...structuredContent.results.map(({ sessionId }: { sessionId: string }) => sessionId));
      if (cursor === null) await storeEvents(app.resources, OWNERS.cid!, titled(12, 3, 'tide'), { first: 8_000 });
      cursor = structuredContent.nextCursor;
    } while (cursor !== null);
    expect([seen.length, new Set(seen).size]).toEqual([15, 15]);
  });

  it('counts usage', async () => {
    await using connection = await connect({ pin: MODERN });
    const { structuredContent } = await call(connection.client, 'get_usage');
    expect(structuredContent).toMatchObject({ sessions: 26, messages: 60, bySource: { codex: 1 } });
  });

  it('shows each caller what they may see', async () => {
    await using ofAda = await connect('legacy');
    await using ofCid = await connect('legacy', 'cid');
    const titles = async (client: Client) => {
      const { structuredContent } = await call(client, 'search_sessions', { query: 'pool' });
      return structuredContent.results.map(({ title }: { title: string }) => title);
    };
    expect(await titles(ofAda.client)).not.toContain('Secret pool of Bob');
    expect(await titles(ofCid.client)).toEqual([]);
    const sessionId = sessionIdOf(OWNERS.bob!, 'secret');
    expect((await call(ofAda.client, 'read_session', { sessionId })).content[0].text).toMatch(/^NOT_FOUND/);
  });

  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const accept = { accept: 'application/json, text/event-stream' };

  it('needs a key that may read', async () => {
    await expect(connect('legacy', 'ada-ingest')).rejects.toThrow(/403|scope/i);
    const { status } = await app.request('POST', '/mcp', { body: ping, as: 'nobody', headers: accept });
    expect(status).toBe(401);
  });

  it.each([
    [{ host: 'evil.example.com' }, 403],
    [{ origin: 'https://evil.example.com' }, 403],
    [{ host: 'sync.example.com', origin: 'https://sync.example.com' }, 200],
  ])('checks %j against the host names of the server', async (sent, status) => {
    const answer = await app.request('POST', '/mcp', { body: ping, headers: { ...accept, ...sent } });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.body.error.message).toContain('OPENSYNC_MCP_HOSTS');
  });

  it('has no stream to wait on', async () => {
    const body = { jsonrpc: '2.0', id: 7, method: 'subscriptions/listen', params: {} };
    const answer = await app.request('POST', '/mcp', { body, headers: accept });
    expect(answer.body).toMatchObject({ id: 7, error: { code: -32_601 } });
    expect((await app.get('/mcp')).status).toBe(405);
  });

  it('answers in bytes that are bounded, whatever the titles are', async () => {
    const many = Array.from({ length: 50 }, (_, n) =>
      aSessionSynced({ externalId: `wide-${n}`, title: `wide ${'界'.repeat(4_000)}` }, { owner: OWNERS.cid! }),
    );
    await storeEvents(app.resources, OWNERS.cid!, many, { first: 5_000 });
    await using connection = await connect('legacy', 'cid');
    const answer = await call(connection.client, 'list_sessions', { limit: 50 });
    expect(answer.structuredContent.sessions).toHaveLength(50);
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(128 * 1024);
  });
});
