import { evolveSession, PositionCodec, sessionView, type SessionState } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { aSessionSynced } from '@opensync/testkit';
import fc from 'fast-check';
import { OWNERS } from '../testing/query-app.ts';
import { decodeUpdateCursor, encodeUpdateCursor, type UpdateCursor } from './cursors.ts';
import { pageByUpdate } from './update-walk.ts';

const owner = OWNERS.ada!;
const positions = new PositionCodec(() => ['test']).of(owner.workspaceId);
const START = 1_767_225_600_000;

/** The sessions of one owner as a store pages through them, and the events that change them. */
class Sessions {
  readonly #states = new Map<string, SessionState>();
  #events = 0;
  /** Whether the log can report the applied position. */
  logIsUp = true;

  /** An event about this session, some milliseconds after the previous one. */
  change(externalId: string, ms = 1): void {
    this.#events++;
    const event = aSessionSynced({ externalId, title: `${this.#events}` }, { owner, time: START + this.#events * ms });
    const state = evolveSession(this.#states.get(externalId), { ...event, sequence: this.#events })!;
    this.#states.set(externalId, state);
  }

  get names(): string[] {
    return [...this.#states.keys()];
  }

  page(query: { order: 'asc' | 'desc'; limit: number; after?: UpdateCursor }) {
    return pageByUpdate(
      {
        documents: { sessions: (_owner: unknown, given: Query) => Promise.resolve(this.#query(given)) } as never,
        progress: {
          applied: () =>
            this.logIsUp ? Promise.resolve(this.#events) : Promise.reject(new AppError('UNAVAILABLE', 'away')),
        } as never,
      },
      owner,
      { after: undefined, ...query, filter: {} },
    );
  }

  #query({ order, limit, after }: Query): SessionState[] {
    const sign = order === 'asc' ? 1 : -1;
    const compare = (a: Position, b: Position) =>
      sign * (a.value - b.value || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    const positionOf = (state: SessionState) => ({ value: sessionView(state).updatedAt, id: state.id });
    return [...this.#states.values()]
      .sort((a, b) => compare(positionOf(a), positionOf(b)))
      .filter((state) => !after || compare(positionOf(state), after) > 0)
      .slice(0, limit);
  }
}
type Position = { readonly value: number; readonly id: string };
type Query = { readonly order: 'asc' | 'desc'; readonly limit: number; readonly after?: Position };

/** What a client lists, page by page; between two pages `meanwhile` runs. */
async function walk(
  sessions: Sessions,
  options: { order: 'asc' | 'desc'; limit: number },
  meanwhile: (page: number) => void = () => undefined,
): Promise<string[]> {
  const listed: string[] = [];
  let after: UpdateCursor | undefined;
  for (let page = 0; page < 5_000; page++) {
    const { states, cursor } = await sessions.page({ ...options, ...(after && { after }) });
    expect(states.length).toBeLessThanOrEqual(options.limit);
    listed.push(...states.map(({ externalId }) => externalId));
    if (!cursor) return listed;
    after = decodeUpdateCursor(encodeUpdateCursor(cursor, positions), positions);
    meanwhile(page);
  }
  throw new Error('does not end');
}

function some(count: number, ms?: number): Sessions {
  const sessions = new Sessions();
  for (let n = 0; n < count; n++) sessions.change(`s${n}`, ms);
  return sessions;
}

describe.each(['desc', 'asc'] as const)('a list of sessions by their last update, %s', (order) => {
  const inOrder = (names: string[]) => (order === 'asc' ? names : names.toReversed());

  it('has each session once, in order', async () => {
    for (const limit of [1, 2, 7, 24, 25, 26, 200]) {
      const sessions = some(25);
      expect(await walk(sessions, { order, limit })).toEqual(inOrder(sessions.names));
    }
  });

  it('ends at the end of a page, without an empty one', async () => {
    const { states, cursor } = await some(10).page({ order, limit: 10 });
    expect([states.length, cursor]).toEqual([10, undefined]);
  });

  it('has each session once, whichever change between two pages and how often', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.array(fc.nat(60), { maxLength: 8 }), { maxLength: 20 }),
        fc.constantFrom(0, 1, 120_000),
        fc.boolean(),
        async (count, limit, changes, ms, logIsUp) => {
          const sessions = some(count, ms);
          const before = sessions.names;
          sessions.logIsUp = logIsUp;
          // Numbers from `count` on are sessions that are created meanwhile.
          const listed = await walk(sessions, { order, limit }, (page) =>
            changes[page]?.forEach((n) => sessions.change(`s${n}`, ms)),
          );
          expect(new Set(listed).size).toBe(listed.length);
          const old = listed.filter((name) => before.includes(name));
          expect(old.toSorted()).toEqual(before.toSorted());
          // Descending, a new one could only be included if no time had passed.
          if (order === 'desc' && ms > 0) expect(listed).toEqual(old);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('ends although a session changes between all of its pages', async () => {
    const sessions = some(20);
    const listed = await walk(sessions, { order, limit: 2 }, () => {
      for (const name of ['s0', 's10', 's19']) sessions.change(name);
    });
    expect(listed.toSorted()).toEqual(sessions.names.toSorted());
  });

  it('does not list a bulk import twice that had just ended when it began', async () => {
    const sessions = some(3_000, 0);
    const listed = await walk(sessions, { order, limit: 200 }, (page) => sessions.change(`s${page}`, 0));
    expect(new Set(listed).size).toBe(3_000);
    // A session that it no longer remembers can appear twice if it changes.
    expect(listed.length - 3_000).toBeLessThanOrEqual(16);
  });

  it('has a cursor that fits into a URL', async () => {
    const sessions = some(3_000);
    let after: UpdateCursor | undefined;
    do {
      const { cursor } = await sessions.page({ order, limit: 200, ...(after && { after }) });
      if (cursor) expect(encodeUpdateCursor(cursor, positions).length).toBeLessThan(4_500);
      after = cursor;
    } while (after);
  });
});

it('lists sessions that changed before the walk reached them at the end, newest last', async () => {
  const sessions = some(6);
  const listed = await walk(sessions, { order: 'desc', limit: 2 }, (page) => {
    if (page === 0) for (const name of ['s1', 's5', 's0', 'new']) sessions.change(name);
  });
  expect(listed).toEqual(['s5', 's4', 's3', 's2', 's1', 's0']);
});
