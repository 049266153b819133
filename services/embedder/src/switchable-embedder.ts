import type { EmbeddingModel } from '@opensync/platform';
import type { Embedder, EmbedOptions } from './embedder.ts';

/** An embedder whose model can be replaced while it is used. */
export class SwitchableEmbedder implements Embedder {
  #current: Embedder;

  constructor(first: Embedder) {
    this.#current = first;
  }

  get model(): EmbeddingModel {
    return this.#current.model;
  }

  embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]> {
    return this.#current.embed(texts, options);
  }

  /** What waits for the former model fails as unavailable, and is asked again of the new one. */
  async replace(next: Embedder): Promise<void> {
    const before = this.#current;
    this.#current = next;
    await before.close();
  }

  close(): Promise<void> {
    return this.#current.close();
  }
}
