import { addAmount, FigureSum, noAmounts, type Figures } from '@opensync/contracts';
import type { Contribution, FigureKey, SavedContribution } from '../figures-port.ts';
import { ada, aSession, bob, fresh, save, type OpenStore } from './states.ts';

const figuresOf = (tokens: number): Figures => {
  const sum = new FigureSum();
  addAmount(sum.totals, 'sessions', 1);
  addAmount(sum.totals, 'promptTokens', tokens);
  // A name with a meaning in databases.
  addAmount(sum.named('models', '$set.a'), 'promptTokens', tokens);
  return sum.figures();
};
const totals = (sessions: number, tokens: number) => {
  const sum = noAmounts();
  addAmount(sum, 'sessions', sessions);
  addAmount(sum, 'promptTokens', tokens);
  return sum;
};
const contribution = (revision: number, ...quarters: [quarter: number, tokens: number][]): Contribution => ({
  revision,
  shared: false,
  figures: new Map(quarters.map(([quarter, tokens]) => [quarter, figuresOf(tokens)])),
  pending: quarters.map(([quarter]) => ({ quarter, shared: false })),
});

/** What sessions contribute to the figures, and the sums; which sums, the projection decides. */
export function figuresConformance(open: OpenStore): void {
  describe('figures', () => {
    const session = aSession({ externalId: 'counted' });
    const ofAda = { owner: ada, sessionId: session.id };
    const saved = (...args: Parameters<typeof contribution>): SavedContribution => ({
      ...ofAda,
      ...contribution(...args),
    });

    it('marks a session as due with each save, until the mark of that save is settled', async () => {
      const store = open();
      expect(await store.hasDueFigures(ada)).toBe(false);
      await save(store, { sessions: [fresh(session)] });
      const [first] = await store.dueFigures({ limit: 10 });
      expect(first).toMatchObject({ ...ofAda, mark: expect.any(String) });
      const stored = (await store.load(ada, { sessions: [session.id] })).sessions.get(session.id)!;
      await save(store, { sessions: [stored] });
      await store.settleContributions([{ ...ofAda, mark: first!.mark }]);
      const [second] = await store.dueFigures({ limit: 10 });
      expect(second!.mark).not.toBe(first!.mark);
      expect([await store.hasDueFigures(ada), await store.hasDueFigures(bob)]).toEqual([true, false]);
      await store.settleContributions([{ ...ofAda, mark: second!.mark }]);
      expect(await store.dueFigures({ limit: 10 })).toEqual([]);
    });

    it('pages through those that are due', async () => {
      const store = open();
      const sessions = ['a', 'b', 'c'].map((externalId) => aSession({ externalId }));
      await save(store, { sessions: sessions.map(fresh) });
      const found: string[] = [];
      for (let after: string | undefined; ;) {
        const [next] = await store.dueFigures({ limit: 1, ...(after !== undefined && { after }) });
        if (!next) break;
        found.push(next.sessionId);
        after = next.place;
      }
      expect(found.toSorted()).toEqual(sessions.map(({ id }) => id).toSorted());
    });

    it('replaces a contribution as a whole, and only the revision that was read', async () => {
      const store = open();
      expect(await store.contributions([ofAda])).toEqual([
        { revision: 0, shared: false, figures: new Map(), pending: [] },
      ]);
      expect(await store.saveContributions([saved(0, [7, 10], [8, 5])])).toEqual([]);
      expect(await store.saveContributions([saved(0, [9, 99])])).toEqual([session.id]);
      const [read] = await store.contributions([ofAda]);
      expect(read!.figures).toEqual(
        new Map([
          [7, figuresOf(10)],
          [8, figuresOf(5)],
        ]),
      );
      expect(await store.saveContributions([saved(read!.revision, [8, 6])])).toEqual([]);
      const [replaced] = await store.contributions([ofAda]);
      expect(replaced!.figures).toEqual(new Map([[8, figuresOf(6)]]));
      expect(replaced!.revision).toBeGreaterThan(read!.revision);
    });

    it('adds up what single sessions contribute, in the order of the question', async () => {
      const store = open();
      await store.saveContributions([saved(0, [7, 10], [8, 5])]);
      const ofBob = { owner: bob, sessionId: session.id };
      await store.saveContributions([{ ...ofBob, ...contribution(0, [7, 1]) }]);
      const unknown = { owner: ada, sessionId: 'ses_unknown' };
      expect(await store.sessionTotals([ofBob, unknown, ofAda])).toEqual([totals(1, 1), undefined, totals(2, 15)]);
      expect(await store.sessionTotals([])).toEqual([]);
    });

    it('keeps sums apart by scope and period, and saves only the revision that was read', async () => {
      const store = open();
      const key: FigureKey = { scope: { ...ada, shared: false }, level: 'day', number: 20_000 };
      expect(await store.figureRevisions([key])).toEqual([0]);
      expect(await store.saveFigures([{ ...key, revision: 0, figures: figuresOf(3) }])).toEqual([]);
      expect(await store.saveFigures([{ ...key, revision: 0, figures: figuresOf(9) }])).toEqual([0]);
      const ranges = [{ level: 'day', from: 20_000, to: 20_001 }] as const;
      const read = async (owner: typeof ada, shared: boolean) =>
        store.figures({ scopes: [{ ...owner, shared }], ranges, members: ['totals', 'models'] });
      const { totals: sum, models } = figuresOf(3);
      expect(await read(ada, false)).toMatchObject([
        { level: 'day', number: 20_000, figures: { totals: sum, models } },
      ]);
      expect(await read(ada, true)).toEqual([]);
      expect(await read(bob, false)).toEqual([]);
    });

    it('marks all sessions as due when prices change', async () => {
      const store = open();
      await save(store, { sessions: [fresh(session)] });
      const [due] = await store.dueFigures({ limit: 10 });
      await store.settleContributions([{ ...ofAda, mark: due!.mark }]);
      expect(await store.figureRating()).toBeUndefined();
      await store.rateAgain('digest');
      expect(await store.figureRating()).toEqual({ digest: 'digest', marked: true });
      expect((await store.dueFigures({ limit: 10 })).map(({ sessionId }) => sessionId)).toEqual([session.id]);
    });
  });
}
