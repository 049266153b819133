import {
  EMPTY_ROLLUP,
  evolveSession,
  messageFacts,
  rollupOf,
  type PartState,
  type SessionState,
} from '@opensync/contracts';
import { anOwner, aSessionSynced, SOME_TIME } from '@opensync/testkit';
import fc from 'fast-check';
import type { DocumentStore } from '../port.ts';
import {
  ada,
  aMessage,
  aPart,
  aSession,
  bob,
  byOrder,
  evolve,
  fresh,
  ODD_CONTENT,
  ODD_TEXT,
  page,
  save,
  whole,
  type OpenStore,
} from './states.ts';

/** Loading, saving, counting, and keeping owners apart. */
export function savingConformance(open: OpenStore): void {
  let store: DocumentStore;
  beforeEach(() => {
    store = open();
  });

  describe('load and save', () => {
    it('returns what was saved, under the next revision', async () => {
      const session = aSession({ title: ODD_TEXT, projectPath: '/a\0b', model: 'm\0', cost: 0.1 + 0.2 });
      const message = aMessage({ textContent: ODD_TEXT, partCount: 3 }, { sequence: 2 });
      const parts = [
        aPart({ order: 0, type: 'text', content: ODD_TEXT }, { sequence: 3 }),
        aPart({ order: 1, type: ODD_TEXT, content: ODD_CONTENT }, { sequence: 4 }),
        aPart({ order: 2, type: 'empty', content: null }, { sequence: 5 }),
      ];
      expect(await save(store, { sessions: [fresh(session)], messages: [fresh(message)], parts })).toEqual([]);
      const loaded = await store.load(ada, { sessions: [session.id], messages: [message.id] });
      expect(loaded.sessions).toEqual(new Map([[session.id, { ...session, revision: 1 }]]));
      expect(loaded.messages).toEqual(new Map([[message.id, { ...message, revision: 1 }]]));
      const found = (await whole(store, message.id))!;
      expect(found.message).toEqual(message);
      // As text, since matchers do not look at a key named __proto__.
      expect(JSON.stringify(byOrder(found.parts).map(({ content }) => content))).toBe(
        JSON.stringify(parts.map(({ content }) => content)),
      );
      expect(byOrder(found.parts).map(({ type }) => type)).toEqual(parts.map(({ type }) => type));
    });

    it('returns nothing that was never saved', async () => {
      const loaded = await store.load(ada, { sessions: ['ses_x'], messages: ['msg_x'], rollups: ['ses_x'] });
      expect(loaded.sessions.size).toBe(0);
      expect(loaded.messages.size).toBe(0);
      expect(loaded.rollups).toEqual(new Map([['ses_x', EMPTY_ROLLUP]]));
      expect(await save(store, {})).toEqual([]);
      expect(await store.load(ada, {})).toEqual({
        sessions: new Map(),
        gone: new Map(),
        messages: new Map(),
        rollups: new Map(),
      });
    });

    it('returns exactly those that lost the race for their revision, and saves the others', async () => {
      const [first, second, third] = ['1', '2', '3'].map((externalId) => aSession({ externalId, title: 'old' }));
      const message = aMessage({ textContent: 'old' });
      await save(store, { sessions: [fresh(first!), fresh(second!)], messages: [fresh(message)] });
      const changed = <T extends SessionState>(session: T) => evolve(session, { title: 'new' }, 9);
      const lost = await save(store, {
        sessions: [
          { ...changed(first!), revision: 0 },
          { ...changed(second!), revision: 1 },
          { ...changed(third!), revision: 4 },
        ],
        messages: [{ ...message, fields: { text: 'new' }, revision: 2 }],
      });
      expect([...lost].sort()).toEqual([first!.id, third!.id, message.id].sort());
      const ids = [first!.id, second!.id, third!.id];
      const { sessions, messages } = await store.load(ada, { sessions: ids, messages: [message.id] });
      expect(ids.map((id) => [sessions.get(id)?.fields.title, sessions.get(id)?.revision])).toEqual([
        ['old', 1],
        ['new', 2],
        [undefined, undefined],
      ]);
      expect(messages.get(message.id)).toMatchObject({ fields: { text: 'old' }, revision: 1 });
    });

    it('rejects every revision but the stored one', async () => {
      const session = aSession({ title: 'first' });
      const message = aMessage({ textContent: 'first' });
      await save(store, { sessions: [fresh(session)], messages: [fresh(message)] });
      await save(store, { sessions: [{ ...session, revision: 1 }], messages: [{ ...message, revision: 1 }] });
      for (const revision of [0, 1, 3]) {
        const lost = await save(store, {
          sessions: [{ ...session, fields: { title: 'stale' }, revision }],
          messages: [{ ...message, fields: { text: 'stale' }, revision }],
        });
        expect(lost).toEqual([session.id, message.id]);
      }
      const loaded = await store.load(ada, { sessions: [session.id], messages: [message.id] });
      expect(loaded.sessions.get(session.id)).toEqual({ ...session, revision: 2 });
      expect(loaded.messages.get(message.id)).toEqual({ ...message, revision: 2 });
    });

    it('keeps the state of a part with the higher sequence, and for equal ones the retired', async () => {
      const old = aPart({ content: 'old' }, { sequence: 5 });
      const newer = aPart({ content: 'newer' }, { sequence: 7 });
      const retired: PartState = { ...aPart({}, { sequence: 7 }), content: undefined, retired: true };
      await save(store, { messages: [fresh(aMessage())] });
      const saved = async (part: PartState) => {
        await save(store, { parts: [part] });
        const [stored] = (await whole(store, part.messageId))!.parts;
        return [stored!.sequence, stored!.content, stored!.retired];
      };
      expect(await saved(old)).toEqual([5, 'old', undefined]);
      expect(await saved(newer)).toEqual([7, 'newer', undefined]);
      expect(await saved(old)).toEqual([7, 'newer', undefined]);
      expect(await saved(retired)).toEqual([7, undefined, true]);
      expect(await saved(newer)).toEqual([7, undefined, true]);
      expect(await saved(aPart({ content: 'newest' }, { sequence: 8 }))).toEqual([8, 'newest', undefined]);
    });

    it('keeps parts whose message has not arrived yet, and reports the message as not stored', async () => {
      const part = aPart({}, { sequence: 3 });
      await save(store, { parts: [part] });
      expect((await store.load(ada, { messages: [part.messageId] })).messages.size).toBe(0);
      expect(await whole(store, part.messageId)).toBeUndefined();
      const message = aMessage({ partCount: 1 }, { sequence: 2 });
      expect(await save(store, { messages: [fresh(message)] })).toEqual([]);
      expect(await whole(store, part.messageId)).toEqual({ message, parts: [part] });
    });

    it('saves thousands at once, of several owners', async () => {
      const messages = Array.from({ length: 2_500 }, (_, n) =>
        aMessage({ externalId: `m${n}`, textContent: `text ${n}` }, { owner: n % 2 ? ada : bob, sequence: n + 1 }),
      );
      expect(await save(store, { messages: messages.map(fresh) })).toEqual([]);
      for (const owner of [ada, bob]) {
        const own = messages.filter((message) => message.owner === owner);
        const loaded = await store.load(owner, { messages: messages.map(({ id }) => id) });
        expect(new Set(loaded.messages.keys())).toEqual(new Set(own.map(({ id }) => id)));
      }
    });

    it('lets racing savers converge to the result of a single one', async () => {
      const events = Array.from({ length: 12 }, (_, n) => ({
        ...aSessionSynced({ title: `title ${n}`, promptTokens: n % 4 === 0 ? 0 : n }, { time: SOME_TIME + n }),
        sequence: n + 1,
      }));
      const expected = events.reduce<SessionState | undefined>(evolveSession, undefined)!;
      await Promise.all(
        events.map(async (event) => {
          for (let lost: readonly string[] = [expected.id]; lost.length > 0;) {
            const stored = (await store.load(ada, { sessions: [expected.id] })).sessions.get(expected.id);
            lost = await save(store, {
              sessions: [{ ...evolveSession(stored, event)!, revision: stored?.revision ?? 0 }],
            });
          }
        }),
      );
      const { sessions } = await store.load(ada, { sessions: [expected.id] });
      expect(sessions.get(expected.id)).toEqual({ ...expected, revision: events.length });
    });
  });

  describe('rollups', () => {
    it('counts the stored messages of a session, stored or not', async () => {
      const session = aSession();
      await save(store, {
        messages: [
          aMessage({ externalId: 'a', createdAt: 300, promptTokens: 1, completionTokens: 10, cost: 0.5 }),
          aMessage({ externalId: 'b', createdAt: 100, promptTokens: 2, completionTokens: 20, cost: 0.25 }),
          aMessage({ externalId: 'c', createdAt: 200 }),
          aMessage({ externalId: 'd', sessionExternalId: 'another', promptTokens: 1_000 }),
        ].map(fresh),
      });
      const counted = {
        messageCount: 3,
        firstActivityAt: 100,
        lastActivityAt: 300,
        promptTokens: 3,
        completionTokens: 30,
        cost: 0.75,
      };
      expect((await store.load(ada, { rollups: [session.id] })).rollups.get(session.id)).toMatchObject(counted);
      const rollup = { ...EMPTY_ROLLUP, ...counted };
      await save(store, { sessions: [fresh({ ...session, rollup })] });
      const { sessions, rollups } = await store.load(ada, { sessions: [session.id], rollups: [session.id] });
      expect(sessions.get(session.id)!.rollup).toEqual(rollup);
      expect(rollups.get(session.id)).toMatchObject(counted);
    });

    it('counts a message that is saved again once, in its current state', async () => {
      const message = aMessage({ createdAt: 100, promptTokens: 5 });
      await save(store, { messages: [fresh(message)] });
      await save(store, { messages: [{ ...message, fields: { createdAt: 50, promptTokens: 7 }, revision: 1 }] });
      const { rollups } = await store.load(ada, { rollups: [message.sessionId] });
      expect(rollups.get(message.sessionId)).toMatchObject({
        messageCount: 1,
        firstActivityAt: 50,
        lastActivityAt: 50,
        promptTokens: 7,
      });
    });

    it('take names, responses and counts from the messages as contracts define, for any messages', async () => {
      const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
      const amount = maybe(fc.constantFrom(0, 1, 7, 40, 0.25));
      const message = fc.record({
        role: maybe(fc.constantFrom('user', 'assistant')),
        textContent: maybe(
          fc.constantFrom(
            ...['', 'first', 'second \u{1f98a} über', '<system-reminder>x</system-reminder>', 'third '.repeat(1_000)],
            `<system-reminder>${'x'.repeat(5_000)}</system-reminder> deep in a long text`,
          ),
        ),
        model: maybe(fc.constantFrom('opus', 'a\0b', 'ünï-1', 'unknown')),
        provider: maybe(fc.constantFrom('anthropic', '<synthetic>')),
        requestId: maybe(fc.constantFrom('req_1', 'req_2', '')),
        createdAt: maybe(fc.constantFrom(5, 60, 1_000_000_000_000, SOME_TIME + 3)),
        promptTokens: amount,
        completionTokens: amount,
        cacheReadTokens: amount,
        cacheWriteTokens: amount,
        reasoningTokens: amount,
        cost: amount,
        toolCallCount: maybe(fc.nat(3)),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (sent) => {
          const sessionExternalId = `rolled-up-${run++}`;
          const messages = sent.map((data, n) =>
            aMessage(
              { ...data, sessionExternalId, externalId: `m${n}` },
              { sequence: 100 - n, time: SOME_TIME + (n % 3) },
            ),
          );
          await save(store, { messages: messages.map(fresh) });
          const sessionId = messages[0]!.sessionId;
          const rollup = (await store.load(ada, { rollups: [sessionId] })).rollups.get(sessionId);
          const expected = rollupOf(messages.map(messageFacts));
          expect(rollup).toEqual(expected);
          // The heads alone give the same result.
          const heads = (await store.load(ada, { messages: messages.map(({ id }) => id) })).messages.values();
          await save(store, { messages: [...heads] });
          expect((await store.load(ada, { rollups: [sessionId] })).rollups.get(sessionId)).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    });

    it('say whether a tool failed, until its message is sent again without that', async () => {
      const { sessionId } = aMessage();
      const hasErrors = async (of = ada) =>
        (await store.load(of, { rollups: [sessionId] })).rollups.get(sessionId)!.hasErrors;
      const call = (content: PartState['content'], order: number, sequence: number) =>
        aPart({ order, type: 'tool-call', content }, { sequence });
      const looksFailed = { toolName: '"isError":true', args: { isError: true }, result: '{"isError":true}' };
      const message = aMessage({ partCount: 2 }, { sequence: 1 });
      await save(store, { messages: [fresh(message)], parts: [call(looksFailed, 0, 2)] });
      expect(await hasErrors()).toBeUndefined();
      // Its part may come later.
      await save(store, { parts: [call({ toolName: 'Bash', is_error: true }, 1, 3)] });
      expect([await hasErrors(), await hasErrors(bob)]).toEqual([true, undefined]);
      const again = { ...aMessage({ partCount: 1 }, { sequence: 4 }), revision: 1 };
      await save(store, {
        messages: [again],
        parts: [call({ toolName: 'Bash' }, 0, 5)],
        settle: [{ owner: ada, id: message.id }],
      });
      expect(await hasErrors()).toBeUndefined();
    });

    it('adds up amounts beyond 64-bit integers', async () => {
      const messages = ['a', 'b', 'c'].map((externalId) => aMessage({ externalId, promptTokens: 2 ** 62 }));
      await save(store, { messages: messages.map(fresh) });
      const { rollups } = await store.load(ada, { rollups: [messages[0]!.sessionId] });
      expect(rollups.get(messages[0]!.sessionId)!.promptTokens).toBe(3 * 2 ** 62);
    });
  });

  describe('owners', () => {
    it("never returns or counts another owner's documents", async () => {
      const session = aSession({ promptTokens: 7 });
      const message = aMessage({ textContent: 'words', partCount: 1 });
      await save(store, {
        sessions: [fresh(session)],
        messages: [fresh(message)],
        parts: [aPart({}, { sequence: 2 })],
      });
      const sameUser = { workspaceId: anOwner('x', 'another').workspaceId, userId: ada.userId };
      for (const stranger of [bob, sameUser]) {
        const loaded = await store.load(stranger, {
          sessions: [session.id],
          messages: [message.id],
          rollups: [session.id],
        });
        expect(loaded.sessions.size + loaded.messages.size).toBe(0);
        expect(loaded.rollups.get(session.id)).toEqual(EMPTY_ROLLUP);
        expect(await store.sessions(stranger, page())).toEqual([]);
        expect(await store.messageKeys(stranger, session.id, { limit: 10 })).toEqual([]);
        expect((await store.messageSummaries(stranger, [message.id])).size).toBe(0);
        expect(await store.wholeMessages(stranger, [message.id], 1_000)).toEqual({ messages: [], rest: [] });
        expect((await store.excerpts(stranger, [message.id])).size).toBe(0);
        expect(await store.stats(stranger)).toMatchObject({ sessions: 0, messages: 0, promptTokens: 0 });
      }
    });

    it('separates documents with the same id, however that happened', async () => {
      const ours = { session: aSession({ title: 'ours' }), message: aMessage({ textContent: 'ours' }) };
      const part = aPart({ content: 'ours' }, { sequence: 3 });
      await save(store, { sessions: [fresh(ours.session)], messages: [fresh(ours.message)], parts: [part] });
      const lost = await save(store, {
        sessions: [fresh({ ...ours.session, owner: bob, fields: { title: 'forged' } })],
        messages: [fresh({ ...ours.message, owner: bob, fields: { text: 'forged' } })],
        parts: [{ ...part, owner: bob, sequence: 9, content: 'forged' }],
      });
      // Not lost: loading would find nothing to fold again, and the saver would retry forever.
      expect(lost).toEqual([]);
      for (const [owner, says] of [
        [ada, 'ours'],
        [bob, 'forged'],
      ] as const) {
        const ids = { sessions: [ours.session.id], messages: [ours.message.id], rollups: [ours.session.id] };
        const { sessions, messages, rollups } = await store.load(owner, ids);
        expect(sessions.get(ours.session.id)!.fields.title).toBe(says);
        expect(messages.get(ours.message.id)!.fields.text).toBe(says);
        const { message, parts } = (await whole(store, ours.message.id, owner))!;
        expect([message.fields.text, ...parts.map(({ content }) => content)]).toEqual([says, says]);
        expect(rollups.get(ours.session.id)!.messageCount).toBe(1);
      }
    });
  });
}
