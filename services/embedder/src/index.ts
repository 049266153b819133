export type { Embedder } from './embedder.ts';
export { createEmbedder, embedderModule } from './embedder.module.ts';
export { LocalEmbedder } from './local/local-embedder.ts';
export { NatsRequestStrategy } from './transport/nats-request-strategy.ts';
export { EMBEDDER_SETTINGS, openEmbedder } from './open-embedder.ts';
