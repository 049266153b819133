import { evolveSession, type SessionState } from '@opensync/contracts';
import { aSessionSynced } from '@opensync/testkit';
import { ada, aMessage, aPart, aSession, bob, fresh, page, save, whole, type OpenStore } from './states.ts';

/** Deleted sessions, and their former contents. */
export function deletionConformance(store: OpenStore): void {
  const deleted = (session: SessionState, sequence: number) =>
    evolveSession(session, {
      ...{ id: 'e', type: 'dev.opensync.session.deleted.v1', owner: session.owner, time: 5_000, sequence },
      data: { sessionId: session.id, externalId: session.externalId },
    })!;
  const loaded = async (id: string, owner = ada) => store().load(owner, { sessions: [id] });

  it('returns a deleted session only to its next fold', async () => {
    const [kept, gone] = [aSession({ externalId: 'kept' }), aSession({ externalId: 'gone', title: 'secret', cost: 3 })];
    await save(store(), {
      sessions: [fresh(kept), fresh(gone), fresh(aSession({ externalId: 'gone' }, { owner: bob }))],
    });
    expect(await save(store(), { sessions: [{ ...deleted(gone, 9), revision: 1 }] })).toEqual([]);

    const { sessions, gone: found } = await loaded(gone.id);
    expect(sessions.size).toBe(0);
    expect(found.get(gone.id)).toEqual({ ...deleted(gone, 9), revision: 2 });
    for (const sort of ['createdAt', 'updatedAt'] as const) {
      for (const order of ['asc', 'desc'] as const) {
        expect((await store().sessions(ada, page({ sort, order }))).map(({ id }) => id)).toEqual([kept.id]);
      }
    }
    expect(await store().stats(ada)).toMatchObject({ sessions: 1, cost: 0 });
    for (const exact of [false, true]) {
      expect((await store().describe({ exact })).counts.sessions).toBe(2);
    }
    expect(await store().goneSessions(ada, { limit: 10 })).toEqual([gone.id]);
    expect(await store().goneSessions(bob, { limit: 10 })).toEqual([]);
    expect((await store().sessions(bob, page())).length).toBe(1);
  });

  it('guards a deleted session by its revision, and clears its fields when it is sent again', async () => {
    const session = aSession({ title: 'secret', model: 'opus' });
    // Deleted before anything was stored, like an insert.
    const gone = deleted(session, 9);
    expect(await save(store(), { sessions: [fresh(gone)] })).toEqual([]);
    expect(await save(store(), { sessions: [fresh(session)] })).toEqual([session.id]);

    const again = evolveSession(gone, { ...aSessionSynced({ source: 'codex' }), sequence: 12 })!;
    expect(await save(store(), { sessions: [{ ...again, revision: 1 }] })).toEqual([]);
    const { sessions, gone: left } = await loaded(session.id);
    expect(left.size).toBe(0);
    expect(sessions.get(session.id)).toEqual({ ...again, revision: 2 });
    expect(await store().sessions(ada, page())).toEqual([again]);
    expect(await store().goneSessions(ada, { limit: 10 })).toEqual([]);
    // And deleted once more.
    expect(await save(store(), { sessions: [{ ...deleted(again, 20), revision: 2 }] })).toEqual([]);
    expect((await loaded(session.id)).gone.get(session.id)).toEqual({ ...deleted(again, 20), revision: 3 });
    expect(await store().sessions(ada, page())).toEqual([]);
  });

  it('lists deleted sessions in pages', async () => {
    const gone = Array.from({ length: 5 }, (_, at) => deleted(aSession({ externalId: `s${at}` }), 9));
    await save(store(), { sessions: gone.map(fresh) });
    const listed: string[] = [];
    for (let after: string | undefined; ;) {
      const ids = await store().goneSessions(ada, { limit: 2, ...(after !== undefined && { after }) });
      listed.push(...ids);
      if (ids.length < 2) break;
      after = ids[1];
    }
    expect(listed).toEqual(gone.map(({ id }) => id).sort());
  });

  it('removes only the contents of a session from before a sequence', async () => {
    const before = aMessage({ externalId: 'before', textContent: 'secret' }, { sequence: 1 });
    const after = aMessage({ externalId: 'after', textContent: 'public' }, { sequence: 11 });
    const other = aMessage({ externalId: 'other', sessionExternalId: 'session-2' }, { sequence: 2 });
    const ofBob = aMessage({ externalId: 'before' }, { owner: bob, sequence: 3 });
    const part = (message: string, order: number, sequence: number) => aPart({ order }, { message, sequence });
    await save(store(), {
      messages: [before, after, other, ofBob].map(fresh),
      parts: [
        part('before', 0, 2),
        part('after', 0, 12),
        part('after', 1, 4),
        part('orphan', 0, 5),
        part('orphan', 1, 15),
      ],
    });
    const orphan = part('orphan', 0, 5).messageId;
    expect(await store().removeBefore(ada, before.sessionId, 10, { messageIds: [orphan] })).toEqual([]);

    expect(await whole(store(), before.id)).toBeUndefined();
    expect((await whole(store(), after.id))?.parts).toEqual([part('after', 0, 12)]);
    expect(await whole(store(), other.id)).toBeDefined();
    expect(await whole(store(), ofBob.id, bob)).toBeDefined();
    // Parts without their message become visible when it arrives.
    await save(store(), { messages: [fresh(aMessage({ externalId: 'orphan', partCount: 2 }, { sequence: 14 }))] });
    expect((await whole(store(), orphan))?.parts).toEqual([part('orphan', 1, 15)]);
    expect(await store().removeBefore(bob, 'ses_unknown', 10)).toEqual([]);
  });

  it('reports whether a message or part from before a sequence is stored', async () => {
    const message = aMessage({ externalId: 'after' }, { sequence: 11 });
    const { sessionId } = message;
    const before = (sequence: number, owner = ada) => store().hasBefore(owner, sessionId, sequence);
    const part = (order: number, sequence: number) => aPart({ order }, { message: 'after', sequence });
    expect(await before(1_000)).toBe(false);
    await save(store(), {
      sessions: [fresh(aSession({}, { sequence: 1 }))],
      messages: [
        fresh(message),
        fresh(aMessage({ externalId: 'other', sessionExternalId: 'session-2' }, { sequence: 1 })),
        // Of another owner with the same ids.
        fresh({ ...aMessage({ externalId: 'after' }, { owner: bob, sequence: 2 }), id: message.id, sessionId }),
      ],
      parts: [part(0, 12)],
    });
    expect([await before(11), await before(12)]).toEqual([false, true]);
    expect([await before(2, bob), await before(3, bob)]).toEqual([false, true]);
    // A part alone.
    await save(store(), { parts: [part(1, 4)] });
    expect([await before(4), await before(5)]).toEqual([false, true]);
    await store().removeBefore(ada, sessionId, 10);
    expect(await before(10)).toBe(false);

    // A message alone, and one that a later event has touched as well.
    const early = aMessage({ externalId: 'early' }, { sequence: 3 });
    const mixed = aMessage({ externalId: 'mixed' }, { sequence: 2 });
    await save(store(), {
      messages: [fresh(early), fresh({ ...mixed, span: { ...mixed.span, lastSequence: 12 } })],
    });
    await store().removeBefore(ada, sessionId, 10);
    expect([await before(2), await before(3)]).toEqual([false, true]);
    await store().removeBefore(ada, sessionId, 10, { mixedIds: [mixed.id] });
    expect(await before(10)).toBe(false);
  });

  it('finds the one part from before a sequence among those of several thousand messages', async () => {
    const messages = Array.from({ length: 2500 }, (_, at) =>
      aMessage({ externalId: `m${at}` }, { sequence: 100 + at }),
    );
    await save(store(), {
      messages: messages.map(fresh),
      parts: [1200, 2400].map((at) => aPart({}, { message: `m${at}`, sequence: at === 2400 ? 7 : 5000 })),
    });
    const { sessionId } = messages[0]!;
    expect([await store().hasBefore(ada, sessionId, 7), await store().hasBefore(ada, sessionId, 8)]).toEqual([
      false,
      true,
    ]);
  });

  it('removes a session of several thousand messages', async () => {
    const messages = Array.from({ length: 2500 }, (_, at) =>
      // Some of the same time, one after the deletion.
      aMessage(
        { externalId: `m${at}`, createdAt: 1_800_000_000_000 + (at % 7) },
        { sequence: at === 1700 ? 9000 : 1 + at },
      ),
    );
    await save(store(), { messages: messages.map(fresh) });
    const { sessionId } = messages[0]!;
    expect(await store().removeBefore(ada, sessionId, 8000)).toEqual([]);
    const left = await store().messageKeys(ada, sessionId, { limit: 10 });
    expect(left.map(({ id }) => id)).toEqual([messages[1700]!.id]);
  });

  it('returns messages with both earlier and later events, and keeps them until they are replaced or removed', async () => {
    const mixed = (externalId: string) => {
      const message = aMessage({ externalId, textContent: 'secret', promptTokens: 7 }, { sequence: 1 });
      return { ...message, span: { ...message.span, lastSequence: 12 } };
    };
    const [one, two] = [mixed('one'), mixed('two')];
    await save(store(), { messages: [fresh(one), fresh(two)] });
    const named = await store().removeBefore(ada, one.sessionId, 10);
    expect(named.toSorted()).toEqual([one.id, two.id].toSorted());
    expect(await whole(store(), one.id)).toBeDefined();

    const later = aMessage({ externalId: 'one', role: 'user' }, { sequence: 12 });
    const replacement = { messages: [{ ...later, revision: 1 }], replaced: new Set([later.id]) };
    expect(await save(store(), replacement)).toEqual([]);
    expect((await whole(store(), one.id))?.message).toEqual(later);
    const { messages } = await store().load(ada, { messages: [one.id] });
    expect(messages.get(one.id)).toMatchObject({ revision: 2 });
    expect(await save(store(), replacement)).toEqual([one.id]);
    expect(await store().removeBefore(ada, one.sessionId, 10, { mixedIds: [one.id, two.id] })).toEqual([]);
    expect(await whole(store(), two.id)).toBeUndefined();
    expect(await whole(store(), one.id)).toBeDefined();
  });
}
