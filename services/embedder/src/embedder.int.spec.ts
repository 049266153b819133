import 'reflect-metadata';
import { connectLog, type LogConnection } from '@opensync/event-log';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EMBED_QUEUE, EMBED_SUBJECT, embedResponseSchema, type EmbedRequest } from '@opensync/contracts';
import { EMBED_HEADER, EmbeddingClient } from '@opensync/event-log/embedding';
import {
  AppError,
  createLogger,
  FAMILIES,
  vectorSpaceOf,
  type EmbeddingModel,
  type TextRole,
} from '@opensync/platform';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { embedderModule, NatsRequestStrategy, type Embedder } from './index.ts';
import type { EmbedOptions } from './embedder.ts';

const MODEL = { provider: 'local', name: 'tiny', dimensions: 2 } as const;
const logger = createLogger('silent', 'test');

/** Answers with the text's length, once the gate is open. */
class GatedEmbedder implements Embedder {
  readonly model: EmbeddingModel = MODEL;
  readonly asked: (readonly string[])[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly roles: (TextRole | undefined)[] = [];
  gate: Promise<unknown> = Promise.resolve();

  async embed(texts: readonly string[], { role, signal }: EmbedOptions = {}): Promise<Float32Array[]> {
    this.asked.push(texts);
    this.roles.push(role);
    this.signals.push(signal);
    await this.gate;
    if (texts.includes('bug')) throw new TypeError('secret detail');
    if (texts.includes('busy')) throw new AppError('UNAVAILABLE', 'too much to do', { retryAfter: 5 });
    return texts.map((text) => Float32Array.of(text.length, 1));
  }

  async close(): Promise<void> {}
}

describe('the embedder on NATS', () => {
  let nats: TestNats;
  let nc: LogConnection;
  const services: INestMicroservice[] = [];

  let strategy: NatsRequestStrategy;
  const start = async (embedder: Embedder): Promise<INestMicroservice> => {
    strategy = new NatsRequestStrategy({ nc, queue: EMBED_QUEUE, logger });
    const service = await NestFactory.createMicroservice(embedderModule({ embedder }), { strategy, logger: false });
    await service.listen();
    services.push(service);
    return service;
  };
  const request = (body: string, options: { timeout: number } = { timeout: 5_000 }) =>
    nc.request(EMBED_SUBJECT, body, options);
  const plain = (texts: string[], model = 'tiny') => JSON.stringify({ model, texts } satisfies EmbedRequest);

  beforeAll(async () => {
    nats = await startTestNats();
    nc = await connectLog({ servers: nats.url, name: 'test' });
  });
  afterEach(() => Promise.all(services.splice(0).map((service) => service.close())));
  afterAll(async () => {
    await nc.close();
    await nats.stop();
  });

  it('answers the client of the event log', async () => {
    await start(new GatedEmbedder());
    const vectors = await new EmbeddingClient(nc, MODEL).embed(['a', 'bbb'], { role: 'query', timeoutMs: 5_000 });
    expect(vectors).toEqual([Float32Array.of(1, 1), Float32Array.of(3, 1)]);
  });

  it('embeds queries as queries, passages as passages, and texts of earlier versions as they are', async () => {
    const embedder = new GatedEmbedder();
    await start(embedder);
    const client = new EmbeddingClient(nc, MODEL);
    await client.embed(['a'], { role: 'query', timeoutMs: 5_000 });
    await client.embed(['a'], { role: 'passage', timeoutMs: 5_000 });
    await request(plain(['a']));
    expect(embedder.roles).toEqual(['query', 'passage', undefined]);
  });

  it('says with which vectors those of its passages can be compared', async () => {
    const model = { ...MODEL, forms: FAMILIES.e5 };
    await start(Object.assign(new GatedEmbedder(), { model }));
    expect((await request(plain(['a']))).json()).toMatchObject({ model: 'tiny', space: vectorSpaceOf(model) });
    const passages = new EmbeddingClient(nc, model).embed(['a'], { role: 'passage', timeoutMs: 5_000 });
    await expect(passages).resolves.toHaveLength(1);
  });

  it('answers any NATS client with plain JSON', async () => {
    await start(new GatedEmbedder());
    const answer = await request(plain(['a', 'bb']));
    expect(embedResponseSchema.strict().parse(answer.json())).toMatchObject({ model: 'tiny', dimensions: 2 });
    expect(answer.headers).toBeUndefined();
  });

  it.each([
    ['no JSON', 'texts=a', '400'],
    ['no texts', JSON.stringify({ model: 'tiny', texts: [] }), '400'],
    ['too many texts', plain(Array.from({ length: 65 }, () => 'a')), '400'],
    ['a text without end', plain(['a'.repeat(40_000)]), '400'],
    ['another model', plain(['a'], 'other'), '503'],
    ['a busy model', plain(['busy']), '503'],
    ['a bug', plain(['bug']), '500'],
  ])('answers %s with a failure in the headers', async (_what, body, code) => {
    await start(new GatedEmbedder());
    const answer = await request(body);
    expect(answer.headers!.get(EMBED_HEADER.errorCode)).toBe(code);
    expect(answer.headers!.get(EMBED_HEADER.error)).not.toBe('');
    expect(answer.headers!.get(EMBED_HEADER.error)).not.toContain('secret');
    expect(answer.string()).toBe('');
  });

  it('sends the retry time', async () => {
    await start(new GatedEmbedder());
    const asked = new EmbeddingClient(nc, MODEL).embed(['busy'], { role: 'query', timeoutMs: 5_000 });
    await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'too much to do', retryAfter: 5 });
  });

  it('tells the model when the caller is gone', async () => {
    const embedder = new GatedEmbedder();
    const gate = Promise.withResolvers<void>();
    embedder.gate = gate.promise;
    await start(embedder);
    await expect(new EmbeddingClient(nc, MODEL).embed(['a'], { role: 'query', timeoutMs: 100 })).rejects.toThrow(
      'no embedder answers',
    );
    await waitFor(() => embedder.signals[0]?.aborted);
    gate.resolve();
  });

  it('is not alive if a request is still open minutes after its caller has gone', async () => {
    const embedder = new GatedEmbedder();
    const gate = Promise.withResolvers<void>();
    embedder.gate = gate.promise;
    await start(embedder);
    const minutes = 60_000;
    expect(strategy.isAnswering(Date.now() + 60 * minutes)).toBe(true);
    const asked = new EmbeddingClient(nc, MODEL).embed(['a'], { role: 'query', timeoutMs: 5_000 });
    await waitFor(() => embedder.asked.length === 1);
    expect(strategy.isAnswering(Date.now() + minutes)).toBe(true);
    expect(strategy.isAnswering(Date.now() + 3 * minutes)).toBe(false);
    gate.resolve();
    await asked;
    await waitFor(() => strategy.isAnswering(Date.now() + 3 * minutes));
  });

  it('distributes requests among its processes', async () => {
    const embedders = [new GatedEmbedder(), new GatedEmbedder()];
    for (const embedder of embedders) await start(embedder);
    await waitFor(async () => {
      await request(plain(['a']));
      return embedders.every(({ asked }) => asked.length > 0);
    });
    const before = embedders[0]!.asked.length + embedders[1]!.asked.length;
    await request(plain(['a']));
    expect(embedders[0]!.asked.length + embedders[1]!.asked.length).toBe(before + 1);
  });

  it('answers requests in progress before it stops, and accepts no more', async () => {
    const embedder = new GatedEmbedder();
    const gate = Promise.withResolvers<void>();
    embedder.gate = gate.promise;
    const service = await start(embedder);
    const underWay = request(plain(['a']));
    await waitFor(() => embedder.asked.length === 1);
    const closed = service.close();
    await expect(
      waitFor(() =>
        request(plain(['b']), { timeout: 50 }).catch((error: Error) => error.message.includes('no responders')),
      ),
    ).resolves.toBe(true);
    gate.resolve();
    expect((await underWay).json()).toMatchObject({ model: 'tiny' });
    await closed;
    expect(embedder.asked).toEqual([['a']]);
  });

  it('does not let a slow model block its stop', async () => {
    const embedder = new GatedEmbedder();
    embedder.gate = new Promise((_resolve, reject) => {
      void waitFor(() => embedder.signals[0]).then((signal) =>
        signal.addEventListener('abort', () => reject(new AppError('UNAVAILABLE', 'stopping'))),
      );
    });
    const service = await start(embedder);
    const underWay = request(plain(['a']), { timeout: 30_000 });
    await waitFor(() => embedder.asked.length === 1);
    await service.close();
    expect((await underWay).headers!.get(EMBED_HEADER.error)).toBe('stopping');
  });

  it('continues after the server was unavailable', async () => {
    await start(new GatedEmbedder());
    await nats.restart();
    const client = new EmbeddingClient(nc, MODEL);
    await expect(
      waitFor(() => client.embed(['a'], { role: 'query', timeoutMs: 500 }), { timeoutMs: 20_000 }),
    ).resolves.toHaveLength(1);
  });
});
