import { waitFor } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { startTarget, type Target } from './harness/target.ts';

interface Entry {
  readonly userId: string;
  readonly method: string;
  readonly endpoint: string;
  readonly statusCode: number;
  readonly sequence: string | null;
}

/** Each look adds an entry of its own. */
const eventually = <T>(condition: () => Promise<T>) => waitFor(condition, { intervalMs: 200 });

/** Its requests may be served by different processes, each of which logs them with its own user of the event log. */
describe('the API access log', () => {
  let target: Target;
  let ada: Api;
  let bob: Api;
  beforeAll(async () => {
    target = await startTarget();
    ada = await target.api('ada@access.example.com', 'access');
    bob = await target.api('bob@access.example.com', 'access');
  });
  afterAll(() => target?.stop());

  const logs = async (api: Api, query = '') => {
    const { status, body } = await api.request(`/api/logs${query}`);
    if (status !== 200) throw new Error(`status ${status}`);
    return body as { logs: Entry[]; cursor: string | null };
  };

  it('shows a member what their key has sent, failures included', async () => {
    const written = await bob.syncSession({ externalId: 'logged-secret-name', title: 'Logged' });
    await bob.request('/api/sessions/not-there');
    await ada.request('/api/stats');
    const shown = await eventually(async () => {
      const { logs: entries } = await logs(bob);
      return entries.filter(({ endpoint }) => endpoint !== '/api/logs').length >= 2 && entries;
    });
    const lines = shown
      .filter(({ endpoint }) => endpoint !== '/api/logs')
      .map(({ method, endpoint, statusCode }) => `${method} ${endpoint} ${statusCode}`);
    expect(lines.toSorted()).toEqual(['GET /api/sessions/:id 404', 'POST /sync/session 200']);
    expect(shown.find(({ method }) => method === 'POST')!.sequence).toBe(written);
    expect(JSON.stringify(shown)).not.toMatch(/secret-name|not-there|osk_/);
  });

  it('shows an admin of the workspace the requests of its members, page by page', async () => {
    const bobs = await eventually(async () => (await logs(bob)).logs[0]?.userId);
    const ofBob = await eventually(async () => (await logs(ada, `?user=${bobs}&endpoint=/sync/session`)).logs[0]);
    expect(ofBob).toMatchObject({ userId: bobs, statusCode: 200 });
    await eventually(async () => (await logs(ada)).logs.some(({ userId }) => userId !== bobs));
    const whole = (await logs(ada, '?limit=200')).logs.length;
    expect(whole).toBeGreaterThan(3);
    const seen: Entry[] = [];
    let cursor: string | null = null;
    do {
      const page = await logs(ada, `?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.logs);
      cursor = page.cursor;
    } while (cursor !== null);
    expect(seen.length).toBeGreaterThanOrEqual(whole);
    expect(new Set(seen.map(({ userId }) => userId)).size).toBe(2);
  });
});
