import { messageIdOf, sessionIdOf, type PayloadReference } from '@opensync/contracts';
import { aMessageSynced, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const SESSION = sessionIdOf(owner, 's1');
const LONG = 'needle 漢字 "quoted"\n'.repeat(2_000);
const ARGS = { path: 'a', text: 'x'.repeat(9_000) };

describe('previews', () => {
  let app: QueryApp;
  const reference = (letter: string): PayloadReference => ({
    sha256: letter.repeat(64),
    size: 900_000,
    preview: 'the beginning',
    readable: true,
  });
  beforeAll(async () => {
    app = await startQueryApp();
    const large = 'y'.repeat(899_998);
    app.payloads.set('a'.repeat(64), large);
    app.payloads.set('b'.repeat(64), JSON.stringify({ toolName: 'Read', result: large }));
    const part = (order: number, data: object) =>
      aPartSynced({ sessionId: SESSION, messageId: messageIdOf(SESSION, 'm1'), order, ...data }, { owner });
    const message = (externalId: string, data: object) =>
      aMessageSynced({ sessionExternalId: 's1', externalId, ...data }, { owner });
    await storeEvents(app.resources, owner, [
      aSessionSynced({ externalId: 's1' }, { owner }),
      aSessionSynced({ externalId: 's2' }, { owner }),
      message('m1', { createdAt: 1, partCount: 6, role: 'assistant' }),
      part(0, { type: 'text', content: LONG }),
      part(1, { type: 'tool-call', content: { toolName: 'Write', args: ARGS, result: 'ok' } }),
      part(2, { type: 'tool-result', content: LONG }),
      part(3, { type: 'text', content: 'short', extra: { signature: 's'.repeat(5_000) } }),
      part(4, {
        type: 'tool-call',
        content: undefined,
        contentRef: reference('b'),
        tool: { toolName: 'Read', hasResult: true },
      }),
      part(5, { type: 'tool-result', content: undefined, contentRef: reference('c') }),
      message('m2', { createdAt: 2, textContent: LONG }),
      message('m3', { createdAt: 3, textRef: reference('a') }),
      message('m4', { createdAt: 4, textContent: 'short' }),
    ]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const page = async (query: string) => (await app.request('GET', `/api/sessions/s1?${query}`)).body.messages;

  it('are the beginnings of long texts and contents, with links to the whole', async () => {
    app.replace({
      payloads: {
        referenced: () => {
          throw new Error('read a payload');
        },
        read: () => {
          throw new Error('read a payload');
        },
      },
    });
    const [m1, m2, m3, m4] = await page('preview=200');
    app.restore();
    const [text, write, result, short, read, stored] = m1.parts;
    expect(text).toMatchObject({ content: LONG.slice(0, 200), contentFull: { size: Buffer.byteLength(LONG) } });
    expect(m1.textContent).toBe(`${LONG.slice(0, 200)}\nshort`);
    expect(write.content).toMatchObject({
      toolName: 'Write',
      args: { path: 'a', text: expect.stringMatching(/^x+$/) },
    });
    expect(JSON.stringify(write.content).length).toBeLessThan(300);
    expect(result.content).toBe(LONG.slice(0, 200));
    expect(short).toMatchObject({ content: 'short', extra: { signature: expect.stringMatching(/^s{100,200}$/) } });
    expect(short).not.toHaveProperty('contentFull');
    expect(read).toMatchObject({
      content: { toolName: 'Read', preview: 'the beginning' },
      contentFull: { size: 900_000 },
    });
    expect(stored).toMatchObject({ content: 'the beginning', contentFull: { size: 900_000 } });
    expect(m2).toMatchObject({ textContent: LONG.slice(0, 200), textFull: { size: Buffer.byteLength(LONG) } });
    expect(m3).toMatchObject({ textContent: 'the beginning', textFull: { size: 900_000 } });
    expect(m4.textContent).toBe('short');
    expect(m4).not.toHaveProperty('textFull');
  });

  it('lead to the whole by their links', async () => {
    const whole = await page('');
    const [m1, m2, m3] = await page('preview=200');
    for (const [link, expected] of [
      [m1.parts[0].contentFull, LONG],
      [m1.parts[1].contentFull, { toolName: 'Write', args: ARGS, result: 'ok' }],
      [m1.parts[3].extraFull, { signature: 's'.repeat(5_000) }],
      [m1.parts[4].contentFull, whole[0].parts[4].content],
      [m2.textFull, LONG],
      [m3.textFull, whole[2].textContent],
    ]) {
      const { status, body, headers } = await app.request('GET', link.url);
      expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
      expect(body).toEqual(expected);
    }
  });

  it('are left out unless they are asked for', async () => {
    expect(JSON.stringify(await page(''))).not.toContain('Full"');
  });

  it('let a page before a message have what fits when it is cut', async () => {
    expect(await page('before=m4')).toHaveLength(2);
    expect(await page('before=m4&preview=200')).toHaveLength(3);
  });

  it('lead nobody else to the whole, nor beyond the session', async () => {
    const url = `/api/sessions/${SESSION}/messages/${messageIdOf(SESSION, 'm2')}/content`;
    for (const as of ['bob', 'cid']) expect((await app.request('GET', url, { as })).status).toBe(404);
    expect((await app.request('GET', url, { as: 'ada-ingest' })).status).toBe(403);
    for (const other of [
      url.replace(SESSION, 's2'),
      `${url}?part=0`,
      url.replace(messageIdOf(SESSION, 'm2'), 'msg_none'),
      // A message without a text of its own, a part that is not there, a part without extra, and lost content.
      ...['', '?part=6', '?part=0&of=extra', '?part=5'].map(
        (query) => url.replace(messageIdOf(SESSION, 'm2'), messageIdOf(SESSION, 'm1')) + query,
      ),
    ]) {
      expect([other, (await app.request('GET', other)).status]).toEqual([other, 404]);
    }
  });
});
