import { evolveSession, sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, aSessionDeleted, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const ada = OWNERS.ada!;
const sessionId = sessionIdOf(ada, 'session-1');
let app: QueryApp;

beforeAll(async () => {
  app = await startQueryApp();
  const message = (externalId: string) =>
    aMessageSynced({ externalId, sessionExternalId: 'session-1' }, { owner: ada });
  await storeEvents(app.resources, ada, [
    aSessionSynced({ externalId: 'session-1' }, { owner: ada }),
    message('first'),
    message('second'),
  ]);
});
afterAll(() => app[Symbol.asyncDispose]());

const ask = (sessions: unknown, as = 'ada-ingest') => app.request('POST', '/api/audit', { as, body: { sessions } });

describe('POST /api/audit', () => {
  it('confirms a session whose messages are all stored', async () => {
    const { status, body } = await ask([{ externalId: 'session-1', messageCount: 2, lastMessageId: 'second' }]);
    const session = { externalId: 'session-1', sessionId, stored: true, messageCount: 2 };
    expect({ status, body }).toEqual({
      status: 200,
      body: { complete: true, sessions: [{ ...session, complete: true, missingMessages: 0, lastMessageStored: true }] },
    });
  });

  it('names what is missing: messages, the last message, a whole session', async () => {
    const { body } = await ask([
      { externalId: 'session-1', messageCount: 5 },
      { externalId: 'session-1', lastMessageId: 'third' },
      { externalId: 'never-sent', messageCount: 3, lastMessageId: 'second' },
      { externalId: 'session-1' },
    ]);
    expect(body.complete).toBe(false);
    expect(body.sessions).toMatchObject([
      { complete: false, stored: true, missingMessages: 3 },
      { complete: false, stored: true, lastMessageStored: false },
      { complete: false, stored: false, messageCount: 0, missingMessages: 3, lastMessageStored: false },
      { complete: true, stored: true, messageCount: 2 },
    ]);
  });

  it('answers from the sessions of the caller alone', async () => {
    const { body } = await ask([{ externalId: 'session-1', lastMessageId: 'second' }], 'bob-ingest');
    expect(body.sessions).toMatchObject([{ stored: false, messageCount: 0, lastMessageStored: false }]);
  });

  it('does not ask for a deleted session again', async () => {
    await storeEvents(app.resources, ada, [aSessionSynced({ externalId: 'gone' }, { owner: ada })], { first: 50 });
    const id = sessionIdOf(ada, 'gone');
    const { revision, ...session } = (await app.resources.documents.load(ada, { sessions: [id] })).sessions.get(id)!;
    const gone = evolveSession(session, { ...aSessionDeleted('gone', { owner: ada }), sequence: 60 })!;
    await app.resources.documents.save({ sessions: [{ ...gone, revision }], messages: [], parts: [] });
    const { body } = await ask([{ externalId: 'gone', messageCount: 1 }]);
    expect(body).toMatchObject({ complete: true, sessions: [{ complete: true, stored: false, deleted: true }] });
  });

  it('compares a thousand sessions in one request', async () => {
    const names = Array.from({ length: 1_000 }, (_, at) => (at === 999 ? 'session-1' : `s${at}`));
    const { body } = await ask(names.map((externalId) => ({ externalId })));
    expect(body.sessions.map(({ externalId }: { externalId: string }) => externalId)).toEqual(names);
    expect(body.sessions.filter(({ stored }: { stored: boolean }) => stored)).toHaveLength(1);
  });

  it.each([
    [undefined, 'sessions'],
    ['session-1', 'sessions'],
    [[{}], 'sessions.0.externalId'],
    [[{ externalId: 7 }], 'sessions.0.externalId'],
    [[{ externalId: 'x', messageCount: -1 }], 'sessions.0.messageCount'],
    [[{ externalId: 'x', messageCount: 1.5 }], 'sessions.0.messageCount'],
    [[{ externalId: 'x', lastMessage: 'y' }], 'sessions.0.lastMessage'],
    [Array.from({ length: 1_001 }, () => ({ externalId: 'x' })), 'sessions'],
  ])('rejects %j and names the place', async (sessions, path) => {
    const { status, body } = await ask(sessions);
    expect({ status, at: body.error.details[0].path }).toEqual({ status: 400, at: path });
  });
});
