import { KEYED_ROUTES } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { embedded, searchable } from './harness/settled.ts';
import { startTarget, type Target } from './harness/target.ts';

const SESSION = 'the-same-session';
const MESSAGE = 'the-same-message';

/** Two people whose tools chose the same ids. Nothing of one may ever show in what the other reads. */
/** What no key may do. */
const NEEDS_LOGIN: ReadonlySet<string> = new Set(['/auth/connect', '/auth/invitation/join']);

describe('two owners with the same external ids', () => {
  let target: Target;
  let ada: Owner;
  let bob: Owner;

  interface Owner {
    readonly api: Api;
    /** Of a message. */
    readonly messageId: string;
    readonly title: string;
    readonly secret: string;
    readonly sessionId: string;
    /** Of the last write. */
    readonly sequence: string;
  }

  async function owner(email: string, title: string, secret: string): Promise<Owner> {
    const api = await target.api(email);
    const session = {
      externalId: SESSION,
      title,
      source: secret,
      model: secret,
      projectName: secret,
      promptTokens: 10,
    };
    await api.syncSession(session);
    const text = {
      sessionExternalId: SESSION,
      externalId: MESSAGE,
      role: 'user',
      textContent: `My word is ${secret} today`,
    };
    await api.syncMessage(text);
    const sequence = await api.syncBatch({
      sessions: [{ externalId: 'from-a-batch', title }],
      messages: [
        {
          sessionExternalId: SESSION,
          externalId: 'tool',
          role: 'assistant',
          parts: [{ type: 'tool-call', toolName: 'Bash', args: { command: `echo ${secret}` } }],
        },
      ],
    });
    const { id, messages } = await api.session(SESSION, sequence);
    return { api, title, secret, sessionId: id, messageId: messages[0]!.id, sequence };
  }

  beforeAll(async () => {
    target = await startTarget();
    ada = await owner('ada@example.com', 'The loom of Ada', 'aquamarine');
    bob = await owner('bob@example.com', 'The boat of Bob', 'bergamot');
    for (const { api, sequence } of [ada, bob]) {
      await searchable(api, sequence);
      await embedded(api, sequence);
    }
  });
  afterAll(() => target?.stop());

  const pairs = () =>
    [
      [ada, bob],
      [bob, ada],
    ] as const;

  it('have sessions of their own, under ids of their own', async () => {
    expect(ada.sessionId).not.toBe(bob.sessionId);
    for (const [{ api, title, secret, sessionId }, other] of pairs()) {
      for (const path of [`/api/sessions/${SESSION}`, `/api/sessions/${sessionId}`]) {
        const page = await api.get<Record<string, unknown>>(path);
        expect(page).toMatchObject({ id: sessionId, title, source: secret, messageCount: 2, promptTokens: 10 });
        expect(JSON.stringify(page)).not.toContain(other.secret);
      }
      const got = await api.get<{ session: { id: string }; messages: unknown[] }>(`/api/sessions/get?id=${SESSION}`);
      expect(got.session.id).toBe(sessionId);
      expect(got.messages).toHaveLength(2);
      expect(JSON.stringify(got)).not.toContain(other.secret);
    }
  });

  it("get 404 for the other's session, as if it did not exist", async () => {
    for (const [{ api }, other] of pairs()) {
      for (const path of [`/api/sessions/${other.sessionId}`, `/api/sessions/get?id=${other.sessionId}`]) {
        const { status, body } = await api.request(path);
        expect({ status, body }).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
      }
    }
  });

  it('list and count what is theirs alone', async () => {
    for (const [{ api, title, secret }, other] of pairs()) {
      const sessions = await api.sessions();
      expect(sessions.map(({ externalId }) => externalId).sort()).toEqual(['from-a-batch', SESSION]);
      expect(sessions.map((session) => session.title)).toEqual([title, title]);
      for (const filter of ['source', 'model', 'project']) {
        expect(await api.sessions(`&${filter}=${other.secret}`)).toEqual([]);
        expect(await api.sessions(`&${filter}=${secret}`)).toHaveLength(1);
      }
      const { sessionIds } = await api.get<{ sessionIds: string[] }>('/sync/sessions/list');
      expect(sessionIds.sort()).toEqual(['from-a-batch', SESSION]);
      const stats = await api.get<Record<string, unknown>>('/api/stats');
      expect(stats).toMatchObject({ sessionCount: 2, messageCount: 2, promptTokens: 10 });
      expect(JSON.stringify(stats)).not.toContain(other.secret);
    }
  });

  it("cannot page into the other's sessions with the other's cursor", async () => {
    for (const [{ api }, other] of pairs()) {
      const { cursor } = await other.api.get<{ cursor: string }>('/api/sessions?limit=1');
      const { body } = await api.request(`/api/sessions?limit=50&cursor=${encodeURIComponent(cursor)}`);
      expect(JSON.stringify(body)).not.toContain(other.title);
    }
  });

  it.each(['fulltext', 'semantic', 'hybrid'] as const)("never find the other's words by %s search", async (type) => {
    for (const [{ api, secret, sessionId }, other] of pairs()) {
      for (const query of [other.secret, other.title, `My word is ${other.secret} today`, `echo ${other.secret}`]) {
        const answers = [
          await api.request('/search', { json: { query, type, limit: 100 } }),
          await api.request(`/api/search?q=${encodeURIComponent(query)}&type=${type}&limit=100`),
        ];
        for (const { status, body } of answers) {
          expect(status).toBe(200);
          // `missing` repeats words of the caller's own query.
          expect(JSON.stringify(withoutMissing(body))).not.toContain(other.secret);
          expect(JSON.stringify(body)).not.toContain(other.sessionId);
        }
      }
      const own = await api.search(secret, type);
      expect(own.degraded ?? []).toEqual([]);
      expect(own.results.map((result) => result.sessionId)).toContain(sessionId);
    }
  });

  it("get no receipt for the other's writes", async () => {
    for (const [{ api, sequence }, other] of pairs()) {
      expect((await api.request(`/api/receipts/${sequence}`)).status).toBe(200);
      const { status, body } = await api.request(`/api/receipts/${other.sequence}`);
      expect({ status, body }).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
    }
  });

  it("cannot write into the other's session, whatever id they name", async () => {
    const before = await ada.api.session(SESSION);
    const title = 'Overwritten by Bob';
    const message = { externalId: MESSAGE, role: 'user', textContent: 'Overwritten by Bob', source: 'overwritten' };
    let last = '';
    for (const externalId of [SESSION, ada.sessionId]) {
      await bob.api.syncSession({ externalId, title, promptTokens: 999 });
      await bob.api.syncSession({ sessionId: externalId, title });
      await bob.api.syncMessage({ ...message, sessionExternalId: externalId });
      last = await bob.api.syncBatch({
        sessions: [{ externalId, title }],
        messages: [{ ...message, sessionId: externalId, parts: [{ type: 'text', content: 'overwritten' }] }],
      });
    }
    await searchable(bob.api, last);
    expect(await ada.api.session(SESSION)).toEqual(before);
    expect(await ada.api.session(ada.sessionId)).toEqual(before);
    expect((await ada.api.search('overwritten', 'fulltext')).results).toEqual([]);
    expect(await bob.api.session(SESSION)).toMatchObject({ title, promptTokens: 999 });
  });

  it("are told nothing of each other on any route, whatever of the other's they name", async () => {
    for (const [{ api }, other] of pairs()) {
      const before = await other.api.session(other.sessionId);
      for (const session of [SESSION, other.sessionId]) {
        for (const { method, route, access, rows, call } of KEYED_ROUTES) {
          // Neither of them operates the server, manages the members, or is logged in.
          if (access.includes('operate') || access.includes('manageMembers') || NEEDS_LOGIN.has(route)) continue;
          // Under this id it would be the caller's own that is deleted.
          if (method === 'DELETE' && session === SESSION) continue;
          const { path, json } = call({
            ...{ session, sequence: other.sequence, words: other.secret },
            ...{ message: other.messageId, sha256: '0'.repeat(64) },
          });
          const { status, body } = await api.request(path, { method, json });
          // A bulk command finds its only session missing. Some calls are made so that they change nothing.
          const changesNothing = rows.every(({ sessions }) => sessions?.own === 400);
          const expected = changesNothing ? 400 : [404, 207].includes(status) ? status : 200;
          expect({ route, status }).toEqual({ route, status: expected });
          const told = [other.secret, other.title].filter((words) => JSON.stringify(body).includes(words));
          expect({ route, told }).toEqual({ route, told: [] });
        }
      }
      await searchable(api, await api.syncSession({ externalId: 'after-that' }));
      expect(await other.api.session(other.sessionId)).toEqual(before);
    }
  });
});

function withoutMissing(body: Record<string, unknown>): unknown {
  const results = body.results as readonly Record<string, unknown>[];
  return { ...body, missing: undefined, results: results.map((result) => ({ ...result, missing: undefined })) };
}
