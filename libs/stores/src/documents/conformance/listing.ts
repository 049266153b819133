import { EMPTY_ROLLUP, evolveSession, sessionView, type SessionState } from '@opensync/contracts';
import { aMessageSynced, SOME_TIME } from '@opensync/testkit';
import type { DocumentStore, SessionQuery } from '../port.ts';
import { ada, aSession, by, evolve, fresh, ODD_TEXT, page, save, type OpenStore } from './states.ts';

/** Pages of sessions: filters, order, and no repeated or missing entries. */
export function listingConformance(open: OpenStore): void {
  let store: DocumentStore;
  beforeEach(() => {
    store = open();
  });

  describe('sessions', () => {
    const SORTED = [
      ['createdAt', 'asc'],
      ['createdAt', 'desc'],
      ['updatedAt', 'asc'],
      ['updatedAt', 'desc'],
    ] as const;

    /** Many share a creation or an update time, so that only the id distinguishes them. */
    const many = Array.from({ length: 25 }, (_, n) =>
      aSession(
        { externalId: `s${n}`, createdAt: 1_000 + (n % 3), source: n % 5 ? undefined : 'codex-cli' },
        { time: SOME_TIME + (n % 4) },
      ),
    );

    it.each(SORTED)('pages by %s %s without a gap or a repetition, whatever the ties', async (sort, order) => {
      await save(store, { sessions: many.map(fresh) });
      const expected = [...many].sort(by(sort, order)).map(({ id }) => id);
      for (const limit of [1, 4, 25, 100]) {
        expect((await allPages({ sort, order, limit })).map(({ id }) => id)).toEqual(expected);
      }
    });

    it.each(SORTED)('pages through a filter by %s %s', async (sort, order) => {
      await save(store, { sessions: many.map(fresh) });
      const expected = many.filter(({ fields }) => fields.source === 'codex-cli').sort(by(sort, order));
      const found = await allPages({ sort, order, limit: 2, source: 'codex-cli' });
      expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    });

    it('is not affected by sessions that arrive between two pages', async () => {
      await save(store, { sessions: many.map(fresh) });
      const query = page({ sort: 'createdAt', order: 'desc', limit: 10 });
      const first = await store.sessions(ada, query);
      await save(store, { sessions: [fresh(aSession({ externalId: 'new', createdAt: 9_999 }))] });
      const last = first[first.length - 1]!;
      const rest = await store.sessions(ada, {
        ...query,
        limit: 100,
        after: { value: sessionView(last).createdAt, id: last.id },
      });
      expect(new Set([...first, ...rest].map(({ id }) => id))).toEqual(new Set(many.map(({ id }) => id)));
      expect(first.length + rest.length).toBe(many.length);
    });

    it('returns whole states', async () => {
      const session = aSession({ title: ODD_TEXT });
      await save(store, { sessions: [fresh(session)] });
      expect(await store.sessions(ada, page())).toEqual([session]);
    });

    describe('filters', () => {
      const claude = aSession({
        externalId: 'claude',
        source: 'claude-code',
        model: 'opus',
        projectName: 'sync',
        projectPath: '/home/ada/sync',
        createdAt: 100,
      });
      const cursor = aSession({ externalId: 'cursor', source: 'cursor-sync', model: 'gpt', createdAt: 200 });
      const unnamed = aSession({ externalId: 'unnamed', projectName: '/home/ada/sync', createdAt: 300 });
      const byMessage = evolveSession(undefined, {
        ...aMessageSynced({ sessionExternalId: 'by message', source: 'codex-cli' }, { time: 400 }),
        sequence: 1,
      })!;
      const derived: SessionState = {
        ...aSession({ externalId: 'derived', createdAt: 250, model: 'unknown' }),
        rollup: { ...EMPTY_ROLLUP, messageCount: 1, model: 'derived-1', title: 'Why?' },
      };
      const odd = aSession({
        externalId: 'odd',
        projectName: 'Zoe\u0308',
        source: 'a\0b',
        model: "x' OR 1=1 --",
        createdAt: 500,
      });

      const rated: SessionState = {
        ...aSession({ externalId: 'rated', source: 'rated', provider: 'openai', createdAt: 600, totalTokens: 900 }),
        rollup: { ...EMPTY_ROLLUP, messageCount: 1, provider: 'of a message' },
      };
      const golden: SessionState = {
        ...rated,
        fields: { ...rated.fields, evalStatus: 'golden', evalTags: ['Zoe\u0308', 'a "b"'] },
        rollup: { ...rated.rollup, hasErrors: true },
      };
      const provided: SessionState = {
        ...aSession({ externalId: 'provided', source: 'rated', createdAt: 700 }),
        rollup: { ...EMPTY_ROLLUP, messageCount: 1, provider: 'of a message' },
      };

      it.each<[string, Partial<SessionQuery>, SessionState[]]>([
        ['a provider', { provider: 'openai' }, [golden]],
        ['a provider that only messages name', { provider: 'of a message' }, [provided]],
        ['no part of a provider', { provider: 'open' }, []],
        ['a verdict', { evalStatus: 'golden' }, [golden]],
        ['a tag, composed or not', { tag: 'Zo\u00eb' }, [golden]],
        ['a tag with quotes', { tag: 'a "b"' }, [golden]],
        ['no part of a tag', { tag: 'b' }, []],
        ['any of several tags', { tags: ['other', 'a "b"'] }, [golden]],
        ['none of several tags', { tags: ['other', 'b'] }, []],
        ['those with errors', { hasErrors: true }, [golden]],
        ['those without errors', { hasErrors: false, source: 'rated' }, [provided]],
        ['a least number of tokens', { minTokens: 900 }, [golden]],
        ['a least number of tokens, inclusive', { minTokens: 901 }, []],
        ['a member', { user: ada.userId, source: 'rated' }, [golden, provided]],
        ['another member', { user: 'usr_nobody' }, []],
        ['a source', { source: 'claude-code' }, [claude]],
        ['the source of sessions that name none', { source: 'opencode' }, [unnamed, derived]],
        ['the source that only messages name', { source: 'codex-cli' }, [byMessage]],
        ['a source with NUL', { source: 'a\0b' }, [odd]],
        ['no part of a source', { source: 'a' }, []],
        ['a model', { model: 'opus' }, [claude]],
        ['a model that only messages name', { model: 'derived-1' }, [derived]],
        ['no placeholder for a model', { model: 'unknown' }, []],
        ['a model that looks like SQL', { model: "x' OR 1=1 --" }, [odd]],
        ['the name of a project', { project: 'sync' }, [claude]],
        ['the path of a project, or the same as a name', { project: '/home/ada/sync' }, [claude, unnamed]],
        ['a project, composed or not', { project: 'Zo\u00eb' }, [odd]],
        ['no part of a path', { project: '/home/ada' }, []],
        ['a time, inclusive', { from: 400, to: 600 }, [byMessage, odd]],
        ['a time, exclusive', { to: 200 }, [claude]],
        ['a span of time', { from: 200, to: 500 }, [cursor, derived, unnamed, byMessage]],
        ['all that is asked', { source: 'claude-code', model: 'opus', project: 'sync', from: 100, to: 101 }, [claude]],
        ['all, not any, of what is asked', { source: 'claude-code', model: 'gpt' }, []],
      ])('finds %s', async (_, filter, expected) => {
        await save(store, {
          sessions: [claude, cursor, unnamed, derived, byMessage, odd, golden, provided].map(fresh),
        });
        for (const sort of ['createdAt', 'updatedAt'] as const) {
          const found = await store.sessions(ada, page({ ...filter, sort }));
          expect(new Set(found.map(({ externalId }) => externalId))).toEqual(
            new Set(expected.map(({ externalId }) => externalId)),
          );
        }
      });

      it('uses the current values of the session', async () => {
        await save(store, { sessions: [fresh(unnamed)] });
        await save(store, { sessions: [{ ...evolve(unnamed, { source: 'droid' }, 5), revision: 1 }] });
        expect(await store.sessions(ada, page({ source: 'opencode' }))).toEqual([]);
        expect(await store.sessions(ada, page({ source: 'droid' }))).toHaveLength(1);
      });
    });
  });

  async function allPages(query: Partial<SessionQuery> & Pick<SessionQuery, 'sort' | 'limit'>) {
    const found: SessionState[] = [];
    for (let after: SessionQuery['after']; ;) {
      const next = await store.sessions(ada, page({ ...query, after }));
      expect(next.length).toBeLessThanOrEqual(query.limit);
      found.push(...next);
      // A cursor that does not move would never end.
      expect(found.length).toBeLessThanOrEqual(1_000);
      const last = next.at(-1);
      if (!last) return found;
      after = { value: sessionView(last)[query.sort], id: last.id };
    }
  }
}
