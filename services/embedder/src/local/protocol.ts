/** Messages between an embedder on this machine and its worker thread. */
export interface LocalRequest {
  readonly id: number;
  readonly texts: readonly string[];
  /** In front of each piece of them. */
  readonly prefix?: string;
}

export interface LocalResult {
  readonly vector: Float32Array;
  /** Tokens that the model has read for it. */
  readonly tokens: number;
}

export type LocalReply =
  { readonly id: number; readonly results: readonly LocalResult[] } | { readonly id: number; readonly error: string };
