import { AppError } from '@opensync/platform';
import fc from 'fast-check';
import { TextEmbedding } from './text-embedding.ts';

const vectorOf = (text: string) => Float32Array.of(text.length, 1);
const textsOf = (...texts: string[]) => new Map(texts.map((text) => [`#${text}`, text]));
const unavailable = () => new AppError('UNAVAILABLE', 'the embedding API failed (500)');

/** A model that fails as its texts say. */
class ScriptedModel {
  readonly asked: (readonly string[])[] = [];
  away = false;
  /** Requests that a crashed model still rejects while it restarts. */
  #startingFor = 0;

  readonly embed = async (texts: readonly string[]): Promise<Float32Array[]> => {
    this.asked.push(texts);
    if (this.away) throw unavailable();
    if (this.#startingFor > 0) {
      this.#startingFor--;
      throw new AppError('UNAVAILABLE', 'no embedder answers');
    }
    if (texts.some((text) => text.startsWith('crash'))) {
      this.#startingFor = 1;
      throw new AppError('UNAVAILABLE', 'no embedder answers');
    }
    if (texts.some((text) => text.startsWith('fail'))) throw unavailable();
    if (texts.some((text) => text.startsWith('internal'))) throw new AppError('INTERNAL', 'the embedder failed');
    if (texts.some((text) => text.startsWith('refuse')))
      throw new AppError('INVALID_REQUEST', 'a text is not acceptable');
    return texts.map(vectorOf);
  };
}

/**
 * As a consumer does: the same texts again until the model is available. Returns the results, and the number of
 * rounds.
 */
async function embedAll(embedding: TextEmbedding, texts: ReadonlyMap<string, string>, mostRounds = 40) {
  const vectors = new Map<string, Float32Array>();
  for (let rounds = 1; rounds <= mostRounds; rounds++) {
    const open = new Map([...texts].filter(([hash]) => !vectors.has(hash)));
    const { vectorOf: found, refused, failure } = await embedding.embed(open);
    for (const [hash, vector] of found) vectors.set(hash, vector);
    if (!failure) return { vectors, refused, rounds };
  }
  throw new Error(`not done after ${mostRounds} rounds`);
}

describe('TextEmbedding', () => {
  it.each(['fail', 'internal', 'refuse'])(
    'embeds everything except the one text that makes a request %s',
    async (kind) => {
      const model = new ScriptedModel();
      const refusals: unknown[] = [];
      const embedding = new TextEmbedding({ embed: model.embed, onRefused: (error) => refusals.push(error) });
      const texts = textsOf(...Array.from({ length: 64 }, (_, at) => (at === 17 ? `${kind} this` : `text ${at}`)));
      const { vectorOf: vectors, refused, failure } = await embedding.embed(texts);
      expect(failure).toBeUndefined();
      expect([...refused.keys()]).toEqual([`#${kind} this`]);
      expect(vectors.size).toBe(63);
      expect(vectors.get('#text 5')).toEqual(vectorOf('text 5'));
      expect(refusals).toHaveLength(1);
      // About twice the logarithm, each failure with a probe, and the confirmation: far from one request per text.
      expect(model.asked.length).toBeLessThan(40);
    },
  );

  it('remembers a rejection, so that repeats cost the model nothing', async () => {
    const model = new ScriptedModel();
    const embedding = new TextEmbedding({ embed: model.embed });
    await embedding.embed(textsOf('fail'));
    const before = model.asked.length;
    const { refused } = await embedding.embed(textsOf('fail'));
    expect(refused.get('#fail')).toBe('the embedding API failed (500)');
    expect(model.asked.length).toBe(before);
  });

  it('finds the text that crashes the model each time', async () => {
    const model = new ScriptedModel();
    const embedding = new TextEmbedding({ embed: model.embed });
    const texts = textsOf(...Array.from({ length: 64 }, (_, at) => (at === 40 ? 'crash' : `text ${at}`)));
    const { vectors, refused } = await embedAll(embedding, texts);
    expect([...refused.keys()]).toEqual(['#crash']);
    expect(vectors.size).toBe(63);
  });

  it('leaves no text without a vector after an outage, however long and often it was requested meanwhile', async () => {
    const model = new ScriptedModel();
    const embedding = new TextEmbedding({ embed: model.embed });
    const texts = textsOf(...Array.from({ length: 64 }, (_, at) => `text ${at}`));
    model.away = true;
    for (let attempt = 0; attempt < 50; attempt++) {
      expect((await embedding.embed(texts)).failure).toMatchObject({ error: { code: 'UNAVAILABLE' } });
      expect((await embedding.embed(textsOf('alone'))).failure).toBeDefined();
    }
    model.away = false;
    const { vectorOf: vectors, refused, failure } = await embedding.embed(texts);
    expect([vectors.size, refused.size, failure]).toEqual([64, 0, undefined]);
    expect((await embedding.embed(textsOf('alone'))).vectorOf.size).toBe(1);
  });

  it('leaves no text without a vector behind an API that fails on up to 30 % of requests at random', async () => {
    // Without bias: fast-check prefers small numbers, which are the failures here. Beyond 30 %, a good text can fail
    // three times in a row next to successful probes (0.2 % of runs at 40 %).
    await fc.assert(
      fc.asyncProperty(
        fc.noBias(fc.infiniteStream(fc.nat(9))),
        fc.integer({ min: 1, max: 3 }),
        async (dice, failing) => {
          const embed = async (texts: readonly string[]) => {
            if (dice.next().value < failing) throw unavailable();
            return texts.map(vectorOf);
          };
          const texts = textsOf(...Array.from({ length: 64 }, (_, at) => `text ${at}`));
          const { vectors, refused } = await embedAll(new TextEmbedding({ embed }), texts, 10_000);
          expect([vectors.size, refused.size]).toEqual([64, 0]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('treats a rate limit as an outage, never as a bad text', async () => {
    let calls = 0;
    const embed = async () => {
      calls++;
      throw new AppError('RATE_LIMITED', 'later', { retryAfter: 30 });
    };
    const { refused, failure } = await new TextEmbedding({ embed }).embed(textsOf('a', 'b'));
    expect([refused.size, failure?.error, calls]).toEqual([0, expect.objectContaining({ retryAfter: 30 }), 1]);
  });

  it('does not hide a bug', async () => {
    const embed = () => Promise.reject(new TypeError('a bug'));
    await expect(new TextEmbedding({ embed }).embed(textsOf('a'))).rejects.toThrow('a bug');
  });

  it('rejects exactly the bad texts, whatever they are mixed with', async () => {
    const kinds = fc.constantFrom('good', 'good', 'good', 'fail', 'internal', 'refuse', 'crash');
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { minLength: 1, maxLength: 64 }), async (all) => {
        const texts = textsOf(...all.map((kind, at) => `${kind} ${at}`));
        const { vectors, refused } = await embedAll(
          new TextEmbedding({ embed: new ScriptedModel().embed }),
          texts,
          2_000,
        );
        const isGood = (hash: string) => hash.startsWith('#good');
        expect(new Set(vectors.keys())).toEqual(new Set([...texts.keys()].filter(isGood)));
        expect([...refused.keys()].some(isGood)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});
