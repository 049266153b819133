/** Messages between LocalEmbedder and its worker thread. */
export interface LocalRequest {
  readonly id: number;
  readonly texts: readonly string[];
}

export interface LocalResult {
  readonly vector: Float32Array;
  /** Tokens that the model has read for it. */
  readonly tokens: number;
}

export type LocalReply =
  { readonly id: number; readonly results: readonly LocalResult[] } | { readonly id: number; readonly error: string };
