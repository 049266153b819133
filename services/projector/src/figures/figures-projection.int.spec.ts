import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { amountOf, quarterOf, sessionIdOf, type AmountName, type NewEvent, type Owner } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { loadSettings, type Settings } from '@opensync/platform';
import { dropGeneration, openGeneration, type DocumentStore } from '@opensync/stores';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionCurated,
  aSessionDeleted,
  aSessionSynced,
  aUserErased,
  describeWith,
  temporaryFolder,
  type TemporaryFolder,
} from '@opensync/testkit';
import fc from 'fast-check';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { stream } from '../testing/deliveries.ts';
import { allFigures, ONE_PRICE } from '../testing/figures.ts';
import { FiguresProjection } from './figures-projection.ts';

const [ada, bob] = [anOwner('ada@example.com'), anOwner('bob@example.com')];
const NOON = Date.UTC(2026, 2, 28, 12);
const HOUR = 3_600_000;

function figuresOn(engine: string, settingsOf: (name: string) => Settings): void {
  let runs = 0;
  async function withStore<Result>(work: (documents: DocumentStore) => Promise<Result>): Promise<Result> {
    const documents = await openGeneration(settingsOf(`figures-${++runs}`), 'documents', 1);
    try {
      return await work(documents);
    } finally {
      await documents.close();
    }
  }

  /** A projector's documents and figures over a log. */
  async function projector(documents: DocumentStore, log: readonly Delivery[]) {
    async function* history(owner: Owner, after: number) {
      yield log.filter(({ subject, sequence }) => sequence > after && subject.includes(`.${owner.userId}.`));
    }
    const projection = new DocumentsProjection({ documents, publishChanges: async () => undefined, history });
    const figures = new FiguresProjection({ documents, prices: ONE_PRICE });
    await figures.adoptPrices();
    return { projection, figures };
  }

  async function totalsOf(documents: DocumentStore, owner: Owner, shared = false) {
    const [all] = await documents.figures({
      scopes: [{ ...owner, shared }],
      ranges: [{ level: 'all', from: 0, to: 1 }],
      members: ['totals'],
    });
    return (name: AmountName) => (all ? amountOf(all.figures.totals!, name) : 0);
  }

  describe(`figures: ${engine}`, () => {
    it('counts a session, moves it when it is shared, and forgets it when it is deleted', async () => {
      await withStore(async (documents) => {
        const log = stream([
          aSessionSynced({ externalId: 's', createdAt: NOON }, { owner: ada }),
          aMessageSynced(
            {
              sessionExternalId: 's',
              createdAt: NOON + HOUR,
              model: 'priced',
              promptTokens: 5,
              requestId: 'r',
              partCount: 2,
            },
            { owner: ada },
          ),
          aPartSynced(
            { ...idsOf('s'), order: 0, type: 'tool-call', content: { toolName: 'Bash', id: 'c' } },
            { owner: ada },
          ),
          aPartSynced(
            {
              ...idsOf('s'),
              order: 1,
              type: 'tool-result',
              content: { tool_use_id: 'c', is_error: true, result: 'no' },
            },
            { owner: ada },
          ),
          aSessionCurated({ externalId: 's', visibility: 'workspace' }, { owner: ada }),
          aSessionDeleted('s', { owner: ada }),
        ]);
        const { projection, figures } = await projector(documents, log);
        await projection.apply(log.slice(0, 2));
        await figures.update();
        // Parts alone, as in a batch that ends between a message and its parts.
        await projection.apply(log.slice(2, 4));
        expect(await documents.hasDueFigures(ada)).toBe(true);
        await figures.update();
        expect(await documents.hasDueFigures(ada)).toBe(false);
        let of = await totalsOf(documents, ada);
        expect([of('sessions'), of('messages'), of('promptTokens'), of('computedMicros')]).toEqual([1, 1, 5, 5]);
        const found = await documents.figures({
          scopes: [{ ...ada, shared: false }],
          ranges: [{ level: 'quarter', from: quarterOf(NOON + HOUR), to: quarterOf(NOON + HOUR) + 1 }],
          members: ['tools', 'models'],
        });
        const { tools, models } = found[0]!.figures;
        expect(Object.keys(models!)).toEqual(['priced']);
        expect([amountOf(tools!['Bash']!, 'toolCalls'), amountOf(tools!['Bash']!, 'toolErrors')]).toEqual([1, 1]);

        await projection.apply([log[4]!]);
        await figures.update();
        expect((await totalsOf(documents, ada))('sessions')).toBe(0);
        of = await totalsOf(documents, ada, true);
        expect([of('sessions'), of('promptTokens')]).toEqual([1, 5]);
        expect(await documents.figureMembers(ada.workspaceId)).toEqual([{ ...ada, shared: true }]);

        await projection.apply([log[5]!]);
        await figures.update();
        expect(await allFigures(documents, [ada, bob])).toEqual({});
      });
    });

    it('rates all sessions again with another price table, and leaves them to the process that was started last', async () => {
      await withStore(async (documents) => {
        const log = stream([
          aMessageSynced({ sessionExternalId: 's', model: 'priced', promptTokens: 5 }, { owner: ada }),
        ]);
        const { projection, figures } = await projector(documents, log);
        await projection.apply(log);
        await figures.update();
        const dearer = new FiguresProjection({
          documents,
          prices: { digest: 'dearer', pricesOf: () => ({ input: 3, output: 3 }) },
        });
        await dearer.adoptPrices();
        expect(await figures.update()).toBe(0);
        expect(await dearer.update()).toBe(1);
        expect((await totalsOf(documents, ada))('computedMicros')).toBe(15);
        expect(await documents.figureRating()).toEqual({ digest: 'dearer', marked: true });
      });
    });

    it('computes the same figures in any order, repeated, by racing and crashing projectors', async () => {
      const owner = fc.constantFrom(ada, bob);
      const name = fc.constantFrom('a', 'b');
      const time = fc.integer({ min: 0, max: 60 }).map((n) => NOON + n * 7 * 60_000);
      const tokens = fc.nat(1000);
      const event: fc.Arbitrary<NewEvent[]> = fc.oneof(
        {
          weight: 2,
          arbitrary: fc
            .tuple(owner, name, tokens, time)
            .map(([of, externalId, promptTokens, createdAt]) => [
              aSessionSynced({ externalId, promptTokens, createdAt }, { owner: of }),
            ]),
        },
        {
          weight: 4,
          arbitrary: fc
            .tuple(owner, name, fc.constantFrom('m', 'n'), tokens, time, fc.constantFrom('priced', 'other'))
            .map(([of, sessionExternalId, externalId, completionTokens, createdAt, model]) => [
              aMessageSynced({ sessionExternalId, externalId, completionTokens, createdAt, model }, { owner: of }),
            ]),
        },
        {
          weight: 2,
          arbitrary: fc
            .tuple(owner, name, fc.constantFrom('private' as const, 'workspace' as const))
            .map(([of, externalId, visibility]) => [aSessionCurated({ externalId, visibility }, { owner: of })]),
        },
        { weight: 1, arbitrary: fc.tuple(owner, name).map(([of, id]) => [aSessionDeleted(id, { owner: of })]) },
        { weight: 1, arbitrary: owner.map((of) => [aUserErased({ owner: of })]) },
      );
      const delivery = fc.array(event, { minLength: 3, maxLength: 14 }).chain((events) => {
        const log = stream(events.flat());
        return fc.record({
          log: fc.constant(log),
          delivered: fc.shuffledSubarray([...log, ...log.slice(0, 3)], { minLength: log.length + 3 }),
          failures: fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
        });
      });
      await fc.assert(
        fc.asyncProperty(delivery, async ({ log, delivered, failures }) => {
          const expected = await withStore(async (documents) => {
            const { projection, figures } = await projector(documents, log);
            for (const one of log) await projection.apply([one]);
            await figures.update();
            return allFigures(documents, [ada, bob]);
          });
          const actual = await withStore(async (documents) => {
            const failing = failingStore(documents, failures);
            const replicas = await Promise.all([documents, failing].map((store) => projector(store, log)));
            const half = Math.ceil(delivered.length / 2);
            await Promise.all(
              replicas.map(async ({ projection, figures }, at) => {
                for (const one of at === 0 ? delivered.slice(0, half) : delivered.slice(half)) {
                  await untilDone(() => projection.apply([one]));
                  await figures.update().catch(() => undefined);
                }
              }),
            );
            await replicas[0]!.figures.update();
            return allFigures(documents, [ada, bob]);
          });
          expect(actual).toEqual(expected);
        }),
        { numRuns: 6, endOnFailure: true },
      );
    }, 240_000);
  });
}

/** The ids of the first message of a session of ada. */
function idsOf(session: string) {
  const { messageId, sessionId } = aMessageSynced({ sessionExternalId: session }, { owner: ada }).data;
  expect(sessionId).toBe(sessionIdOf(ada, session));
  return { messageId, sessionId };
}

/** A store whose process dies before some of its saves of figures. */
function failingStore(documents: DocumentStore, failures: readonly boolean[]): DocumentStore {
  let calls = 0;
  const orDie = <Args extends unknown[], Result>(save: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      if (failures[calls++ % failures.length]) throw new Error('the process died');
      return save(...args);
    };
  };
  return {
    ...wholeStore(documents),
    saveFigures: orDie((...args) => documents.saveFigures(...args)),
    saveContributions: orDie((...args) => documents.saveContributions(...args)),
    settleContributions: orDie((...args) => documents.settleContributions(...args)),
  };
}

/** With the methods of its class as its own. */
function wholeStore(documents: DocumentStore): DocumentStore {
  return new Proxy({} as DocumentStore, {
    ownKeys: () => methodsOf(documents),
    getOwnPropertyDescriptor: (_target, name) => ({
      configurable: true,
      enumerable: true,
      value: (documents[name as keyof DocumentStore] as (...args: unknown[]) => unknown).bind(documents),
    }),
    get: (_target, name) => (documents[name as keyof DocumentStore] as (...args: unknown[]) => unknown).bind(documents),
  });
}

function methodsOf(documents: DocumentStore): string[] {
  const names = new Set<string>();
  for (
    let of: object | null = documents;
    of && of !== Object.prototype;
    of = Object.getPrototypeOf(of) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(of)) if (name !== 'constructor') names.add(name);
  }
  return [...names];
}

/** Again while another replica is faster. */
async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if ((error as { retryable?: boolean }).retryable !== true) throw error;
    }
  }
}

describe('figures in files', () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());
  figuresOn('SQLite', (name) => loadSettings({ OPENSYNC_DATA_DIR: join(folder.path, name) }));
});

await describeWith(['mongodb'], 'figures on a server', ({ mongodb }) => {
  const prefix = `opensync-test-${randomUUID()}`;
  const used: Settings[] = [];
  afterAll(async () => {
    for (const settings of used) await dropGeneration(settings, 'documents', 1);
  });
  figuresOn('MongoDB', (name) => {
    const url = new URL(mongodb);
    url.pathname = `/${prefix}-${name}`;
    const settings = loadSettings({ MONGODB_URL: url.href });
    used.push(settings);
    return settings;
  });
});
