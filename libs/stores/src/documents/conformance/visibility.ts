import {
  evolveSession,
  maySee,
  readerOf,
  sessionView,
  VISIBILITIES,
  type Owner,
  type Reader,
  type SessionState,
} from '@opensync/contracts';
import { aSessionDeleted } from '@opensync/testkit';
import fc from 'fast-check';
import type { DocumentStore, SessionQuery } from '../port.ts';
import { ada, aMessage, aSession, bob, by, cid, fresh, page, save, withVisibility, type OpenStore } from './states.ts';

/** The sessions that a read returns: the reader's own, and those that other members of the workspace share. */
export function visibilityConformance(open: OpenStore): void {
  let store: DocumentStore;
  beforeEach(() => {
    store = open();
  });

  const seenBy = async (reader: Reader, query: Partial<SessionQuery> = {}) =>
    (await store.sessions(reader, page(query))).map(({ id }) => id).sort();

  describe('visibility of sessions', () => {
    it('finds the sessions that an agent started, oldest first, as far as the reader may see them', async () => {
      const by = { parentExternalId: 'main' };
      const [late, early, other] = [
        aSession({ externalId: 'late', ...by, createdAt: 30 }),
        aSession({ externalId: 'early', ...by, createdAt: 20 }),
        aSession({ externalId: 'other', parentExternalId: 'another' }),
      ];
      const fork = aSession({ externalId: 'fork', forkedFromExternalId: 'main' });
      const ofBob = aSession({ externalId: 'late', ...by }, { owner: bob });
      await save(store, { sessions: [late, early, other, fork, ofBob].map(fresh) });
      const started = async (reader: Reader, limit = 10) =>
        (await store.startedBy(reader, { owner: ada, externalId: 'main' }, { limit })).map(({ id }) => id);
      expect(await started(readerOf(ada))).toEqual([early.id, late.id]);
      expect(await started(ada, 1)).toEqual([early.id]);
      expect(await started(readerOf(bob))).toEqual([]);

      const shared = withVisibility(late, 'workspace', 2);
      const deletion = { ...aSessionDeleted('early', { owner: ada }), sequence: 9 };
      const gone = evolveSession(early, deletion)!;
      await save(store, { sessions: [shared, gone].map((session) => ({ ...session, revision: 1 })) });
      expect(await started(ada)).toEqual([late.id]);
      expect(await started(readerOf(bob))).toEqual([late.id]);
      // Others' sessions are for those alone who ask for what they may see.
      expect(await started(bob)).toEqual([]);
      expect(await started(readerOf(cid))).toEqual([]);
      expect(await store.startedBy(readerOf(bob), { owner: bob, externalId: 'main' }, { limit: 10 })).toEqual([ofBob]);
    });

    it('returns a shared session to its workspace and a private one to its owner, even under equal external ids', async () => {
      const [ofAda, ofBob, ofCid] = [ada, bob, cid].map((owner) => aSession({ title: owner.userId }, { owner }));
      await save(store, { sessions: [ofAda!, ofBob!, ofCid!].map(fresh) });
      const ids = [ofAda!, ofBob!, ofCid!].map(({ id }) => id);
      const foundBy = async (reader: Reader) => {
        const found = [...(await store.sessionsById(reader, ids)).keys()];
        expect((await store.visibleIds(reader, ids)).toSorted()).toEqual(found.toSorted());
        return found;
      };
      expect(await seenBy(readerOf(ada))).toEqual([ofAda!.id]);
      expect(await foundBy(readerOf(ada))).toEqual([ofAda!.id]);

      const shared = withVisibility(ofBob!, 'workspace', 2);
      await save(store, { sessions: [{ ...shared, revision: 1 }] });
      expect(await seenBy(readerOf(ada))).toEqual([ofAda!.id, ofBob!.id].sort());
      expect(await store.sessionsById(readerOf(ada), ids)).toEqual(
        new Map([
          [ofAda!.id, ofAda],
          [ofBob!.id, shared],
        ]),
      );
      expect(await foundBy(readerOf(bob))).toEqual([ofBob!.id]);
      expect(await foundBy(readerOf(cid))).toEqual([ofCid!.id]);
      expect(await seenBy(readerOf(cid))).toEqual([ofCid!.id]);
      // A caller that asks only for its own sessions, as plugins do, does not get shared ones.
      expect(await seenBy(ada)).toEqual([ofAda!.id]);
      expect(await foundBy(ada)).toEqual([ofAda!.id]);

      await save(store, { sessions: [{ ...withVisibility(shared, 'private', 3), revision: 2 }] });
      expect(await seenBy(readerOf(ada))).toEqual([ofAda!.id]);
      expect(await foundBy(readerOf(ada))).toEqual([ofAda!.id]);
      expect(await foundBy(readerOf(bob))).toEqual([ofBob!.id]);
    });

    it('does not return a shared session after its deletion', async () => {
      const shared = withVisibility(aSession({}, { owner: bob }), 'workspace', 2);
      await save(store, { sessions: [fresh(shared)] });
      const deletion = { ...aSessionDeleted(shared.externalId, { owner: bob }), sequence: 3 };
      await save(store, { sessions: [{ ...evolveSession(shared, deletion)!, revision: 1 }] });
      for (const reader of [readerOf(ada), readerOf(bob)]) {
        expect(await seenBy(reader)).toEqual([]);
        expect(await store.sessionsById(reader, [shared.id])).toEqual(new Map());
        expect((await store.stats(reader)).sessions).toBe(0);
      }
    });

    it('pages through the sessions of an owner who shares all of them, each once', async () => {
      const own = Array.from({ length: 9 }, (_, n) => {
        const session = aSession({ externalId: `s${n}`, createdAt: 1_000 + (n % 3) }, { time: 5_000 + (n % 2) });
        return n < 7 ? withVisibility(session, 'workspace', n + 2) : session;
      });
      await save(store, { sessions: own.map(fresh) });
      for (const sort of ['createdAt', 'updatedAt'] as const) {
        for (const order of ['asc', 'desc'] as const) {
          const expected = [...own].sort(by(sort, order)).map(({ id }) => id);
          const shared = [...own.slice(0, 7)].sort(by(sort, order)).map(({ id }) => id);
          for (const limit of [1, 2, 4, 9]) {
            const first = await store.sessions(readerOf(ada), page({ sort, order, limit }));
            expect(first.map(({ id }) => id)).toEqual(expected.slice(0, limit));
            expect(await allPages(readerOf(ada), { sort, order, limit })).toEqual(expected);
            expect(await allPages(readerOf(bob), { sort, order, limit })).toEqual(shared);
          }
        }
      }
    });

    it('sums up messages of shared sessions from the sessions, without reading the messages', async () => {
      const shared = withVisibility(aSession({}, { owner: bob }), 'workspace', 2);
      const counted = { ...shared, rollup: { ...shared.rollup, messageCount: 5 } };
      await save(store, { sessions: [fresh(counted), fresh(aSession())], messages: [fresh(aMessage())] });
      expect((await store.stats(readerOf(ada))).messages).toBe(6);
    });

    it('reads messages only in the scope of their owner', async () => {
      const session = withVisibility(aSession({}, { owner: bob }), 'workspace', 2);
      const message = aMessage({}, { owner: bob });
      await save(store, { sessions: [fresh(session)], messages: [fresh(message)] });
      const read = async (owner: Owner) => [
        (await store.messageKeys(owner, session.id, { limit: 9 })).length,
        (await store.messageSummaries(owner, [message.id])).size,
        (await store.wholeMessages(owner, [message.id], 1)).messages.length,
      ];
      expect(await read(readerOf(ada))).toEqual([0, 0, 0]);
      expect(await read(session.owner)).toEqual([1, 1, 1]);
    });

    it('lists, pages, filters and sums up what a plain model says each reader sees', async () => {
      const owners = [ada, bob, { ...ada, userId: 'usr_another' }, cid, { ...cid, userId: ada.userId }];
      const aState = fc.record({
        owner: fc.nat(owners.length - 1),
        externalId: fc.constantFrom(...'abcdefghij'),
        createdAt: fc.integer({ min: 1_000, max: 1_004 }),
        source: fc.constantFrom('codex', 'droid'),
        model: fc.constantFrom('opus', 'haiku'),
        cost: fc.nat(3),
        messages: fc.nat(2),
        visibilities: fc.array(fc.constantFrom(...VISIBILITIES), { maxLength: 3 }),
      });
      const aQuery = fc.record({
        reader: fc.nat(owners.length - 1),
        isOwn: fc.boolean(),
        sort: fc.constantFrom('createdAt' as const, 'updatedAt' as const),
        order: fc.constantFrom('asc' as const, 'desc' as const),
        limit: fc.integer({ min: 1, max: 4 }),
        source: fc.option(fc.constantFrom('codex', 'droid'), { nil: undefined }),
        from: fc.option(fc.integer({ min: 1_000, max: 1_004 }), { nil: undefined }),
      });
      let sequence = 1;
      const stored = new Map<string, { state: SessionState; messages: number; revision: number }>();
      await fc.assert(
        fc.asyncProperty(
          fc.array(aState, { maxLength: 6 }),
          fc.array(aQuery, { maxLength: 6 }),
          async (states, queries) => {
            for (const { owner: at, visibilities, messages: count, ...data } of states) {
              const owner = owners[at]!;
              sequence += 10;
              const id = aSession({ externalId: data.externalId }, { owner }).id;
              const before = stored.get(id);
              if (before) continue;
              const messages = Array.from({ length: count }, (_, n) =>
                aMessage({ sessionExternalId: data.externalId, externalId: `m${n}` }, { owner, sequence }),
              );
              const synced = aSession(data, { owner, sequence, time: 5_000 + (sequence % 7) });
              const state = { ...synced, rollup: { ...synced.rollup, messageCount: count } };
              stored.set(id, { state, messages: count, revision: 1 });
              await save(store, { sessions: [fresh(state)], messages: messages.map(fresh) });
              for (const visibility of visibilities) {
                const now = stored.get(id)!;
                const changed = withVisibility(now.state, visibility, ++sequence);
                await save(store, { sessions: [{ ...changed, revision: now.revision }] });
                stored.set(id, { ...now, state: changed, revision: now.revision + 1 });
              }
            }
            for (const { reader: at, isOwn, limit, ...query } of queries) {
              const reader = isOwn ? owners[at]! : readerOf(owners[at]!);
              const seen = [...stored.values()].filter(({ state }) =>
                maySee(reader, state.owner, sessionView(state).visibility),
              );
              const expected = seen
                .map(({ state }) => state)
                .filter(({ fields }) => query.source === undefined || fields.source === query.source)
                .filter((state) => query.from === undefined || sessionView(state).createdAt >= query.from)
                .sort(by(query.sort, query.order));
              expect(await allPages(reader, { ...query, limit })).toEqual(expected.map(({ id }) => id));
              const ids = [...stored.keys()];
              const found = await store.sessionsById(reader, ids);
              expect([...found.values()]).toEqual(expect.arrayContaining(seen.map(({ state }) => state)));
              expect(found.size).toBe(seen.length);
              expect(await store.stats(reader)).toMatchObject({
                sessions: seen.length,
                messages: seen.reduce((sum, { messages }) => sum + messages, 0),
                cost: seen.reduce((sum, { state }) => sum + sessionView(state).cost, 0),
              });
            }
          },
        ),
        { numRuns: 25 },
      );
    }, 240_000);
  });

  async function allPages(reader: Reader, query: Partial<SessionQuery> & Pick<SessionQuery, 'sort' | 'limit'>) {
    const found: string[] = [];
    for (let after: SessionQuery['after']; ;) {
      const next = await store.sessions(reader, page({ ...query, after }));
      found.push(...next.map(({ id }) => id));
      expect(found.length).toBeLessThanOrEqual(100);
      const last = next.at(-1);
      if (!last) return found;
      after = { value: sessionView(last)[query.sort], id: last.id };
    }
  }
}
