import { messageIdOf, sessionIdOf, type NewEvent } from '@opensync/contracts';
import {
  aMessageSynced,
  aSessionCurated,
  aSessionDeleted,
  aSessionSynced,
  openLive,
  waitFor,
  type OpenLive,
} from '@opensync/testkit';
import { OWNERS, positionOf, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

let app: QueryApp;
let url: string;
const opened: OpenLive[] = [];
const valid = new Set<string>();

beforeAll(async () => {
  app = await startQueryApp({
    mayAccess: (token) => !token.includes('revocable') || valid.has(token),
    live: { streamsPerKey: 8, streamBytes: 256 * 1024 },
  });
  url = await app.listen();
});
afterEach(async () => {
  app.restore();
  app.log.applied = 100;
  app.log.changesAfter = async () => undefined;
  await Promise.all(opened.splice(0).map((live) => live.close()));
  await waitFor(() => app.resources.live.open === 0, { what: 'the end of all streams', timeoutMs: 5_000 });
});
afterAll(() => app[Symbol.asyncDispose]());

async function open(as = 'ada', query = '', lastEventId?: string): Promise<OpenLive> {
  const live = await openLive(url, { key: `osk_${as}`, query, lastEventId });
  opened.push(live);
  return live;
}

/** A stream that gets what is announced from now on. */
async function following(as = 'ada', query = ''): Promise<OpenLive> {
  const live = await open(as, query);
  await live.frame('ready');
  return live;
}

let next = 1;
/** Stores an owner's events and announces them, as a projector does. */
async function apply(as: string, events: readonly NewEvent[]): Promise<void> {
  const first = next;
  next += events.length;
  const owner = OWNERS[as]!;
  await storeEvents(app.resources, owner, events, { first });
  const changes = events.map(({ data }, at) => {
    const { sessionId, messageId } = data as { sessionId: string; messageId?: string };
    return { sequences: [first + at], session: sessionId, message: messageId };
  });
  app.announced.onApplied(owner, changes);
}

let names = 0;
const newName = () => `live-${names++}`;
const synced = (as: string, externalId: string, data: object = {}) =>
  aSessionSynced({ externalId, title: `Title of ${externalId}`, ...data }, { owner: OWNERS[as]! });
const written = (as: string, sessionExternalId: string, data: object = {}) =>
  aMessageSynced(
    {
      sessionExternalId,
      externalId: `message of ${sessionExternalId}`,
      role: 'user',
      textContent: 'secret words',
      ...data,
    },
    { owner: OWNERS[as]! },
  );
const ofSession = (as: string, externalId: string) => {
  const id = sessionIdOf(OWNERS[as]!, externalId);
  return ({ data }: { data: { id?: string; sessionId?: string } }) => data.id === id || data.sessionId === id;
};
const eventsAbout = (live: OpenLive, as: string, externalId: string) =>
  live.frames.filter(ofSession(as, externalId)).map(({ event }) => event);

describe('GET /api/live', () => {
  it('sends sessions and messages when the documents have them, without bodies', async () => {
    const name = newName();
    const live = await following();
    expect(live.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(live.headers.get('x-accel-buffering')).toBe('no');
    expect(live.headers.get('content-encoding')).toBeNull();
    await apply('ada', [synced('ada', name, { model: 'm1' }), written('ada', name)]);

    const { data, id } = await live.frame(({ event }) => event === 'session');
    const sessionId = sessionIdOf(OWNERS.ada!, name);
    expect(data).toMatchObject({ _id: sessionId, id: sessionId, externalId: name, model: 'm1', messageCount: 1 });
    expect(id).toBe(positionOf(100));
    const message = await live.frame('message');
    expect(message.data).toMatchObject({ sessionId, role: 'user', externalId: `message of ${name}` });
    expect(live.text()).not.toContain('secret words');
    // A client that reads on an event finds the change.
    const { body } = await app.request('GET', `/api/sessions/${sessionId}`);
    expect(body.messages).toHaveLength(1);
  });

  it('sends the sessions of others only while they share them', async () => {
    const [shared, own] = [newName(), newName()];
    const [ada, bob, cid] = await Promise.all([following('ada'), following('bob'), following('cid')]);
    await apply('ada', [synced('ada', own)]);
    const share = aSessionCurated({ externalId: shared, visibility: 'workspace' }, { owner: OWNERS.ada! });
    await apply('ada', [synced('ada', shared), share, written('ada', shared)]);
    await bob.frame(ofSession('ada', shared));
    await ada.frame(ofSession('ada', shared));
    expect(eventsAbout(bob, 'ada', own)).toEqual([]);

    // It ends for those who saw it, and stops.
    const sessions = await app.resources.documents.load(OWNERS.ada!, { sessions: [sessionIdOf(OWNERS.ada!, shared)] });
    const [state] = [...sessions.sessions.values()];
    const fields = { ...state!.fields, visibility: 'private' as const };
    await app.resources.documents.save({ sessions: [{ ...state!, fields }], messages: [], parts: [] });
    const change = { sequences: [next++], session: state!.id };
    app.announced.onApplied(OWNERS.ada!, [change]);
    await bob.frame('gone');
    const before = eventsAbout(bob, 'ada', shared).length;
    app.announced.onApplied(OWNERS.ada!, [change]);
    await apply('bob', [synced('bob', newName())]);
    await bob.frame(({ data }) => data.userId === OWNERS.bob!.userId);
    expect(eventsAbout(bob, 'ada', shared)).toHaveLength(before);
    expect(ada.frames.some(({ event }) => event === 'gone')).toBe(false);
    expect(cid.frames.map(({ event }) => event)).toEqual(['ready']);
  });

  it('says when a session of the reader is deleted', async () => {
    const name = newName();
    const [ada, bob] = await Promise.all([following('ada'), following('bob')]);
    await apply('ada', [aSessionDeleted(name, { owner: OWNERS.ada! })]);
    expect((await ada.frame('gone')).data).toEqual({ sessionId: sessionIdOf(OWNERS.ada!, name) });
    expect(bob.frames.map(({ event }) => event)).toEqual(['ready']);
  });

  it.each([
    ['?source=codex', 'codex-one'],
    ['?project=api', 'in-api'],
    ['?provider=anthropic', 'of-anthropic'],
    ['?session=codex-one', 'codex-one'],
    [`?session=${sessionIdOf(OWNERS.ada!, 'in-api')}`, 'in-api'],
  ])('filters by %s', async (query, expected) => {
    const live = await following('ada', query);
    await apply('ada', [
      synced('ada', 'codex-one', { source: 'codex' }),
      synced('ada', 'in-api', { projectName: 'api', source: 'claude-code' }),
      synced('ada', 'of-anthropic', { provider: 'anthropic', source: 'claude-code' }),
    ]);
    await live.frame('session');
    expect(live.frames.filter(({ event }) => event === 'session').map(({ data }) => data.externalId)).toEqual([
      expected,
    ]);
  });

  it('sends only the kinds that were asked for, and receipts to those who wrote', async () => {
    const name = newName();
    const [ada, bob, messages] = await Promise.all([
      following('ada', '?kinds=receipt'),
      following('bob', '?kinds=receipt,session'),
      following('ada', '?kinds=message'),
    ]);
    const first = next;
    await apply('ada', [synced('ada', name, { visibility: 'workspace' }), written('ada', name)]);
    const { data } = await ada.frame(({ data }) => data.messageId !== undefined);
    const sessionId = sessionIdOf(OWNERS.ada!, name);
    expect(data).toEqual({
      ...{ sessionId, messageId: messageIdOf(sessionId, `message of ${name}`) },
      sequences: [positionOf(first + 1)],
    });
    expect(new Set(ada.frames.map(({ event }) => event))).toEqual(new Set(['ready', 'receipt']));
    await messages.frame('message');
    expect(messages.frames.some(({ event }) => event === 'session')).toBe(false);
    expect(bob.frames.some(({ event }) => event === 'receipt')).toBe(false);
  });

  it.each(['?kinds=x', '?kinds=session,', '?seconds=-1', '?limit=1', '?from=2026-01-01'])(
    'rejects %s',
    async (query) => {
      expect((await app.request('GET', `/api/live${query}`)).status).toBe(400);
    },
  );

  it('continues with what was missed since the last id, then with what is announced', async () => {
    const [missed, ofBob] = [newName(), newName()];
    await apply('ada', [synced('ada', missed), written('ada', missed)]);
    await apply('bob', [synced('bob', ofBob)]);
    app.log.applied = 200;
    const asked: unknown[] = [];
    app.log.changesAfter = async (...args) => {
      asked.push(args);
      const session = sessionIdOf(OWNERS.ada!, missed);
      const message = messageIdOf(session, `message of ${missed}`);
      return [
        { owner: OWNERS.ada!, changes: [{ sequences: [1], session, message }] },
        { owner: OWNERS.bob!, changes: [{ sequences: [2], session: sessionIdOf(OWNERS.bob!, ofBob) }] },
      ];
    };
    const live = await open('ada', '', positionOf(50));
    const ready = await live.frame('ready');
    expect(live.frames.map(({ event }) => event)).toEqual(['session', 'message', 'ready']);
    expect(ready.id).toBe(positionOf(200));
    expect(asked).toEqual([[OWNERS.ada!.workspaceId, 50]]);
    // Until it has caught up, its client would resume where it was.
    expect(live.frames[0]!.id).toBeUndefined();
    const name = newName();
    await apply('ada', [synced('ada', name)]);
    await live.frame(ofSession('ada', name));
  });

  it.each([
    ['what no position is', 'x'],
    ['a position of another workspace', positionOf(50, 'cid')],
    ['a position that is too old', positionOf(1)],
  ])('says that the client has to read again after %s', async (_, id) => {
    const live = await open('ada', '', id);
    const { data, id: position } = await live.frame('reset');
    expect(data).toEqual({ reason: 'position' });
    expect(position).toBe(positionOf(100));
  });

  it('ends after what was missed if it is to last no second', async () => {
    app.log.changesAfter = async () => [];
    const live = await open('ada', '?seconds=0', positionOf(50));
    expect(await live.ended).toBe(true);
    expect(live.frames.map(({ event }) => event)).toEqual(['ready']);
  });

  it('tells a client that it has everything up to a position', async () => {
    const live = await following();
    await apply('ada', [synced('ada', newName())]);
    await live.frame('session');
    app.log.applied = 150;
    await live.frame(({ event, id }) => event === 'position' && id === positionOf(150));
  });

  it('reads the log after its connection was lost', async () => {
    const name = newName();
    const live = await following();
    await storeEvents(app.resources, OWNERS.ada!, [synced('ada', name)], { first: next++ });
    const session = sessionIdOf(OWNERS.ada!, name);
    app.log.changesAfter = async () => [{ owner: OWNERS.ada!, changes: [{ sequences: [1], session }] }];
    app.announced.onGap();
    await live.frame(ofSession('ada', name));
    app.log.changesAfter = async () => undefined;
    app.announced.onGap();
    expect((await live.frame('reset')).data).toEqual({ reason: 'too-much-missed' });
  });

  it('tries again while the documents cannot be read', async () => {
    const name = newName();
    const live = await following();
    const { documents } = app.resources;
    let failures = 2;
    const load: typeof documents.load = async (...args) => {
      if (failures-- > 0) throw new Error('the store is away');
      return documents.load(...args);
    };
    app.replace({
      documents: new Proxy(documents, { get: (target, key) => (key === 'load' ? load : bound(target, key)) }),
    });
    await apply('ada', [synced('ada', name)]);
    await live.frame(ofSession('ada', name));
    expect(failures).toBeLessThan(0);
  });

  it('ends within a second after the key was revoked', async () => {
    valid.add('osk_ada-read-revocable');
    const live = await following('ada-read-revocable');
    const other = await following('bob');
    valid.delete('osk_ada-read-revocable');
    const since = performance.now();
    expect(await live.ended).toBe(true);
    expect(performance.now() - since).toBeLessThan(1_500);
    await apply('bob', [synced('bob', newName())]);
    await other.frame('session');
  });

  it('limits the streams of one key', async () => {
    for (let count = 0; count < 8; count++) await following('ada');
    const refused = await open('ada');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
    await refused.ended;
    expect(refused.text()).toContain('OPENSYNC_KEY_LIVE_STREAMS');
    expect((await following('bob')).status).toBe(200);
  });

  it('drops a client that does not read, and no other', async () => {
    const slow = new AbortController();
    const answer = await fetch(`${url}/api/live`, {
      headers: { authorization: 'Bearer osk_ada' },
      signal: slow.signal,
    });
    const live = await following('ada');
    const many = Array.from({ length: 60 }, () => synced('ada', newName(), { title: 'x'.repeat(4_000) }));
    await apply('ada', many);
    const changes = many.map(({ data }) => ({ sequences: [1], session: data.sessionId }));
    // Far more than the buffers of a connection.
    await waitFor(
      () => {
        app.announced.onApplied(OWNERS.ada!, changes);
        return app.resources.live.open === 1;
      },
      { what: 'the end of the slow stream' },
    );
    slow.abort();
    await answer.body?.cancel().catch(() => undefined);
    expect(live.frames.length).toBeGreaterThan(500);
    const last = newName();
    await apply('ada', [synced('ada', last)]);
    await live.frame(ofSession('ada', last));
  });

  it('answers HEAD without a stream', async () => {
    const { status } = await app.get('/api/live', {}, 'HEAD');
    expect(status).toBe(200);
  });
});

it('ends all streams properly when the server stops', async () => {
  const stopping = await startQueryApp();
  const live = await openLive(await stopping.listen(), { key: 'osk_ada' });
  await live.frame('ready');
  const since = performance.now();
  await stopping[Symbol.asyncDispose]();
  expect(await live.ended).toBe(true);
  expect(live.text()).toMatch(/retry: \d{4}\n\n$/);
  expect(performance.now() - since).toBeLessThan(3_000);
});

function bound(target: object, key: string | symbol): unknown {
  const value = (target as Record<string | symbol, unknown>)[key];
  return typeof value === 'function' ? (value as (...args: never[]) => unknown).bind(target) : value;
}
