import { jest } from '@jest/globals';
import { EMBED_SUBJECT, type EmbedRequest } from '@opensync/contracts';
import { FAMILIES, vectorSpaceOf } from '@opensync/platform';
import { startTestNats, type TestNats } from '@opensync/testkit';
import { headers, type Msg } from '@nats-io/transport-node';
import { connectLog, type LogConnection } from '../connection.ts';
import { EmbeddingClient } from './client.ts';
import { giveSigns, watchedRequest } from './signs-of-life.ts';
import { EMBED_HEADER, encodeVector } from './wire.ts';

const MODEL = { provider: 'local', name: 'tiny', dimensions: 2 } as const;

describe('EmbeddingClient', () => {
  let nats: TestNats;
  let nc: LogConnection;
  beforeAll(async () => {
    nats = await startTestNats();
    nc = await connectLog({ servers: nats.url, name: 'test' });
  });
  afterAll(async () => {
    await nc.close();
    await nats.stop();
  });
  afterEach(async () => {
    for (const subscription of subscriptions.splice(0)) subscription.unsubscribe();
    await nc.flush();
  });

  const subscriptions: { unsubscribe(): void }[] = [];
  const serve = async (callback: (message: Msg) => void) => {
    subscriptions.push(nc.subscribe(EMBED_SUBJECT, { callback: (_error, message) => callback(message) }));
    await nc.flush();
  };
  const answer = (message: Msg, body: object) => message.respond(JSON.stringify(body));
  const vectorOf = (text: string) => Float32Array.of(Number(text), 1);
  const serveTexts = (asked: number[]) =>
    serve((message) => {
      const { texts } = message.json<EmbedRequest>();
      asked.push(texts.length);
      answer(message, { model: 'tiny', dimensions: 2, vectors: texts.map((text) => encodeVector(vectorOf(text))) });
    });

  it('returns a vector for each text, over as many requests as needed', async () => {
    const asked: number[] = [];
    await serveTexts(asked);
    const texts = Array.from({ length: 300 }, (_, i) => String(i));
    const vectors = await new EmbeddingClient(nc, MODEL).embed(texts, { role: 'query', timeoutMs: 5_000 });
    expect(vectors).toEqual(texts.map(vectorOf));
    expect(asked).toEqual([64, 64, 64, 64, 44]);
    await expect(new EmbeddingClient(nc, MODEL).embed([], { role: 'query', timeoutMs: 1 })).resolves.toEqual([]);
  });

  describe('with a model that embeds queries and passages differently', () => {
    const E5 = { ...MODEL, forms: FAMILIES.e5 };
    const asked: EmbedRequest[] = [];
    const serveAs = (space?: string) =>
      serve((message) => {
        asked.push(message.json<EmbedRequest>());
        answer(message, { model: 'tiny', dimensions: 2, space, vectors: [encodeVector(vectorOf('1'))] });
      });
    const embed = (role: 'query' | 'passage') => new EmbeddingClient(nc, E5).embed(['1'], { role, timeoutMs: 5_000 });
    beforeEach(() => void asked.splice(0));

    it('says which of them a text is', async () => {
      await serveAs(vectorSpaceOf(E5));
      await embed('query');
      await embed('passage');
      expect(asked).toEqual([
        { model: 'tiny', texts: ['1'], role: 'query' },
        { model: 'tiny', texts: ['1'], role: 'passage' },
      ]);
    });

    it.each([
      ['an earlier version', undefined],
      ['other settings', 'tiny+00000000'],
    ])(
      'takes vectors of queries from an embedder of %s, but none that would stay in the index',
      async (_who, space) => {
        await serveAs(space);
        await expect(embed('query')).resolves.toEqual([vectorOf('1')]);
        await expect(embed('passage')).rejects.toMatchObject({
          code: 'UNAVAILABLE',
          message: expect.stringContaining('another form'),
        });
      },
    );
  });

  it('asks for fewer texts per request if vectors are long', async () => {
    const asked: number[] = [];
    await serveTexts(asked);
    const long = new EmbeddingClient(nc, { ...MODEL, dimensions: 4_096 });
    await expect(
      long.embed(
        Array.from({ length: 64 }, () => '1'),
        { role: 'query', timeoutMs: 5_000 },
      ),
    ).rejects.toThrow('4096 dimensions');
    expect(Math.max(...asked) * 4_096 * 4 * (4 / 3)).toBeLessThan(600_000);
  });

  it('fails at once if no embedder listens', async () => {
    // Longer than the test may take: it does not wait for this.
    await expect(
      new EmbeddingClient(nc, MODEL).embed(['1'], { role: 'query', timeoutMs: 3_600_000 }),
    ).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'no embedder answers',
    });
  });

  it('gives up on a request that was lost with the connection', async () => {
    await using server = await startTestNats();
    const connection = await connectLog({ servers: server.url, name: 'test' });
    const received = Promise.withResolvers<void>();
    connection.subscribe(EMBED_SUBJECT, { callback: () => received.resolve() });
    const sent = { headers: headers(), timeoutMs: 60_000, silenceMs: 50 };
    const lost = expect(watchedRequest(connection, EMBED_SUBJECT, '{}', sent)).rejects.toThrow('is gone');
    await received.promise;
    await server.restart();
    await lost;
    await connection.close();
  });

  describe('while time passes', () => {
    // Only timers of the code under test: the connection must keep working.
    const REAL = [
      'Date',
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
    ] as const;
    beforeEach(() => void jest.useFakeTimers({ doNotFake: [...REAL] }));
    afterEach(() => void jest.useRealTimers());

    /** Messages sent meanwhile have arrived as well. */
    async function pass(ms: number): Promise<void> {
      jest.advanceTimersByTime(ms);
      await nc.flush();
    }

    /** A request that somebody works on, and its result. */
    async function ask<T>(work: (message: Msg) => T, timeoutMs: number) {
      const working = Promise.withResolvers<{ message: Msg; given: T }>();
      await serve((message) => working.resolve({ message, given: work(message) }));
      let settled = false;
      const answered = new EmbeddingClient(nc, MODEL)
        .embed(['1'], { role: 'query', timeoutMs })
        .finally(() => (settled = true));
      answered.catch(() => undefined);
      const { message, given } = await working.promise;
      await nc.flush();
      return { message, given, answered, isSettled: () => settled };
    }

    it('waits as long as configured and tells the embedder', async () => {
      const { message, answered, isSettled } = await ask(() => undefined, 30_000);
      expect(message.headers?.get(EMBED_HEADER.timeout)).toBe('30000');
      await pass(29_999);
      expect(isSettled()).toBe(false);
      await pass(1);
      await expect(answered).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { message: 'timeout' } });
    });

    it('waits for an embedder as long as it shows signs of life', async () => {
      const { message, given: endSigns, answered } = await ask(giveSigns, 120_000);
      for (let seconds = 0; seconds < 60; seconds += 2) await pass(2_000);
      endSigns();
      answer(message, { model: 'tiny', dimensions: 2, vectors: [encodeVector(vectorOf('1'))] });
      await expect(answered).resolves.toEqual([vectorOf('1')]);
    });

    it('gives up on an embedder whose signs of life stop', async () => {
      const { given: endSigns, answered, isSettled } = await ask(giveSigns, 120_000);
      await pass(2_000);
      endSigns();
      await pass(9_999);
      expect(isSettled()).toBe(false);
      await pass(1);
      await expect(answered).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        cause: { message: expect.stringMatching('gone') },
      });
    });
  });

  it.each([
    ['another model', { model: 'other', dimensions: 2, vectors: [encodeVector(vectorOf('1'))] }],
    ['other dimensions', { model: 'tiny', dimensions: 3, vectors: [encodeVector(Float32Array.of(1, 2, 3))] }],
    ['too few vectors', { model: 'tiny', dimensions: 2, vectors: [] }],
    ['something else', { hello: 'world' }],
  ])('takes no vectors from an answer with %s', async (_what, body) => {
    await serve((message) => answer(message, body));
    const asked = new EmbeddingClient(nc, MODEL).embed(['1'], { role: 'query', timeoutMs: 5_000 });
    await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
