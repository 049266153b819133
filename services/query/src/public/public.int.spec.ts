import { sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { curationLog, type CurationLogInMemory } from '../testing/curation-log.ts';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { hashOfSlug } from './link.ts';

const ada = OWNERS.ada!;
const sessionId = sessionIdOf(ada, 'session-1');
const DAY_MS = 86_400_000;
const KEY = ['sk-ant-api03', 'a1B2'.repeat(23), 'AA'].join('-');
const TOKEN = `ghp_${'aB3dE6gH'.repeat(4)}wxyz`;

/** What nobody may learn from a public page. */
const PRIVATE = [
  'ada',
  '/home/',
  'usr_',
  'ses_',
  'msg_',
  'wsp_',
  'session-1',
  'heronry',
  'RESULT',
  'THOUGHT',
  KEY,
  TOKEN,
];

let app: QueryApp;
let log: CurationLogInMemory;
let now: number;
beforeEach(async () => {
  app = await startQueryApp();
  log = curationLog(app.resources, app.payloads);
  now = Date.UTC(2026, 10, 29);
  app.replace({ ...log, now: () => now });
  const part = (order: number, type: string, content: never) => aPartSynced({ order, type, content }, { owner: ada });
  await storeEvents(app.resources, ada, [
    aSessionSynced(
      {
        title: 'Fix /home/ada/heronry/nest.ts <b>',
        projectPath: '/home/ada/heronry',
        projectName: 'heronry',
        model: 'opus',
      },
      { owner: ada },
    ),
    aMessageSynced(
      { role: 'user', textContent: `Mail ada@herons-lab.io the key ${KEY} <script>x</script>`, partCount: 5 },
      { owner: ada },
    ),
    part(0, 'text', 'ignored, as the message has a text' as never),
    part(1, 'reasoning', 'THOUGHT' as never),
    part(2, 'tool-call', { toolName: 'Bash', args: { command: `echo ${TOKEN}` }, result: 'RESULT' } as never),
    part(3, 'tool-result', 'RESULT' as never),
    part(4, 'media', { mediaType: 'image/png', sha256: 'a'.repeat(64), size: 1 } as never),
  ]);
});
afterEach(() => app[Symbol.asyncDispose]());

const patch = async (body: unknown, as = 'ada-admin') => app.request('PATCH', '/api/sessions/session-1', { as, body });
const publish = async (more = {}) => (await patch({ isPublic: true, ...more })).body.publicSlug as string;
/** As anyone, without a key. */
const open = (slug: string, accept = 'application/json') =>
  app.request('GET', `/public/${slug}`, { headers: { authorization: '', accept } });

describe('GET /public/:slug', () => {
  it('returns a redacted snapshot to anyone with the link, as JSON and as a page', async () => {
    const { body: published } = await patch({ isPublic: true });
    expect(published.session).toMatchObject({ isPublic: true, publicUntil: null });
    const slug = published.publicSlug as string;
    expect(slug).toMatch(/^[\w-]{32}$/);
    const json = await open(slug);
    expect(json.status).toBe(200);
    expect(json.body).toMatchObject({
      title: 'Fix …/nest.ts <b>',
      model: 'opus',
      publishedAt: now,
      expiresAt: null,
      omittedMessages: 0,
      messages: [{ role: 'user', tools: ['Bash'] }],
    });
    const page = await open(slug, 'text/html,*/*;q=0.8');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('Fix …/nest.ts &#60;b&#62;');
    expect(page.text).not.toContain('<script>');
    for (const { text, headers } of [json, page]) {
      for (const secret of PRIVATE) expect(text).not.toContain(secret);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex, nofollow',
      });
    }
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; img-src data:; style-src \S+; .*frame-ancestors 'none'; sandbox$/,
    );
    // It loads nothing but its own icon, so a browser has nothing to refuse.
    expect(page.text.match(/\b(?:src|href)="(?!https?:|mailto:)[^"]*"/g)).toEqual(['href="data:,"']);
  });

  it('shows the session as it was, whatever comes later', async () => {
    const slug = await publish();
    const before = (await open(slug)).text;
    await storeEvents(
      app.resources,
      ada,
      [aMessageSynced({ externalId: 'm2', textContent: 'later' }, { owner: ada })],
      { first: 90 },
    );
    await patch({ title: 'Renamed' });
    expect((await open(slug)).text).toBe(before);
    expect((await open(await publish())).body.title).toBe('Renamed');
    // A new snapshot has a new link, and the old one ends.
    expect((await open(slug)).status).toBe(404);
  });

  it('has the same answer for every link that leads nowhere', async () => {
    const ended = await publish({ expiresAt: now + DAY_MS });
    expect((await open(ended)).body.expiresAt).toBe(now + DAY_MS);
    const answerOf = async (slug: string) => {
      const { status, body, headers } = await open(slug);
      return { status, code: body.error.code, message: body.error.message, robots: headers['x-robots-tag'] };
    };
    const unknown = await answerOf('x'.repeat(32));
    expect(unknown).toMatchObject({ status: 404, code: 'NOT_FOUND', robots: 'noindex, nofollow' });
    now += DAY_MS;
    for (const slug of [ended, 'short', sessionId, 'session-1', hashOfSlug(ended)!]) {
      expect(await answerOf(slug)).toEqual(unknown);
    }
    const revoked = await publish();
    expect((await patch({ isPublic: false })).body.session).toMatchObject({ isPublic: false });
    const trashed = await publish();
    await app.request('DELETE', '/api/sessions/session-1', { as: 'ada-admin' });
    for (const slug of [revoked, trashed]) expect(await answerOf(slug)).toEqual(unknown);
    await app.request('POST', '/api/sessions/session-1/restore', { as: 'ada-admin' });
    expect((await open(trashed)).status).toBe(200);
    app.payloads.clear();
    expect(await answerOf(trashed)).toEqual(unknown);
  });

  it('keeps the link’s secret out of the log and the documents', async () => {
    const slug = await publish();
    expect(JSON.stringify(log.stored)).not.toContain(slug);
    expect((await app.request('GET', `/api/sessions/${sessionId}`)).text).not.toContain(slug);
    expect(log.stored[0]!.data).toMatchObject({ publication: { hash: hashOfSlug(slug) } });
  });

  it('changes the end of a link, and takes it back', async () => {
    const slug = await publish({ expiresAt: now + DAY_MS });
    await patch({ expiresAt: now + 2 * DAY_MS });
    now += DAY_MS;
    expect((await open(slug)).status).toBe(200);
    expect((await patch({ expiresAt: null })).body.session.publicUntil).toBeNull();
    now += 100 * DAY_MS;
    expect((await open(slug)).status).toBe(200);
  });

  it('leaves out what does not fit, and counts it', async () => {
    const messages = Array.from({ length: 60 }, (_, n) =>
      aMessageSynced(
        { externalId: `long ${n}`, role: 'assistant', textContent: 'word '.repeat(20_000) },
        { owner: ada },
      ),
    );
    await storeEvents(app.resources, ada, [aSessionSynced({ externalId: 'long' }, { owner: ada })], { first: 50 });
    const longId = sessionIdOf(ada, 'long');
    const ofLong = messages.map((event) => ({
      ...event,
      data: { ...event.data, sessionId: longId, sessionExternalId: 'long', messageId: `${event.data.messageId}l` },
    }));
    await storeEvents({ documents: app.resources.documents }, ada, ofLong as typeof messages, { first: 100 });
    const { body } = await app.request('PATCH', '/api/sessions/long', { as: 'ada-admin', body: { isPublic: true } });
    const { body: shown, text } = await open(body.publicSlug as string);
    expect(Buffer.byteLength(text)).toBeLessThan(2.1 * 1024 * 1024);
    expect(shown.messages.length).toBeGreaterThan(10);
  });

  it('shows a text as it is that is nested more deeply than Markdown can be read', async () => {
    const nested = aMessageSynced({ externalId: 'nested', textContent: `${'> '.repeat(5_000)}<deep>` }, { owner: ada });
    await storeEvents(app.resources, ada, [aSessionSynced({ externalId: 'nested' }, { owner: ada })], { first: 500 });
    const sessionId = sessionIdOf(ada, 'nested');
    const ofNested = { ...nested, data: { ...nested.data, sessionId, sessionExternalId: 'nested' } };
    await storeEvents({ documents: app.resources.documents }, ada, [ofNested], { first: 501 });
    const { body } = await app.request('PATCH', '/api/sessions/nested', { as: 'ada-admin', body: { isPublic: true } });
    const page = await app.get(`/s/${body.publicSlug as string}`, { authorization: '', accept: 'text/html' });
    expect(page.status).toBe(200);
    expect(page.bytes.toString()).toContain('&#60;deep&#62;</p>');
  });
});
