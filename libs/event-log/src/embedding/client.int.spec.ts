import { EMBED_SUBJECT, type EmbedRequest } from '@opensync/contracts';
import { startTestNats, type TestNats } from '@opensync/testkit';
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { EmbeddingClient } from './client.ts';
import { giveSigns, watchedRequest } from './signs-of-life.ts';
import { EMBED_HEADER, encodeVector } from './wire.ts';

const MODEL = { provider: 'local', name: 'tiny', dimensions: 2 } as const;

describe('EmbeddingClient', () => {
  let nats: TestNats;
  let nc: NatsConnection;
  beforeAll(async () => {
    nats = await startTestNats();
    nc = await connect({ servers: nats.url });
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

  it('gives each text its vector, over as many requests as it takes', async () => {
    const asked: number[] = [];
    await serveTexts(asked);
    const texts = Array.from({ length: 300 }, (_, i) => String(i));
    const vectors = await new EmbeddingClient(nc, MODEL).embed(texts, { timeoutMs: 5_000 });
    expect(vectors).toEqual(texts.map(vectorOf));
    expect(asked).toEqual([64, 64, 64, 64, 44]);
    await expect(new EmbeddingClient(nc, MODEL).embed([], { timeoutMs: 1 })).resolves.toEqual([]);
  });

  it('asks for fewer texts where vectors are long', async () => {
    const asked: number[] = [];
    await serveTexts(asked);
    const long = new EmbeddingClient(nc, { ...MODEL, dimensions: 4_096 });
    await expect(
      long.embed(
        Array.from({ length: 64 }, () => '1'),
        { timeoutMs: 5_000 },
      ),
    ).rejects.toThrow('4096 dimensions');
    expect(Math.max(...asked) * 4_096 * 4 * (4 / 3)).toBeLessThan(600_000);
  });

  it('says so at once where no embedder listens', async () => {
    const start = performance.now();
    await expect(new EmbeddingClient(nc, MODEL).embed(['1'], { timeoutMs: 30_000 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'no embedder answers',
    });
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('waits as long as it was told and tells the embedder', async () => {
    let told: string | undefined;
    await serve((message) => (told = message.headers?.get(EMBED_HEADER.timeout)));
    const waiting = new EmbeddingClient(nc, MODEL).embed(['1'], { timeoutMs: 80 });
    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(told).toBe('80');
  });

  it('gives up on an embedder that has shown signs of life and shows no more', async () => {
    await serve((message) => giveSigns(message)());
    const asked = watchedRequest(nc, EMBED_SUBJECT, '{}', { headers: headers(), timeoutMs: 60_000, silenceMs: 50 });
    await expect(asked).rejects.toThrow('is gone');
  });

  it('gives up on a request that was lost with the connection', async () => {
    await using server = await startTestNats();
    const connection = await connect({ servers: server.url, reconnectTimeWait: 20 });
    const received = Promise.withResolvers<void>();
    connection.subscribe(EMBED_SUBJECT, { callback: () => received.resolve() });
    const sent = { headers: headers(), timeoutMs: 60_000, silenceMs: 50 };
    const lost = expect(watchedRequest(connection, EMBED_SUBJECT, '{}', sent)).rejects.toThrow('is gone');
    await received.promise;
    await server.restart();
    await lost;
    await connection.close();
  });

  it('waits for an embedder that goes on showing signs of life', async () => {
    const answered = Promise.withResolvers<void>();
    await serve((message) => {
      const sign = headers();
      sign.set('Osk-Sign-Of-Life', 'working');
      const signs = setInterval(() => message.respond(undefined, { headers: sign }), 20);
      void answered.promise.then(() => {
        clearInterval(signs);
        answer(message, { model: 'tiny', dimensions: 2, vectors: [] });
      });
    });
    const asked = watchedRequest(nc, EMBED_SUBJECT, '{}', { headers: headers(), timeoutMs: 60_000, silenceMs: 200 });
    // Longer than the silence that it would bear.
    setTimeout(answered.resolve, 400);
    expect((await asked).json()).toMatchObject({ model: 'tiny' });
  });

  it.each([
    ['another model', { model: 'other', dimensions: 2, vectors: [encodeVector(vectorOf('1'))] }],
    ['other dimensions', { model: 'tiny', dimensions: 3, vectors: [encodeVector(Float32Array.of(1, 2, 3))] }],
    ['too few vectors', { model: 'tiny', dimensions: 2, vectors: [] }],
    ['something else', { hello: 'world' }],
  ])('takes no vectors from an answer with %s', async (_what, body) => {
    await serve((message) => answer(message, body));
    const asked = new EmbeddingClient(nc, MODEL).embed(['1'], { timeoutMs: 5_000 });
    await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
