import { createHash, randomBytes } from 'node:crypto';
import { messageIdOf, normalizeParts, partIdOf, sessionIdOf, type NewEvent } from '@opensync/contracts';
import { aMessageSynced, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(400_000)]);
const HTML = Buffer.from('<script>alert(1)</script>'.repeat(20));
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(500)]);
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const image = (bytes: Buffer, media_type = 'image/png') => ({
  type: 'image',
  source: { type: 'base64', media_type, data: bytes.toString('base64') },
});

describe('GET /api/sessions/:id/media/:sha256', () => {
  let app: QueryApp;

  /** Stores a message like the gateway; if it is sent several times, sequentially. */
  async function send(as: 'ada' | 'bob', session: string, message: string, ...versions: unknown[][]): Promise<void> {
    const owner = OWNERS[as]!;
    const sessionId = sessionIdOf(owner, session);
    const messageId = messageIdOf(sessionId, message);
    const eventsOf = (sent: unknown[]): NewEvent[] => {
      const { parts = [], blobs } = normalizeParts(sent);
      for (const { sha256, bytes } of blobs) app.payloads.set(sha256, bytes);
      const data = parts.map(({ media, ...part }, order) => {
        const ids = { messageId, sessionId, partId: partIdOf(messageId, order), order };
        return { ...ids, ...part, ...(media && { media: [...media] }) };
      });
      return [
        aMessageSynced({ sessionExternalId: session, externalId: message, partCount: parts.length }, { owner }),
        ...data.map((part) => aPartSynced(part, { owner })),
      ];
    };
    const events = [aSessionSynced({ externalId: session }, { owner }), ...versions.flatMap(eventsOf)];
    await storeEvents(app.resources, owner, events);
  }

  beforeAll(async () => {
    app = await startQueryApp();
    await send('ada', 's1', 'm1', [
      image(PNG),
      image(HTML, 'text/html'),
      image(SVG, 'image/svg+xml'),
      image(HTML, 'image/png'),
      {
        type: 'tool_result',
        content: [{ type: 'document', title: '../r é.pdf', source: { data: PDF.toString('base64') } }],
      },
    ]);
    await send('ada', 's2', 'm1', [{ type: 'text', text: 'no media' }]);
    await send('bob', 's1', 'm1', [{ type: 'text', text: 'no media' }]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const url = (bytes: Uint8Array, session = 's1') => `/api/sessions/${session}/media/${sha256Of(bytes)}`;

  it('returns the bytes, cacheable forever, under either id of the session', async () => {
    const { status, headers, bytes } = await app.get(url(PNG));
    expect(status).toBe(200);
    expect(bytes.equals(PNG)).toBe(true);
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(PNG.length),
      'content-disposition': `inline; filename="${sha256Of(PNG).slice(0, 12)}.png"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'accept-ranges': 'bytes',
      etag: `"${sha256Of(PNG)}"`,
    });
    expect(headers['cache-control']).toMatch(/^private, max-age=31536000, immutable/);
    expect(headers.vary).toContain('Authorization');
    const own = await app.get(url(PNG, sessionIdOf(OWNERS.ada!, 's1')));
    expect(own.bytes.equals(PNG)).toBe(true);
  });

  it("is the target of the page's links", async () => {
    const { body } = await app.request('GET', '/api/sessions/s1?media=link');
    const links = body.messages[0].parts.map((part: { content: { url: string } }) => part.content.url);
    expect(links[0]).toBe(url(PNG, sessionIdOf(OWNERS.ada!, 's1')));
    expect((await app.get(links[1])).bytes.equals(HTML)).toBe(true);
  });

  it.each([
    ['HTML', HTML, 'application/octet-stream', /^attachment; /],
    ['SVG', SVG, 'application/octet-stream', /^attachment; /],
    ['a PDF', PDF, 'application/pdf', /^attachment; filename="r _.pdf"; filename\*=UTF-8''r%20%C3%A9\.pdf$/],
  ])('never lets a browser show %s, whatever its declared type', async (_, bytes, type, disposition) => {
    const { status, headers } = await app.get(url(bytes));
    expect([status, headers['content-type']]).toEqual([200, type]);
    expect(headers['content-disposition']).toMatch(disposition);
  });

  it('returns ranges, and the size for an unsatisfiable one', async () => {
    const part = await app.get(url(PNG), { range: 'bytes=200000-200009' });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 200000-200009/${PNG.length}`]);
    expect(part.bytes.equals(PNG.subarray(200_000, 200_010))).toBe(true);
    const tail = await app.get(url(PNG), { range: 'bytes=-5', 'if-range': `"${sha256Of(PNG)}"` });
    expect(tail.bytes.equals(PNG.subarray(-5))).toBe(true);
    const changed = await app.get(url(PNG), { range: 'bytes=-5', 'if-range': '"other"' });
    expect([changed.status, changed.bytes.length]).toEqual([200, PNG.length]);
    const beyond = await app.get(url(PNG), { range: `bytes=${PNG.length}-` });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${PNG.length}`]);
    expect(beyond.headers['cache-control']).toBe('no-store');
    expect(JSON.parse(beyond.bytes.toString())).toMatchObject({ error: { code: 'RANGE_NOT_SATISFIABLE' } });
  });

  it('sends nothing that the client already has', async () => {
    const known = await app.get(url(PNG), { 'if-none-match': `"${sha256Of(PNG)}"` });
    expect([known.status, known.bytes.length]).toEqual([304, 0]);
  });

  it('answers HEAD with everything except the bytes', async () => {
    const { status, headers, bytes } = await app.get(url(PNG), {}, 'HEAD');
    expect([status, bytes.length, headers['content-length']]).toEqual([200, 0, String(PNG.length)]);
    expect(headers['content-type']).toBe('image/png');
  });

  it.each([
    ['another session of the owner', 'ada', url(PNG, 's2')],
    ['a session that is not there', 'ada', url(PNG, 's9')],
    ['another owner, by their own session', 'bob', url(PNG, 's1')],
    ['another owner, by the session’s id', 'bob', url(PNG, sessionIdOf(OWNERS.ada!, 's1'))],
    ['a hash that nothing has', 'ada', url(Buffer.from('other'))],
    ['what is no hash', 'ada', '/api/sessions/s1/media/..%2fx'],
    ['a hash in capitals', 'ada', url(PNG).toUpperCase().replace('/API/SESSIONS/S1/MEDIA', '/api/sessions/s1/media')],
  ])('returns nothing to %s', async (_, as, path) => {
    const { status, headers, bytes } = await app.get(path, {}, 'GET', as);
    expect(status).toBe(404);
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.parse(bytes.toString()).error.code).toBe('NOT_FOUND');
  });

  it('returns nothing once the message was sent again without it', async () => {
    const shot = Buffer.concat([PNG.subarray(0, 300), randomBytes(300)]);
    await send('ada', 's3', 'm1', ['kept', image(shot)]);
    await send('ada', 's3', 'm2', ['kept', image(shot)], ['kept']);
    expect((await app.get(url(shot, 's3'))).status).toBe(200);
    await send('ada', 's5', 'm1', ['kept', image(shot)], ['kept']);
    expect((await app.get(url(shot, 's5'))).status).toBe(404);
  });

  it('reports lost bytes as missing', async () => {
    const shot = Buffer.concat([PNG.subarray(0, 300), randomBytes(300)]);
    await send('ada', 's4', 'm1', [image(shot)]);
    app.payloads.delete(sha256Of(shot));
    const { status, headers } = await app.get(url(shot, 's4'));
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      404,
      'application/json; charset=utf-8',
      'no-store',
    ]);
  });
});
