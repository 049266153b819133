import type { EmbeddingModel } from '@opensync/platform';
import { counter, histogram, METRIC, timed, type Registry } from '@opensync/platform/telemetry';
import type { Embedder } from './embedder.ts';

/** Dollars per million tokens, from OpenAI's price list. */
const PRICES: Readonly<Record<string, number>> = {
  'text-embedding-3-small': 0.02,
  'text-embedding-3-large': 0.13,
  'text-embedding-ada-002': 0.1,
};

/** Dollars per million tokens: as set, else by name; a local model costs nothing. */
export function priceOf({ provider, name }: EmbeddingModel, set: number | undefined): number | undefined {
  if (set !== undefined) return set;
  return provider === 'local' ? 0 : PRICES[name];
}

/** An embedder whose requests, texts, tokens and cost are counted; no cost if the price is unknown. */
export function observedEmbedder(embedder: Embedder, metrics: Registry, price: number | undefined): Embedder {
  const model = embedder.model.name;
  const durations = histogram(metrics, METRIC.embed);
  const texts = counter(metrics, METRIC.embedTexts);
  const tokens = counter(metrics, METRIC.embedTokens);
  const cost = price === undefined ? undefined : counter(metrics, METRIC.embedCost);
  return {
    model: embedder.model,
    embed: (input, options) =>
      timed(
        () =>
          embedder.embed(input, {
            ...options,
            onTokens: (count) => {
              tokens.inc({ model }, count);
              cost?.inc({ model }, (count * price!) / 1e6);
              options?.onTokens?.(count);
            },
          }),
        (outcome, seconds) => {
          durations.observe({ model, outcome }, seconds);
          if (outcome === 'ok') texts.inc({ model }, input.length);
        },
      ),
    close: () => embedder.close(),
  };
}
