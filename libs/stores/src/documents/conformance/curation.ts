import { evolveSession, type SessionCurated, type SessionState } from '@opensync/contracts';
import { aSessionCurated } from '@opensync/testkit';
import { ada, aMessage, aSession, bob, fresh, page, save, type OpenStore } from './states.ts';

/** What people say about sessions: the trash, public links, and the queue of those that wait for a verdict. */
export function curationConformance(store: OpenStore): void {
  const curated = (session: SessionState, data: Partial<SessionCurated>, sequence = 9) => {
    const { externalId, owner } = session;
    return evolveSession(session, { ...aSessionCurated({ externalId, ...data }, { owner }), sequence })!;
  };
  const visible = { ...ada, sessions: 'visible' as const };
  const ofColleague = { workspaceId: ada.workspaceId, userId: 'usr_colleague' };
  const hash = 'h'.repeat(43);
  const publication = { hash, snapshot: { sha256: 'a'.repeat(64), size: 1 }, at: 5 };
  const ids = (sessions: readonly SessionState[]) => sessions.map(({ id }) => id);

  it('hides a session in the trash from every read, and returns it complete when it is taken out', async () => {
    const shown = aSession({ externalId: 'shown' });
    const before = curated(
      {
        ...aSession({ externalId: 'thrown', title: 'Herons', model: 'opus', cost: 3 }, { owner: ofColleague }),
        rollup: { ...shown.rollup, messageCount: 1 },
      },
      { visibility: 'workspace', evalReady: true, evalTags: ['a'], publication },
    );
    const message = aMessage({ sessionExternalId: 'thrown', sessionId: before.id }, { owner: ofColleague });
    await save(store(), { sessions: [fresh(shown), fresh(before)], messages: [fresh(message)] });
    const colleague = { ...ofColleague, sessions: 'visible' as const };
    const seen = async () => {
      const { sessions, messages } = await store().stats(colleague);
      return {
        stats: { sessions, messages },
        lists: await Promise.all(
          [visible, colleague].flatMap((reader) => [
            store().sessions(reader, page()).then(ids),
            store()
              .sessions(reader, page({ sort: 'updatedAt' }))
              .then(ids),
            store()
              .sessions(reader, page({ inReview: true }))
              .then(ids),
            store()
              .sessionsById(reader, [before.id])
              .then((found) => [...found.keys()]),
          ]),
        ),
        published: (await store().published(hash))?.id,
        load: ids([...(await store().load(ofColleague, { sessions: [before.id] })).sessions.values()]),
        counted: (await store().describe({ exact: true })).counts.sessions,
      };
    };
    const whole = await seen();
    expect(whole).toMatchObject({ stats: { sessions: 1, messages: 1 }, published: before.id, load: [before.id] });
    expect(whole.lists.filter((list) => list.includes(before.id))).toHaveLength(8);

    const trashed = curated(before, { trashedAt: 700 }, 10);
    expect(await save(store(), { sessions: [{ ...trashed, revision: 1 }] })).toEqual([]);
    const hidden = await seen();
    expect(hidden).toMatchObject({ stats: { sessions: 0, messages: 0 }, published: undefined, load: [], counted: 1 });
    expect(hidden.lists.flat()).not.toContain(before.id);
    const { gone } = await store().load(ofColleague, { sessions: [before.id] });
    expect(gone.get(before.id)).toEqual({ ...trashed, revision: 2 });
    expect(await store().goneSessions(ofColleague, { limit: 10 })).toEqual([before.id]);
    expect(await store().trashed({ before: 701, limit: 10 })).toEqual([
      { owner: ofColleague, id: before.id, trashedAt: 700 },
    ]);

    const restored = curated(trashed, { trashedAt: null }, 11);
    expect(await save(store(), { sessions: [{ ...restored, revision: 2 }] })).toEqual([]);
    expect(await seen()).toEqual(whole);
    const { sessions } = await store().load(ofColleague, { sessions: [before.id] });
    expect(sessions.get(before.id)).toEqual({ ...restored, revision: 3 });
    expect(await store().trashed({ before: 701, limit: 10 })).toEqual([]);
    expect(await store().goneSessions(ofColleague, { limit: 10 })).toEqual([]);
  });

  it('lists the trash of all owners in pages, oldest first', async () => {
    const thrown = [ada, bob, ofColleague].flatMap((owner, at) =>
      [0, 1].map((n) => curated(aSession({ externalId: `s${n}` }, { owner }), { trashedAt: 100 + at })),
    );
    await save(store(), { sessions: [...thrown, aSession({ externalId: 'kept' })].map(fresh) });
    const listed = [];
    for (let after; ;) {
      const next = await store().trashed({ before: 102, limit: 3, after });
      listed.push(...next);
      after = next.at(-1);
      if (next.length < 3) break;
    }
    expect(listed.map(({ trashedAt }) => trashedAt)).toEqual([100, 100, 101, 101]);
    expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(ids(thrown.slice(0, 4))));
    const both = await store().trashed({ owner: bob, before: 200, limit: 3 });
    expect(new Set(both.map(({ id }) => id))).toEqual(new Set(ids(thrown.slice(2, 4))));
    const rest = await store().trashed({ owner: bob, before: 200, limit: 3, after: both[0] });
    expect(rest).toEqual(both.slice(1));
  });

  it('finds a session by the hash of its public link, and no longer once that is revoked', async () => {
    const session = curated(aSession(), { publication });
    await save(store(), { sessions: [fresh(session), fresh(aSession({}, { owner: bob }))] });
    expect(await store().published(hash)).toEqual(session);
    expect(await store().published('x'.repeat(43))).toBeUndefined();
    await save(store(), { sessions: [{ ...curated(session, { publication: null }, 10), revision: 1 }] });
    expect(await store().published(hash)).toBeUndefined();
  });

  it('lists the sessions that wait for a verdict', async () => {
    const of = (externalId: string, data: Partial<SessionCurated>, owner = ada) =>
      curated(aSession({ externalId, createdAt: Number(externalId) }, { owner }), data);
    const sessions = [
      of('3', { evalReady: true }),
      of('1', { evalStatus: 'needs_review' }),
      of('2', { evalReady: true, evalStatus: 'golden' }),
      of('5', { evalReady: true, visibility: 'workspace' }, ofColleague),
      of('4', { evalReady: true }, ofColleague),
      of('6', {}),
    ];
    await save(store(), { sessions: sessions.map(fresh) });
    const queue = async (after?: SessionState) => {
      const oldest = { order: 'asc', inReview: true, limit: 2 } as const;
      const place = after && { after: { id: after.id, value: Number(after.externalId) } };
      return store().sessions(visible, page({ ...oldest, ...place }));
    };
    const first = await queue();
    expect(first.map(({ externalId }) => externalId)).toEqual(['1', '3']);
    expect((await queue(first[1])).map(({ externalId }) => externalId)).toEqual(['5']);
    // The verdict ends it.
    await save(store(), { sessions: [{ ...curated(sessions[0]!, { evalStatus: 'correct' }, 10), revision: 1 }] });
    expect((await queue()).map(({ externalId }) => externalId)).toEqual(['1', '5']);
  });
}
