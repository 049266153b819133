import { join } from 'node:path';
import {
  evolveMessage,
  evolveSession,
  messageFacts,
  rollupOf,
  type MessageSynced,
  type Owner,
  type SessionSynced,
} from '@opensync/contracts';
import { openSqliteDocuments, type DocumentStore } from '@opensync/stores';
import {
  aMessageSynced,
  anOwner,
  aSessionSynced,
  SOME_TIME,
  temporaryFolder,
  type TemporaryFolder,
} from '@opensync/testkit';
import { SyncedMetadata } from './synced-metadata.ts';

const ADA = anOwner('ada@example.com');
const BOB = anOwner('bob@example.com');

let folder: TemporaryFolder;
let documents: DocumentStore;
let metadata: SyncedMetadata;
beforeAll(async () => {
  folder = await temporaryFolder();
  documents = await openSqliteDocuments(join(folder.path, 'documents.sqlite'));
  metadata = new SyncedMetadata(documents);
});
afterAll(async () => {
  await documents.close();
  await folder.remove();
});

/** Stores a session with its messages, as the projector does. */
async function store(owner: Owner, session: Partial<SessionSynced>, messages: Partial<MessageSynced>[] = []) {
  const states = messages.map((data, at) => {
    const event = aMessageSynced({ sessionExternalId: session.externalId, externalId: `m${at}`, ...data }, { owner });
    return evolveMessage(undefined, { ...event, sequence: at + 2 });
  });
  const state = evolveSession(undefined, { ...aSessionSynced(session, { owner }), sequence: 1 })!;
  const rollup = rollupOf(states.map(messageFacts));
  await documents.save({
    sessions: [{ ...state, rollup, revision: 0 }],
    messages: states.map((message) => ({ ...message, revision: 0 })),
    parts: [],
  });
}

const NOTHING = { ok: true, sessions: [], messages: [] };

describe('the stored state of the sessions and messages that a client names', () => {
  beforeAll(async () => {
    await store(ADA, {
      externalId: 's1',
      model: 'opus',
      provider: 'anthropic',
      promptTokens: 10,
      cost: 0.5,
      durationMs: 900,
      createdAt: 1_700_000_000_000,
    });
    await store(ADA, { externalId: 's2' }, [
      { role: 'user', textContent: 'hi' },
      {
        model: 'sonnet',
        provider: 'x',
        promptTokens: 4,
        completionTokens: 2,
        cacheReadTokens: 90,
        cost: 0.25,
        durationMs: 8,
        createdAt: 1_700_000_000_000,
      },
    ]);
    await store(BOB, { externalId: 's1', model: 'of bob' }, [{ model: 'of bob', promptTokens: 1 }]);
  });

  it('contains its numbers, including those derived from messages', async () => {
    expect(await metadata.of(ADA, { sessions: ['s1', 'nowhere', 's2'] })).toEqual({
      ok: true,
      sessions: [
        {
          ...{
            externalId: 's1',
            model: 'opus',
            provider: 'anthropic',
            promptTokens: 10,
            completionTokens: 0,
            cost: 0.5,
          },
          ...{ durationMs: 900, createdAt: 1_700_000_000_000, updatedAt: SOME_TIME },
        },
        {
          ...{ externalId: 's2', model: 'sonnet', provider: 'x', promptTokens: 4, completionTokens: 2, cost: 0.25 },
          ...{ createdAt: 1_700_000_000_000, updatedAt: SOME_TIME },
        },
      ],
      messages: [],
    });
  });

  it('contains messages, without values that nobody sent', async () => {
    const messages = ['m0', 'm1', 'm2'].map((externalId) => ({ sessionExternalId: 's2', externalId }));
    expect(await metadata.of(ADA, { messages })).toEqual({
      ok: true,
      sessions: [],
      messages: [
        { sessionExternalId: 's2', externalId: 'm0', createdAt: SOME_TIME },
        {
          ...{
            sessionExternalId: 's2',
            externalId: 'm1',
            model: 'sonnet',
            provider: 'x',
            promptTokens: 4,
            completionTokens: 2,
          },
          ...{ cachedTokens: 90, cost: 0.25, durationMs: 8, createdAt: 1_700_000_000_000 },
        },
      ],
    });
  });

  it('contains nobody else’s', async () => {
    const asked = { sessions: ['s1', 's2'], messages: [{ sessionExternalId: 's1', externalId: 'm0' }] };
    expect(await metadata.of(ADA, asked)).toMatchObject({
      sessions: [{ model: 'opus' }, { model: 'sonnet' }],
      messages: [],
    });
    expect(await metadata.of(BOB, asked)).toMatchObject({
      sessions: [{ externalId: 's1', model: 'of bob' }],
      messages: [{ externalId: 'm0', model: 'of bob' }],
    });
    expect(await metadata.of(anOwner('cyn@example.com'), asked)).toEqual(NOTHING);
  });

  it('contains each once, under any name', async () => {
    const sessions = ['s1', 's1', { externalId: 's1' }, { sessionId: 's1' }];
    const messages = [
      { sessionExternalId: 's2', externalId: 'm1' },
      { sessionId: 's2', messageId: 'm1' },
    ];
    const answer = await metadata.of(ADA, { sessions, messages });
    expect([answer.sessions.length, answer.messages.length]).toEqual([1, 1]);
  });

  it.each([
    [{}],
    [{ sessions: null, messages: null }],
    [{ sessions: 's1', messages: {} }],
    [
      {
        sessions: [null, {}, [], '', true, 'x'.repeat(600)],
        messages: [null, 's2', {}, { externalId: 'm1' }, { sessionExternalId: 's2' }],
      },
    ],
  ])('is empty if nothing is named: %j', async (body) => expect(await metadata.of(ADA, body)).toEqual(NOTHING));

  it.each([[null], [[]], ['s1'], [undefined]])('cannot be requested with %j', async (body) => {
    await expect(metadata.of(ADA, body)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('is bounded', async () => {
    const sessions = Array.from({ length: 9_999 }, (_, n) => `s${n}`);
    expect((await metadata.of(ADA, { sessions, messages: [{}] })).sessions.map(({ externalId }) => externalId)).toEqual(
      ['s1', 's2'],
    );
    await expect(metadata.of(ADA, { sessions, messages: [{}, {}] })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });
});
