import { randomUUID } from 'node:crypto';
import { connectLog, EventPublisher } from '@opensync/event-log';
import type { NewEvent, Owner, Positions, Visibility } from '@opensync/contracts';
import { waitFor } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { readHolder } from './harness/positions.ts';
import { embedded, searchable } from './harness/settled.ts';
import { startTarget, type Target } from './harness/target.ts';

const SESSION = 'a-session-of-bob';
const WORDS = 'bittern reedbed';
const SEARCHES = ['fulltext', 'semantic', 'hybrid'] as const;

/** Two members of a workspace, and somebody of another one. */
describe('a session that is shared with a workspace', () => {
  let target: Target;
  let log: Awaited<ReturnType<typeof connectLog>>;
  let ada: Api;
  let bob: Api;
  let cid: Api;
  let ofBob: Owner;
  let sessionId: string;
  let positions: Positions;
  let written: string;

  beforeAll(async () => {
    target = await startTarget();
    log = await connectLog({ ...(await target.log()), name: 'e2e' });
    ada = await target.api('ada-of-the-team@example.com');
    bob = await target.api('bob-of-the-team@example.com');
    cid = await target.api('cid-of-elsewhere@example.com', 'elsewhere');
    await bob.syncSession({ externalId: SESSION, title: 'Title of a plugin', source: 'codex', cost: 2 });
    written = await bob.syncMessage({
      sessionExternalId: SESSION,
      externalId: 'm1',
      role: 'user',
      textContent: `Where does the ${WORDS} begin?`,
      parts: [{ type: 'text', content: `A ${WORDS} begins at the water` }],
    });
    await searchable(bob, written);
    await embedded(bob, written);
    sessionId = (await bob.session(SESSION)).id;
    ({ owner: ofBob, positions } = await readHolder(target, bob));
  });
  afterAll(async () => {
    await log?.close();
    await target?.stop();
  });

  /** What `PATCH /api/sessions/:id` stores. */
  async function curate(set: { visibility?: Visibility; title?: string }): Promise<void> {
    const type = 'dev.opensync.session.curated.v1';
    const data = { sessionId, externalId: SESSION, ...set };
    const event: NewEvent = { id: randomUUID(), type, owner: ofBob, time: Date.now(), data };
    const publisher = new EventPublisher(log, { source: 'e2e', mode: 'plain' });
    const [sequence] = await publisher.publish([event]);
    await publisher.close();
    await searchable(bob, positions.encode(sequence!));
    await embedded(bob, positions.encode(sequence!));
  }

  async function seenBy(api: Api) {
    const found = await Promise.all(
      SEARCHES.map(async (type) => (await api.search(WORDS, type)).results.map((result) => result.sessionId)),
    );
    return {
      listed: (await api.sessions()).map(({ id }) => id),
      page: (await api.request(`/api/sessions/${sessionId}`)).status,
      found: found.map((ids) => ids.includes(sessionId)),
      receipt: (await api.request(`/api/receipts/${written}`)).status,
      cost: (await api.get<{ totalCost: number }>('/api/stats')).totalCost,
      plugin: (await api.get<{ sessionIds: string[] }>('/sync/sessions/list')).sessionIds,
    };
  }
  const NOTHING = { listed: [], page: 404, found: [false, false, false], receipt: 404, cost: 0, plugin: [] };
  const all = () => ({ listed: [sessionId], page: 200, found: [true, true, true], receipt: 200, cost: 2 });

  it('is its owner’s alone at first', async () => {
    expect(await seenBy(bob)).toEqual({ ...all(), plugin: [SESSION] });
    expect(await seenBy(ada)).toEqual(NOTHING);
    expect(await seenBy(cid)).toEqual(NOTHING);
  });

  it('is read and found by every member, and by nobody else, under the title that a person gave', async () => {
    await curate({ visibility: 'workspace', title: 'Where bitterns live' });
    await searchable(bob, await bob.syncSession({ externalId: SESSION, title: 'Later title of a plugin' }));
    expect(await seenBy(ada)).toEqual({ ...all(), plugin: [] });
    expect(await seenBy(cid)).toEqual(NOTHING);
    const page = await ada.session(sessionId);
    expect(page).toMatchObject({ title: 'Where bitterns live', visibility: 'workspace', userId: ofBob.userId });
    expect(page.messages[0]!.parts).toMatchObject([{ content: `A ${WORDS} begins at the water` }]);
    const [hit] = (await ada.search('bitterns', 'fulltext')).results;
    expect(hit).toMatchObject({ sessionId, snippet: expect.stringContaining('<mark>') });
    const deletion = await ada.request(`/api/sessions/${sessionId}`, { method: 'DELETE' });
    expect([deletion.status, (await bob.session(SESSION)).id]).toEqual([403, sessionId]);
  });

  it('is shared over a restart', async () => {
    await log.close();
    await target.kill();
    await target.start();
    // The log may have another port now.
    log = await connectLog({ ...(await target.log()), name: 'e2e' });
    expect(await seenBy(ada)).toEqual({ ...all(), plugin: [] });
    expect(await seenBy(cid)).toEqual(NOTHING);
  });

  it('is its owner’s alone again when they take it back', async () => {
    await curate({ visibility: 'private' });
    expect(await seenBy(bob)).toEqual({ ...all(), plugin: [SESSION] });
    await waitFor(async () => JSON.stringify(await seenBy(ada)) === JSON.stringify(NOTHING), {
      timeoutMs: 120_000,
      what: 'the end of the sharing',
    });
    expect(await seenBy(cid)).toEqual(NOTHING);
  });
});
