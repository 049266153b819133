import { Worker } from 'node:worker_threads';
import { createLogger } from '@opensync/platform';
import { LocalEmbedder } from './local-embedder.ts';

const MODEL = { provider: 'local', name: 'energetic-ai-en', dimensions: 512 } as const;
const logger = createLogger('silent', 'test');

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('LocalEmbedder with its model', () => {
  const embedder = new LocalEmbedder(MODEL, logger);
  afterAll(() => embedder.close());
  const embed = async (text: string) => (await embedder.embed([text]))[0]!;

  it('returns a vector of unit length for each text, in order', async () => {
    const texts = ['How do I reset my password?', 'The cat sleeps on the sofa', 'I forgot my login credentials'];
    const vectors = await embedder.embed(texts);
    expect(vectors.map((vector) => vector.length)).toEqual([512, 512, 512]);
    for (const vector of vectors) expect(dot(vector, vector)).toBeCloseTo(1, 4);
    const [password, cat, login] = vectors as [Float32Array, Float32Array, Float32Array];
    expect(dot(password, login)).toBeGreaterThan(dot(password, cat) + 0.1);
    expect(dot(await embed(texts[1]!), cat)).toBeCloseTo(1, 4);
  });

  it('returns the same vector for a text whatever else is computed with it', async () => {
    const texts = ['short', 'A sentence of some more words, about databases.', '日本語', 'x'.repeat(300)];
    const together = await embedder.embed([...texts, ...texts]);
    for (const [at, text] of texts.entries()) expect(dot(together[at]!, await embed(text))).toBeCloseTo(1, 5);
  });

  it('reads a long text to its end', async () => {
    const beginning = 'We talked about the database migration and the order of its steps. '.repeat(12);
    const plain = await embed(beginning);
    const withTail = await embed(beginning + 'Penguins live in Antarctica. '.repeat(12));
    const penguins = await embed('Penguins live in Antarctica.');
    expect(dot(withTail, penguins)).toBeGreaterThan(dot(plain, penguins) + 0.2);
  });

  it.each(['', ' ', '\0', '\ud800', '👩‍👩‍👧', '日本語のテキスト', 'x'.repeat(5_000)])(
    'accepts unusual text %#',
    async (text) => {
      const vector = await embed(text);
      expect(dot(vector, vector)).toBeCloseTo(1, 4);
    },
  );
});

/** Answers each text with its own number, on the first coordinate, and that of its turn on the second. */
const COUNTING = `
  const { parentPort } = require('node:worker_threads');
  let texts = 0;
  let turns = 0;
  parentPort.on('message', ({ id, texts: asked }) => {
    if (asked.includes('crash')) process.exit(1);
    if (asked.includes('never answered')) return;
    if (asked.includes('hang')) for (;;);
    if (asked.includes('fail')) return parentPort.postMessage({ id, error: 'no such op' });
    turns++;
    parentPort.postMessage({ id, results: asked.map(() => ({ vector: Float32Array.of(++texts, turns), tokens: 1 })) });
  });`;

describe('LocalEmbedder in front of its thread', () => {
  let embedder: LocalEmbedder;
  beforeEach(() => {
    embedder = new LocalEmbedder(MODEL, logger, { startThread: () => new Worker(COUNTING, { eval: true }) });
  });
  afterEach(() => embedder.close());

  it('lets a search overtake a long list, and the list continue between searches', async () => {
    const list = embedder.embed(Array.from({ length: 20 }, (_, i) => `item ${i} `.repeat(50)));
    const searches = await Promise.all([
      embedder.embed(['search 1 '.repeat(50)]),
      embedder.embed(['search 2 '.repeat(50)]),
    ]);
    expect(searches.map(([vector]) => vector![0])).toEqual([2, 4]);
    expect((await list).map((vector) => vector[0])).toEqual([1, 3, 5, ...Array.from({ length: 17 }, (_, i) => i + 6)]);
  });

  it('computes short texts together, as many as cost what a long one does', async () => {
    const short = Array.from({ length: 60 }, (_, i) => `text ${i} `.repeat(2));
    const vectors = await embedder.embed(['long '.repeat(100), ...short, 'long '.repeat(100)]);
    expect(vectors.map(([text]) => text)).toEqual(Array.from({ length: 62 }, (_, i) => i + 1));
    const turns = Map.groupBy(vectors, ([, turn]) => turn!);
    expect([...turns.values()].map(({ length }) => length)).toEqual([1, 31, 29, 1]);
  });

  it('rejects more than it can do in time', async () => {
    const many = Array.from({ length: 400 }, () => 'text');
    const first = embedder.embed(many);
    await expect(embedder.embed(many)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfter: 5 });
    await expect(first).resolves.toHaveLength(400);
  });

  it('does not compute texts without a waiting caller', async () => {
    const before = embedder.embed(['first']);
    const abandoned = embedder.embed(['a', 'b'], { signal: AbortSignal.abort() });
    await expect(abandoned).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await before;
    expect((await embedder.embed(['next']))[0]![0]).toBe(2);
  });

  it('releases a caller who gives up while the text is being computed', async () => {
    const patience = new AbortController();
    const abandoned = embedder.embed(['never answered'], { signal: patience.signal });
    patience.abort();
    await expect(abandoned).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('reports a failing model and continues', async () => {
    await expect(embedder.embed(['fail'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(embedder.embed(['text'])).resolves.toHaveLength(1);
  });

  it('replaces a thread that hangs', async () => {
    const impatient = new LocalEmbedder(MODEL, logger, {
      startThread: () => new Worker(COUNTING, { eval: true }),
      threadPatienceMs: 300,
    });
    try {
      await expect(impatient.embed(['hang', 'behind it'])).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: 'the local embedding model stopped',
      });
      expect((await impatient.embed(['text']))[0]![0]).toBe(1);
    } finally {
      await impatient.close();
    }
  });

  it('starts another thread after one exited', async () => {
    await expect(embedder.embed(['crash', 'text'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await embedder.embed(['text']))[0]![0]).toBe(1);
  });

  it('rejects everything once closed', async () => {
    const waiting = embedder.embed(['a', 'b']);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await embedder.close();
    await refused;
    await expect(embedder.embed(['c'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
