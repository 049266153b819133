import type { EmbeddingModel } from '@opensync/platform';

export interface EmbedOptions {
  readonly signal?: AbortSignal | undefined;
  /** How often to try if the model fails; default: as often as the implementation does. */
  readonly attempts?: number | undefined;
  /** Told how many tokens the model has read, where that is known; also of requests that failed later. */
  readonly onTokens?: ((tokens: number) => void) | undefined;
}

/** Turns text into vectors; also the token under which Nest injects it. Implementations own their queue and their limits. */
export abstract class Embedder {
  abstract readonly model: EmbeddingModel;
  /**
   * One vector of unit length and `model.dimensions` for each text, in order; a text that is longer than the
   * model reads is read in pieces, never cut off. After `signal` the caller no longer waits.
   * Rejects with AppError: UNAVAILABLE where trying again later may help (also after the operator corrected a
   * setting), INVALID_REQUEST where it will not.
   */
  abstract embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>;
  abstract close(): Promise<void>;
}
