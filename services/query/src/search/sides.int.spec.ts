import { sessionIdOf } from '@opensync/contracts';
import { StoreUnavailableError, type VectorStore } from '@opensync/stores';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { askSides, type SideResources } from './sides.ts';

const owner = OWNERS.ada!;
const vectorOf = () => Float32Array.of(1, 0);
const embeddings: SideResources['embeddings'] = { embed: async (texts) => texts.map(vectorOf) };

describe('the time of each side', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    const events = [
      aSessionSynced({ externalId: 's1', title: 'Needles' }, { owner }),
      aMessageSynced({ sessionExternalId: 's1', externalId: 'm1', textContent: 'a needle in a stack' }, { owner }),
    ];
    await storeEvents(app.resources, owner, events, { vectorOf });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const HYBRID = { query: 'needle', type: 'hybrid', level: 'session', limit: 5, filters: {} } as const;
  const ask = (resources: Partial<SideResources>, asked: Partial<Parameters<typeof askSides>[2]> = {}) =>
    askSides({ ...app.resources, embeddings, ...resources }, owner, { ...HYBRID, ...asked }, 20);
  const hangs = () => new Promise<never>(() => {});
  const vectorsThat = (search: VectorStore['search']) => ({ vectors: { search } as VectorStore });

  it('is given to the vectors and to the embedder, like to full text', async () => {
    let until: number | undefined;
    let timeoutMs: number | undefined;
    await ask({
      ...vectorsThat(async (reader, query) => {
        ({ until } = query);
        return app.resources.vectors.search(reader, query);
      }),
      embeddings: {
        embed: async (texts, options) => {
          ({ timeoutMs } = options);
          return texts.map(vectorOf);
        },
      },
    });
    expect([typeof until, timeoutMs]).toEqual(['number', 20]);
  });

  it.each<[string, Partial<SideResources>]>([
    ['vectors hang', vectorsThat(hangs)],
    [
      'vectors run out of time',
      vectorsThat(async () => {
        throw new StoreUnavailableError('vectors', { message: 'the search takes too long; try again' });
      }),
    ],
    ['the embedder hangs', { embeddings: { embed: hangs } }],
  ])('ends while the %s: full text answers alone', async (_, resources) => {
    const { found, degraded } = await ask(resources);
    expect([...degraded]).toEqual(['semantic']);
    expect([...found.keys()]).toEqual(['fulltext']);
    expect(found.get('fulltext')!.map(({ sessionId }) => sessionId)).toEqual([sessionIdOf(owner, 's1')]);
    // A search by meaning alone is answered by full text then.
    expect([...(await ask(resources, { type: 'semantic' })).found.keys()]).toEqual(['fulltext']);
  });

  it('ends while full text hangs: the vectors answer alone', async () => {
    const { search } = app.resources;
    const { found, degraded } = await ask({ search: { ...search, search: hangs } });
    expect([...degraded]).toEqual(['fulltext']);
    expect(found.get('semantic')).toHaveLength(1);
  });
});
