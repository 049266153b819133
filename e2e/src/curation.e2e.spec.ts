import { positionOf, type Api, type SessionPage } from './harness/api.ts';
import { startTarget, type Target } from './harness/target.ts';

const TITLE = 'A session about godwits';

/** What people do with sessions over HTTP; deletion.e2e has the trash. */
describe('sessions that people edit, judge and publish', () => {
  let target: Target;
  let ada: Api;
  let bob: Api;
  let id: string;
  beforeAll(async () => {
    target = await startTarget();
    ada = await target.api('ada-who-judges@example.com');
    bob = await target.api('bob-who-reads@example.com');
    const written = await ada.syncMessage({
      sessionExternalId: 'judged',
      externalId: 'm1',
      role: 'user',
      textContent: 'Why do godwits fly to /home/ada/estuary/mud.txt?',
    });
    ({ id } = await ada.session('judged', written));
  });
  afterAll(() => target?.stop());

  const patch = (json: object, headers: Record<string, string> = {}, api = ada) =>
    api.request<Record<string, unknown>>(`/api/sessions/${id}`, { method: 'PATCH', json, headers });
  const etagOf = async () => (await ada.request(`/api/sessions/${id}`)).headers.get('etag')!;

  it('shows an edit to the next read, and keeps it when the plugin syncs again', async () => {
    const { status, headers } = await patch({ title: TITLE, evalTags: ['birds'], evalReady: true });
    expect(status).toBe(200);
    await ada.session('judged', await ada.syncSession({ externalId: 'judged', title: 'Title of a plugin' }));
    const session = await ada.session(id, positionOf(headers));
    expect(session).toMatchObject({ title: TITLE, evalTags: ['birds'], evalReady: true, evalStatus: null });
    expect(await etagOf()).toBe(headers.get('etag'));
  });

  it('lets one of several writers of the same version win', async () => {
    const version = { 'if-match': await etagOf() };
    const racing = Array.from({ length: 6 }, (_, n) => patch({ evalNotes: `note ${n}` }, version));
    const answers = await Promise.all(racing);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
    const [winner] = answers.filter(({ status }) => status === 200);
    const { evalNotes } = (await ada.session(id, positionOf(winner!.headers))) as SessionPage & { evalNotes: string };
    expect(winner!.body).toMatchObject({ session: { evalNotes } });
  });

  it('loses no tag of writers that name no version', async () => {
    const tag = (name: string) =>
      ada.request('/api/sessions/bulk', { json: { command: 'tag', ids: [id, 'unknown'], add: [name] } });
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(tag));
    expect(answers.map(({ status }) => status)).toEqual([207, 207, 207, 207]);
    const { headers } = await patch({ evalReady: true });
    const session = (await ada.session(id, positionOf(headers))) as SessionPage & { evalTags: string[] };
    expect(session.evalTags.toSorted()).toEqual(['a', 'b', 'birds', 'c', 'd']);
  });

  it('queues what waits for a verdict', async () => {
    const queued = async (after: string) =>
      (await ada.get<{ sessions: { id: string }[] }>('/api/review', { 'osk-wait-sequence': after })).sessions.map(
        (session) => session.id,
      );
    expect(await queued(positionOf((await patch({ evalStatus: null })).headers))).toEqual([id]);
    expect(await queued(positionOf((await patch({ evalStatus: 'golden' })).headers))).toEqual([]);
  });

  it('shows a public session to anyone with the link, redacted, until it is revoked', async () => {
    const { body, headers } = await patch({ isPublic: true });
    await ada.session(id, positionOf(headers));
    const link = `${target.url}/public/${String(body.publicSlug)}`;
    const page = await fetch(link, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('x-robots-tag')]).toEqual([200, 'noindex, nofollow']);
    const html = await page.text();
    expect(html).toContain('Why do godwits fly to …/mud.txt?');
    expect(html).not.toContain('/home/');
    const json = await fetch(link, { headers: { accept: 'application/json' } });
    expect(await json.json()).toMatchObject({ title: TITLE, messages: [{ role: 'user' }] });
    await target.kill();
    await target.start();
    expect((await fetch(link)).status).toBe(200);
    const revoked = await patch({ isPublic: false });
    expect(revoked).toMatchObject({ status: 200 });
    await ada.session(id, positionOf(revoked.headers));
    expect((await fetch(link)).status).toBe(404);
  });

  it('belong to their owner alone', async () => {
    expect((await patch({ title: 'x' }, {}, bob)).status).toBe(404);
    const shared = await patch({ visibility: 'workspace' });
    await bob.session(id, positionOf(shared.headers));
    expect((await patch({ title: 'x' }, {}, bob)).status).toBe(403);
    expect((await bob.request(`/api/sessions/${id}/restore`, { method: 'POST' })).status).toBe(403);
  });

  it('is counted nowhere while it is in the trash, and again when it is restored', async () => {
    const count = async (headers: Readonly<Record<string, string>>) =>
      (await ada.get<{ sessionCount: number }>('/api/stats', headers)).sessionCount;
    const after = (headers: Headers) => ({ 'osk-wait-sequence': positionOf(headers) });
    const before = await count(after((await patch({ evalReady: true })).headers));
    const removed = await ada.request(`/api/sessions/${id}`, { method: 'DELETE' });
    expect(await count(after(removed.headers))).toBe(before - 1);
    const restored = await ada.request(`/api/sessions/${id}/restore`, { method: 'POST' });
    expect(await count(after(restored.headers))).toBe(before);
  });
});
