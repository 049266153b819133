import type { EmbeddingModel, TextRole } from '@opensync/platform';

export interface EmbedOptions {
  /** What the texts are; not set: they are given to the model as they are. */
  readonly role?: TextRole | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How many attempts to make if the model fails; default: the implementation's. */
  readonly attempts?: number | undefined;
  /** Called with the number of tokens that the model has read, if known; also for requests that failed later. */
  readonly onTokens?: ((tokens: number) => void) | undefined;
}

/** Turns text into vectors; also the token under which Nest injects it. Implementations own their queue and their limits. */
export abstract class Embedder {
  abstract readonly model: EmbeddingModel;
  /**
   * One vector of unit length and `model.dimensions` for each text, in order; a text longer than the model's input is
   * read in pieces, never cut off. After `signal` the caller no longer waits. Rejects with AppError: UNAVAILABLE if a
   * retry may help (also after the operator corrected a setting), INVALID_REQUEST if it will not.
   */
  abstract embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>;
  abstract close(): Promise<void>;
}
