import { waitFor } from '@opensync/testkit';
import { positionOf, type Api } from './harness/api.ts';
import { embedded, searchable, type Receipt } from './harness/settled.ts';
import { startTarget, type Target } from './harness/target.ts';

const SESSION = 'deleted-session';
const SECRET = 'xylophonic ptarmigan';

describe('a session that is deleted', () => {
  let target: Target;
  let ada: Api;
  let bob: Api;

  const write = async (api: Api, words: string) => {
    await api.syncSession({ externalId: SESSION, title: `Title of ${words}`, promptTokens: 70, cost: 3 });
    const last = await api.syncMessage({
      sessionExternalId: SESSION,
      externalId: 'm1',
      role: 'user',
      textContent: `A text about ${words}`,
      parts: [
        { type: 'text', content: `A part about ${words}` },
        { type: 'tool-call', content: { toolName: 'Read', args: { path: `/notes/${words}` } } },
      ],
    });
    await searchable(api, last);
    await embedded(api, last);
    return last;
  };
  const found = async (api: Api, words: string) => {
    const results = await Promise.all(
      (['fulltext', 'semantic', 'hybrid'] as const).map(async (type) => (await api.search(words, type)).results),
    );
    return results.map((hits) => hits.length > 0);
  };
  const remove = (api: Api, id: string) => api.request(`/api/sessions/${id}?permanent=true`, { method: 'DELETE' });

  beforeAll(async () => {
    target = await startTarget();
    ada = await target.api('ada@example.com');
    bob = await target.api('bob@example.com');
  });
  afterAll(() => target?.stop());

  it('is gone from every list, page and search, only for its owner, also after a restart', async () => {
    const written = await write(ada, SECRET);
    await write(bob, SECRET);
    expect(await found(ada, SECRET)).toEqual([true, true, true]);
    const { id, promptTokens } = await ada.session(SESSION);
    expect(promptTokens).toBe(70);

    const { status, headers, body } = await remove(ada, SESSION);
    expect({ status, body }).toEqual({ status: 200, body: { ok: true, sessionId: id, deleted: true } });
    const deletion = positionOf(headers);
    await searchable(ada, deletion);
    await embedded(ada, deletion);

    const isGone = async () => {
      for (const path of [`/api/sessions/${id}`, `/api/sessions/${SESSION}`, `/api/sessions/get?id=${id}`]) {
        expect((await ada.request(path)).status).toBe(404);
      }
      expect(await ada.sessions()).toEqual([]);
      expect((await ada.request('/sync/sessions/list')).body).toEqual({ sessionIds: [] });
      expect((await ada.request('/api/stats')).body).toMatchObject({ sessionCount: 0, messageCount: 0, totalCost: 0 });
      expect(await found(ada, SECRET)).toEqual([false, false, false]);
      expect(await ada.get<Receipt>(`/api/receipts/${written}`)).toMatchObject({
        ...{ stored: true, deleted: true, documents: false, searchable: false, embedded: false },
      });
    };
    await isGone();
    // Repeating it deletes what was sent since; an unknown session is not found.
    expect(positionOf((await remove(ada, id)).headers)).not.toBe(deletion);
    expect((await remove(ada, 'never-sent')).status).toBe(404);

    await target.kill();
    await target.start();
    await isGone();
    expect(await found(bob, SECRET)).toEqual([true, true, true]);
    expect(await bob.session(SESSION)).toMatchObject({ title: `Title of ${SECRET}`, promptTokens: 70 });
  });

  it('stays deleted if it was sent again and deleted again before that was in the documents', async () => {
    const again = 'sent-again';
    await searchable(ada, await ada.syncSession({ externalId: again, title: `First ${SECRET}` }));
    await searchable(ada, positionOf((await remove(ada, again)).headers));
    const sequence = await ada.syncSession({ externalId: again, title: `Again ${SECRET}` });
    const { status, headers } = await remove(ada, again);
    expect(status).toBe(200);
    expect(positionOf(headers)).not.toBe(sequence);
    await searchable(ada, positionOf(headers));
    expect(await ada.sessions()).toEqual([]);
    expect((await ada.search(SECRET, 'fulltext')).results).toEqual([]);
  });

  it('can be restored for a day, complete, with what its plugin sent meanwhile', async () => {
    const undone = 'undone';
    const word = 'capercaillie';
    const message = { sessionExternalId: undone, externalId: 'm1', role: 'user', textContent: `About a ${word}` };
    const written = await ada.syncMessage(message);
    await searchable(ada, written);
    await embedded(ada, written);
    const before = await ada.session(undone);
    const trashed = await ada.request(`/api/sessions/${undone}`, { method: 'DELETE' });
    expect(trashed.body).toMatchObject({ ok: true, deleted: true, restorableUntil: expect.any(Number) });
    await searchable(ada, positionOf(trashed.headers));
    await embedded(ada, positionOf(trashed.headers));
    expect((await ada.request(`/api/sessions/${undone}`)).status).toBe(404);
    expect(await found(ada, word)).toEqual([false, false, false]);
    const late = await ada.syncMessage({ ...message, externalId: 'm2', textContent: `Later about the ${word}` });
    await ada.request('/api/sessions', { headers: { 'osk-wait-sequence': late } });
    expect((await ada.request(`/api/sessions/${undone}`)).status).toBe(404);

    await target.kill();
    await target.start();
    const restored = await ada.request(`/api/sessions/${undone}/restore`, { method: 'POST' });
    expect(restored.status).toBe(200);
    await searchable(ada, positionOf(restored.headers));
    await embedded(ada, positionOf(restored.headers));
    const after = await ada.session(undone);
    expect(after).toMatchObject({ id: before.id, title: before.title, messageCount: 2 });
    expect(after.messages[0]).toEqual(before.messages[0]);
    expect(await found(ada, word)).toEqual([true, true, true]);
    await searchable(ada, positionOf((await remove(ada, undone)).headers));
  });

  it('begins as a new one when its plugin sends it again', async () => {
    const sequence = await ada.syncMessage({
      sessionExternalId: SESSION,
      externalId: 'm1',
      role: 'user',
      textContent: 'Later words about sandpipers',
    });
    await searchable(ada, sequence);
    await embedded(ada, sequence);
    const session = await ada.session(SESSION);
    expect(session).toMatchObject({ title: 'Later words about sandpipers', promptTokens: 0, cost: 0, messageCount: 1 });
    expect(session.messages).toMatchObject([{ textContent: 'Later words about sandpipers', parts: [] }]);
    expect(JSON.stringify(session)).not.toContain('ptarmigan');
    expect((await ada.search(SECRET, 'fulltext')).results).toEqual([]);
    // The killed projector's work is delivered again, including a deletion: it removes the rows and writes them
    // again.
    const hits = async () => (await ada.search('sandpipers', 'fulltext')).results;
    expect(
      await waitFor(async () => {
        const found = await hits();
        return found.length > 0 && found;
      }),
    ).toMatchObject([{ sessionId: session.id }]);
  });
});
