/** Messages between LocalEmbedder and its worker thread. */
export interface LocalRequest {
  readonly id: number;
  readonly text: string;
}

export type LocalReply =
  | { readonly id: number; readonly vector: Float32Array; readonly tokens: number }
  | { readonly id: number; readonly error: string };
