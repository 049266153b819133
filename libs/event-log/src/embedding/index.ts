export { EmbeddingClient, requestsAtOnce } from './client.ts';
export { giveSigns } from './signs-of-life.ts';
export { EMBED_HEADER, encodeFailure, encodeVector } from './wire.ts';
