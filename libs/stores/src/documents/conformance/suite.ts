import { EMPTY_ROLLUP, sessionView } from '@opensync/contracts';
import { StoreUnavailableError } from '../../description.ts';
import { bodiesConformance } from './bodies.ts';
import { curationConformance } from './curation.ts';
import { deletionConformance } from './deletion.ts';
import { figuresConformance } from './figures.ts';
import { listingConformance } from './listing.ts';
import { messagesConformance } from './messages.ts';
import { outlinesConformance } from './outlines.ts';
import { positionConformance, reachConformance } from '../../position/conformance.ts';
import type { DocumentStore } from '../port.ts';
import { savingConformance } from './saving.ts';
import { ada, aMessage, aSession, bob, fresh, save } from './states.ts';
import { unknownFieldsConformance } from './unknown.ts';
import { visibilityConformance } from './visibility.ts';

/**
 * The suite that every adapter of DocumentStore passes. `open` returns an empty store for one test; `dispose` closes
 * it and removes its data.
 */
export function documentsConformance(
  name: string,
  open: () => Promise<{ store: DocumentStore; dispose: () => Promise<void> }>,
): void {
  describe(`documents store: ${name}`, () => {
    let store: DocumentStore;
    let dispose: () => Promise<void>;
    beforeEach(async () => ({ store, dispose } = await open()));
    afterEach(() => dispose());

    savingConformance(() => store);
    listingConformance(() => store);
    messagesConformance(() => store);
    outlinesConformance(() => store);
    bodiesConformance(() => store);
    deletionConformance(() => store);
    curationConformance(() => store);
    unknownFieldsConformance(() => store);
    visibilityConformance(() => store);
    figuresConformance(() => store);
    positionConformance(() => store);
    reachConformance(() => store);

    it('sums up its sessions', async () => {
      const sessions = [
        aSession({
          externalId: '1',
          source: 'claude-code',
          model: 'opus',
          promptTokens: 10,
          completionTokens: 5,
          cost: 0.5,
        }),
        aSession({ externalId: '2', source: 'claude-code', model: '__proto__', totalTokens: 99, durationMs: 1_500 }),
        { ...aSession({ externalId: '3' }), rollup: { ...EMPTY_ROLLUP, promptTokens: 3, cost: 0.25, messageCount: 2 } },
      ];
      const messages = ['a', 'b'].map((externalId) => aMessage({ externalId, sessionExternalId: '3' }));
      await save(store, { sessions: sessions.map(fresh), messages: messages.map(fresh) });
      const views = sessions.map(sessionView);
      const sum = (amount: (view: (typeof views)[number]) => number) => views.reduce((n, view) => n + amount(view), 0);
      const stats = await store.stats(ada);
      expect(stats).toMatchObject({
        sessions: 3,
        messages: 2,
        promptTokens: sum((view) => view.promptTokens),
        completionTokens: sum((view) => view.completionTokens),
        totalTokens: sum((view) => view.totalTokens),
        cost: sum((view) => view.cost),
        durationMs: sum((view) => view.durationMs),
      });
      expect(stats.totalTokens).toBe(15 + 99 + 3);
      expect(Object.entries(stats.bySource).sort()).toEqual([
        ['claude-code', 2],
        ['opencode', 1],
      ]);
      expect(Object.entries(stats.byModel).sort()).toEqual([
        ['__proto__', 1],
        ['opus', 1],
      ]);
    });

    it('describes itself with counts over all owners', async () => {
      await save(store, {
        sessions: [fresh(aSession()), fresh(aSession({}, { owner: bob }))],
        messages: [fresh(aMessage())],
      });
      const { engine, location, counts } = await store.describe();
      expect(engine).toMatch(/\S+ \d+\.\d+/);
      expect(location).not.toBe('');
      expect(counts).toMatchObject({ sessions: 2, messages: 1 });
      expect((await store.describe({ exact: true })).counts).toEqual({ sessions: 2, messages: 1 });
    });

    it('is unavailable once it is closed', async () => {
      await store.close();
      await expect(store.describe()).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(save(store, { sessions: [fresh(aSession())] })).rejects.toBeInstanceOf(StoreUnavailableError);
    });
  });
}
