import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { jetstreamManager } from '@nats-io/jetstream';
import { BatchConsumer, CONSUMER } from '@opensync/event-log';
import { messageIdOf, partIdOf, sessionIdOf, type StoredEvent } from '@opensync/contracts';
import { waitFor } from '@opensync/testkit';
import { ADA, BOB, BOBS_KEY, sequenceOf, startGateway, type Gateway } from './testing/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

/** The events of the one request that `send` makes. */
async function eventsOf(send: () => Promise<Response>): Promise<StoredEvent[]> {
  const before = sequenceOf(await gateway.post('/sync/session', { externalId: 'before' }));
  const response = await send();
  expect(response.ok).toBe(true);
  return gateway.eventsAfter(before);
}

describe('a write', () => {
  it('returns the final ids and the sequence of what it stored', async () => {
    const body = {
      sessionExternalId: 's1',
      externalId: 'm1',
      textContent: 'hi',
      parts: [{ type: 'text', content: 'hi' }],
    };
    const response = await gateway.post('/sync/message', body);
    const sessionId = sessionIdOf(ADA, 's1');
    const messageId = messageIdOf(sessionId, 'm1');
    expect(await response.json()).toEqual({ ok: true, sessionId, messageId });
    const [part] = await gateway.eventsAfter(sequenceOf(response) - 1);
    expect(part).toMatchObject({
      owner: ADA,
      type: 'dev.opensync.part.synced.v1',
      data: { partId: partIdOf(messageId, 0) },
    });
  });

  it('keeps two owners with the same external ids apart', async () => {
    const body = { externalId: 'the-same' };
    const adas = (await (await gateway.post('/sync/session', body)).json()) as { sessionId: string };
    const response = await gateway.post('/sync/session', body, { authorization: `Bearer ${BOBS_KEY}` });
    const bobs = (await response.json()) as { sessionId: string };
    expect(adas.sessionId).toBe(sessionIdOf(ADA, 'the-same'));
    expect(bobs.sessionId).toBe(sessionIdOf(BOB, 'the-same'));
    expect(await gateway.eventsAfter(sequenceOf(response) - 1)).toMatchObject([{ owner: BOB }]);
  });

  it('keeps NUL and odd Unicode', async () => {
    const textContent = '\u0000 \u{1f469}\u200d\u{1f4bb} \u202e \ufffe שלום 漢字';
    const events = await eventsOf(() => gateway.post('/sync/message', { sessionId: 's', messageId: 'm', textContent }));
    expect(events).toMatchObject([{ data: { textContent } }]);
  });

  it('stores content of more than 256 KiB as a payload, and a reference in the event', async () => {
    const textContent = 'ä'.repeat(200_000);
    const args = { text: 'x'.repeat(300_000) };
    const events = await eventsOf(() =>
      gateway.post('/sync/message', {
        sessionId: 's',
        messageId: 'm',
        textContent,
        parts: [
          { type: 'tool-call', toolName: 'Write', toolCallId: 'c1', args },
          { type: 'text', content: 'x'.repeat(200_000) },
        ],
      }),
    );
    const [message, call, text] = events as [StoredEvent, StoredEvent, StoredEvent];
    expect(message.data).not.toHaveProperty('textContent');
    if (!('textRef' in message.data && 'contentRef' in call.data)) throw new Error('stored no references');
    expect(await gateway.payloads.text(ADA, message.data.textRef!)).toBe(textContent);
    expect(JSON.parse(await gateway.payloads.text(ADA, call.data.contentRef!))).toEqual({
      ...{ toolName: 'Write', toolCallId: 'c1', args },
    });
    expect(call.data.tool).toEqual({ toolName: 'Write', callId: 'c1' });
    expect(text.data).toMatchObject({ content: 'x'.repeat(200_000) });
  });

  it('stores text as a payload if only its JSON form is too large for an event', async () => {
    const textContent = '\u0001'.repeat(250_000);
    const response = await gateway.post('/sync/message', { sessionId: 's', messageId: 'm', textContent });
    expect(response.status).toBe(200);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('reads a body in %s', async (encoding, compress) => {
    const body = compress(JSON.stringify({ externalId: `by-${encoding}` }));
    const events = await eventsOf(() => gateway.post('/sync/session', body, { 'content-encoding': encoding }));
    expect(events).toMatchObject([{ data: { externalId: `by-${encoding}` } }]);
  });

  it.each([
    ['without an Idempotency-Key', {}],
    ['with one', { 'idempotency-key': 'try-2' }],
  ])(
    'stores nothing of a message whose part the log rejects, and all of it at the retry, %s',
    async (_name, headers) => {
      const { streams } = await jetstreamManager(gateway.nc);
      const before = sequenceOf(await gateway.post('/sync/session', { externalId: 'before' }));
      const { config, state } = await streams.info('EVENTS');
      // The message would fit into the remaining room; its part does not.
      const parts = [{ type: 'text', content: 'x'.repeat(20_000) }];
      const send = () => gateway.post('/sync/message', { sessionId: 's', messageId: 'refused', parts }, headers);
      await streams.update('EVENTS', { max_bytes: state.bytes + 10_000 });
      expect((await send()).status).toBe(503);
      await streams.update('EVENTS', { max_bytes: config.max_bytes });
      expect(await gateway.eventsAfter(before)).toEqual([]);
      expect((await send()).status).toBe(200);
      expect(await gateway.eventsAfter(before)).toMatchObject([
        { type: 'dev.opensync.message.synced.v1', data: { partCount: 1 } },
        { data: { content: 'x'.repeat(20_000) } },
      ]);
    },
  );
});

describe('POST /sync/batch', () => {
  it('stores the valid items and reports the outcome of each', async () => {
    const send = () =>
      gateway.post('/sync/batch', {
        sessions: [
          { externalId: 'b1' },
          { externalId: 'b2', title: 7, promptTokens: -1 },
          { title: 'no id' },
          'nonsense',
        ],
        messages: [
          { sessionExternalId: 'b1', externalId: 'm1', parts: [{ type: 'text', content: 'a' }] },
          { externalId: 'm2' },
        ],
      });
    const response = await send();
    const sessionId = sessionIdOf(ADA, 'b1');
    expect(response.status).toBe(207);
    const invalid = { code: 'INVALID_REQUEST', message: expect.any(String) as string, retryable: false };
    expect(await response.json()).toEqual({
      ok: false,
      sessions: 2,
      messages: 1,
      errors: [
        expect.stringMatching(/^sessions\.2: externalId: /),
        expect.stringMatching(/^sessions\.3: /),
        expect.stringMatching(/^messages\.1: sessionExternalId: /),
      ],
      results: [
        { kind: 'session', externalId: 'b1', id: sessionId, status: 200 },
        {
          ...{ kind: 'session', externalId: 'b2', id: sessionIdOf(ADA, 'b2'), status: 200 },
          warnings: [
            { path: 'title', message: 'a number, read as text' },
            { path: 'promptTokens', message: 'left out: negative' },
          ],
        },
        { kind: 'session', externalId: null, status: 400, error: invalid },
        { kind: 'session', externalId: null, status: 400, error: invalid },
        { kind: 'message', externalId: 'm1', id: messageIdOf(sessionId, 'm1'), status: 200 },
        { kind: 'message', externalId: 'm2', status: 400, error: invalid },
      ],
    });
    const events = await eventsOf(send);
    expect(events.map(({ type }) => type.split('.')[2])).toEqual(['session', 'session', 'message', 'part']);
  });

  it('treats a value in place of a list as its only item', async () => {
    const response = await gateway.post('/sync/batch', { sessions: { externalId: 'alone' }, messages: 'all' });
    expect(response.status).toBe(207);
    expect(await response.json()).toMatchObject({
      ...{ ok: false, sessions: 1, messages: 0, errors: [expect.stringMatching(/^messages\.0: /)] },
      results: [
        { externalId: 'alone', status: 200 },
        { externalId: null, status: 400 },
      ],
    });
  });

  it('answers an empty batch without an event', async () => {
    const response = await gateway.post('/sync/batch', { sessions: [] });
    expect(response.headers.get('osk-sequence')).toBeNull();
    expect(await response.json()).toEqual({ ok: true, sessions: 0, messages: 0, errors: [], results: [] });
  });

  it('rejects more than it can store at once', async () => {
    const sessions = new Array(20_001).fill({ externalId: 's' });
    expect((await gateway.post('/sync/batch', { sessions })).status).toBe(413);
    const parts = new Array(10_000).fill({ type: 'text', content: '' });
    const messages = ['m1', 'm2'].map((externalId) => ({ sessionExternalId: 's', externalId, parts }));
    expect((await gateway.post('/sync/batch', { messages })).status).toBe(413);
  });
});

describe('GET /sync/sessions/list', () => {
  it('marks an answer that may lack a given write, and waits for the documents', async () => {
    const written = await gateway.post('/sync/session', { externalId: 'waited-for' });
    const sequence = sequenceOf(written);
    const waited = { 'osk-wait-sequence': written.headers.get('osk-sequence')! };
    expect((await gateway.list()).headers.get('osk-stale')).toBeNull();
    expect((await gateway.list(waited)).headers.get('osk-stale')).toBe('true');
    expect((await gateway.list({ 'osk-wait-sequence': String(sequence) })).status).toBe(400);

    const listed = gateway.list(waited);
    // Acks every event, as the documents projection does when it has saved them.
    const projection = new BatchConsumer(gateway.nc, { consumer: CONSUMER.documents, handler: async () => ({}) });
    expect((await listed).headers.get('osk-stale')).toBeNull();
    await projection.stop();
  });
});

describe('hostile input', () => {
  const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
  const session = '/sync/session';
  it.each([
    ['an empty body', session, '', 400],
    ['what is not JSON', session, '{externalId: 1}', 400],
    ['a JSON string', session, '"hello"', 400],
    ['null', session, 'null', 400],
    ['an object for an id', session, '{"externalId":{"$ne":1}}', 400],
    ['an empty id', session, '{"externalId":""}', 400],
    ['no id', session, '{"title":"x"}', 400],
    ['invalid UTF-8', session, Buffer.from([...Buffer.from('{"externalId":"'), 0xff, 0xfe, ...Buffer.from('"}')]), 400],
    ['20 MiB', session, JSON.stringify({ externalId: 's', title: 'x'.repeat(20 * 1024 * 1024) }), 413],
    ['a batch that is none', '/sync/batch', '[]', 400],
    ['an unknown route', '/sync/everything', '{}', 404],
  ])('rejects %s', async (_name, path, body, status) => {
    const response = await gateway.post(path, body);
    const { error } = (await response.json()) as { error: { code: string; message: string; requestId: string } };
    expect([response.status, error.message]).toEqual([status, expect.any(String)]);
    expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('names what it rejects', async () => {
    const response = await gateway.post('/sync/message', { externalId: [], role: 'user' });
    const { error } = (await response.json()) as { error: { details: { path: string }[] } };
    expect(error.details.map(({ path }) => path)).toEqual(['sessionExternalId', 'externalId']);
  });

  it.each<[string, string, string, object, string[]]>([
    ['a wrong type', session, '{"externalId":"odd","title":{"a":1},"cost":2}', { cost: 2 }, ['title']],
    ['a negative count', session, '{"externalId":"odd","promptTokens":-1,"cost":2}', { cost: 2 }, ['promptTokens']],
    ['a number beyond all bounds', session, '{"externalId":"odd","cost":1e999,"title":"t"}', { title: 't' }, ['cost']],
    ['half a surrogate pair', session, '{"externalId":"odd","title":"a\\ud800"}', { title: 'a\ufffd' }, ['title']],
    ['__proto__', session, '{"externalId":"odd","title":"t","__proto__":{"polluted":true}}', { title: 't' }, []],
    ['10,000 levels', session, `{"externalId":"odd","cost":2,"title":${deep}}`, { cost: 2 }, ['title']],
    ['a time before agents', session, '{"externalId":"odd","cost":2,"createdAt":0}', { cost: 2 }, ['createdAt']],
    [
      '10,000 levels in a part',
      '/sync/message',
      `{"sessionId":"odd","messageId":"m","content":"kept","parts":[{"type":"x","content":${deep}}]}`,
      { textContent: 'kept' },
      ['parts.0'],
    ],
  ])('stores the rest next to %s, and names that', async (_name, path, body, data, paths) => {
    const response = await gateway.post(path, body);
    const { warnings = [] } = (await response.json()) as { warnings?: { path: string; message: string }[] };
    expect(response.status).toBe(200);
    expect(warnings.map((warning) => warning.path.split('.content')[0])).toEqual(paths);
    expect(warnings.every(({ message }) => message !== '')).toBe(true);
    const events = await gateway.eventsAfter(sequenceOf(response) - 1);
    expect(events[0]!.type.endsWith('part.synced.v1') ? data : events[0]!.data).toMatchObject(data);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('rejects decompression bombs early', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20));
    expect((await gateway.post('/sync/session', bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it('fails one item of a batch, not the others', async () => {
    const items = [`{"externalId":"${'x'.repeat(513)}"}`, `{"externalId":${deep}}`, '{"__proto__":{"externalId":"p"}}'];
    const response = await gateway.post('/sync/batch', `{"sessions":[${items.join()},{"externalId":"good"}]}`);
    expect(response.status).toBe(207);
    expect(await response.json()).toMatchObject({
      sessions: 1,
      results: [{ status: 400 }, { status: 400 }, { status: 400 }, { status: 200 }],
    });
  });

  it('rejects unauthenticated requests', async () => {
    for (const path of ['session', 'message', 'batch']) {
      const response = await gateway.post(`/sync/${path}`, {}, { authorization: 'Bearer osk_no_such_key_12' });
      expect(response.status).toBe(401);
    }
  });
});

describe('while the log is unavailable', () => {
  it('answers 503 with Retry-After, and accepts writes again afterwards', async () => {
    await gateway.nats.kill();
    const refused = await gateway.post('/sync/session', { externalId: 'waiting' });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await refused.json()).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    const large = { sessionId: 's', messageId: 'm', textContent: 'x'.repeat(300_000) };
    expect((await gateway.post('/sync/message', large)).status).toBe(503);

    await gateway.nats.restart();
    await waitFor(async () => (await gateway.post('/sync/session', { externalId: 'waiting' })).status === 200);
    expect((await gateway.post('/sync/message', large)).status).toBe(200);
  });
});

it('counts the events that it stored towards the daily quota of the workspace, and says how to raise it', async () => {
  const limited = await startGateway(gateway, { OPENSYNC_DAILY_EVENTS: 4 });
  const write = (externalId: string) =>
    limited.post('/sync/message', { sessionExternalId: 's', externalId, parts: [{ type: 'text', content: 'hi' }] });
  try {
    expect((await write('quota-1')).headers.get('ratelimit')).toMatch(/^"daily-events";r=4;t=\d+$/);
    // Of what is no message nothing is stored.
    expect((await limited.post('/sync/message', { sessionExternalId: 's' })).status).toBe(400);
    const second = await limited.post('/sync/batch', {
      messages: [
        { sessionExternalId: 's', externalId: 'quota-2' },
        { nonsense: true },
        { sessionExternalId: 's', externalId: 'quota-3' },
      ],
    });
    expect(second.headers.get('ratelimit')).toMatch(/^"daily-events";r=2;t=\d+$/);
    const refused = await write('quota-4');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      error: {
        code: 'RATE_LIMITED',
        message: expect.stringContaining('its 4 events of the day (OPENSYNC_DAILY_EVENTS)') as string,
      },
    });
    expect((await limited.list()).status).toBe(200);
  } finally {
    await limited.stop();
  }
});
