import { AppError } from '@opensync/platform';
import type { Erasure } from '@opensync/event-log/erasure';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';

const { workspaceId, userId } = OWNERS['ada']!;
const ERASURE: Erasure = {
  ...{ id: 'ers_1', workspaceId, userId, requestedAt: 1_000 },
  found: { sessions: 2, messages: 3, payloads: 1 },
  hidden: { at: 1_001, sequence: 77_777, keys: 2, invitations: 1 },
};

let app: QueryApp;
let begun: string[];
beforeAll(async () => {
  app = await startQueryApp();
});
beforeEach(() => {
  begun = [];
  app.replace({
    erasures: {
      begin: async (caller) => {
        begun.push(caller.userId);
        return ERASURE;
      },
      of: async (id) => (id === ERASURE.id ? ERASURE : undefined),
    },
  });
});
afterEach(() => app.restore());
afterAll(() => app[Symbol.asyncDispose]());

const erase = (body: unknown, as = 'ada-admin') => app.request('DELETE', '/api/me', { as, body });

describe('DELETE /api/me', () => {
  it('begins the erasure of the caller, who confirms it with their id', async () => {
    const { status, headers, body } = await erase({ confirm: userId });
    expect({ status, body }).toEqual({ status: 202, body: { ok: true, erasureId: 'ers_1' } });
    expect(headers['location']).toBe('/api/erasures/ers_1');
    expect(begun).toEqual([userId]);
  });

  it.each([
    [{}],
    [{ confirm: true }],
    [{ confirm: '' }],
    [{ confirm: OWNERS['bob']!.userId }],
    [{ confirm: 'x'.repeat(101) }],
    [{ confirm: userId, userId: OWNERS['bob']!.userId }],
    [undefined],
  ])('does nothing with %j', async (body) => {
    expect(await erase(body)).toMatchObject({ status: 400, body: { error: { code: 'INVALID_REQUEST' } } });
    expect(begun).toEqual([]);
  });

  it('needs a key with the scope admin, and says why it is refused', async () => {
    for (const as of ['ada', 'ada-ingest', 'ada-operator']) {
      expect((await erase({ confirm: userId }, as)).status).toBe(403);
    }
    expect(
      (await app.request('DELETE', '/api/me', { body: { confirm: userId }, headers: { authorization: '' } })).status,
    ).toBe(401);
    expect(begun).toEqual([]);
    const begin = () => Promise.reject(new AppError('CONFLICT', 'You are the last owner'));
    app.replace({ erasures: { ...app.resources.erasures, begin } });
    expect(await erase({ confirm: userId })).toMatchObject({ status: 409 });
  });
});

describe('GET /api/erasures/:id', () => {
  const read = (id: string) => app.request('GET', `/api/erasures/${id}`, { headers: { authorization: '' } });

  it('shows anybody who has the id how far it is, without positions of the log', async () => {
    const { headers, body, text } = await read('ers_1');
    expect(headers['x-robots-tag']).toBe('noindex, nofollow');
    expect(body).toEqual({
      ...{ id: 'ers_1', workspaceId, userId, requestedAt: 1_000, state: 'erasing', hiddenAt: 1_001 },
      found: { sessions: 2, messages: 3, payloads: 1 },
      erased: { keys: 2, invitations: 1 },
      verified: {},
    });
    expect(text).not.toContain('77777');
  });

  it('is a certificate once all stores were asked', async () => {
    const done: Erasure = {
      ...ERASURE,
      ...{ stores: { at: 2_000, sessions: 4 }, payloads: { at: 2_001 }, events: { removed: 9, at: 2_002 } },
    };
    app.replace({ erasures: { ...app.resources.erasures, of: async () => done } });
    expect((await read('ers_1')).body).toMatchObject({
      ...{ state: 'complete', completedAt: 2_002 },
      erased: { keys: 2, invitations: 1, sessions: 4, events: 9 },
      verified: { documents: 2_000, fullText: 2_000, vectors: 2_000, payloads: 2_001, events: 2_002 },
    });
  });

  it.each(['ers_2', '*', '>', '%00', 'x'.repeat(200)])('is 404 for %s', async (id) => {
    expect((await read(id)).status).toBe(404);
  });
});
