import { AppError, type EmbeddingModel } from '@opensync/platform';
import { Registry } from '@opensync/platform/telemetry';
import type { Embedder } from './embedder.ts';
import { observedEmbedder, priceOf } from './observed-embedder.ts';

const model: EmbeddingModel = { provider: 'openai', name: 'text-embedding-3-small', dimensions: 2 };

/** Reads ten tokens per text, and fails on an empty request. */
const embedder: Embedder = {
  model,
  embed: async (texts, options) => {
    options?.onTokens?.(texts.length * 10);
    if (texts.length === 0) throw new AppError('UNAVAILABLE', 'nothing');
    return texts.map(() => Float32Array.of(1, 0));
  },
  close: async () => undefined,
};

describe('observedEmbedder', () => {
  it('counts requests, texts, tokens and their cost', async () => {
    const metrics = new Registry();
    const observed = observedEmbedder(embedder, metrics, 0.02);
    expect(await observed.embed(['a', 'b'])).toHaveLength(2);
    await observed.embed(['c']);
    await expect(observed.embed([])).rejects.toThrow('nothing');
    const text = await metrics.metrics();
    const label = 'model="text-embedding-3-small"';
    expect(text).toContain(`opensync_embed_texts_total{${label}} 3\n`);
    expect(text).toContain(`opensync_embed_tokens_total{${label}} 30\n`);
    expect(text).toContain(`opensync_embed_duration_seconds_count{${label},outcome="ok"} 2\n`);
    expect(text).toContain(`opensync_embed_duration_seconds_count{${label},outcome="unavailable"} 1\n`);
    const cost = /embed_cost_dollars_total\{.*\} (\S+)/.exec(text)?.[1];
    expect(Number(cost)).toBeCloseTo(6e-7, 12);
  });

  it('shows no cost if the price is unknown', async () => {
    const metrics = new Registry();
    await observedEmbedder(embedder, metrics, undefined).embed(['a']);
    expect(await metrics.metrics()).not.toContain('cost');
  });
});

describe('priceOf', () => {
  it.each([
    [model, undefined, 0.02],
    [model, 0.5, 0.5],
    [{ ...model, name: 'some-other-model' }, undefined, undefined],
    [{ ...model, provider: 'local' as const }, undefined, 0],
  ])('%j at %s', (of, set, expected) => expect(priceOf(of, set)).toBe(expected));
});
